"""Puts digests together: where they are made, which errands there are, what people can click."""

from collections.abc import Callable, Sequence

from bot.config import Settings
from bot.conversation.digests.digest import Digests
from bot.conversation.digests.errand import DIGEST, DigestDesk, DigestErrands
from bot.conversation.digests.extras import DETAIL, PREVIEW, DetailErrands, PreviewErrands
from bot.conversation.digests.maker import DigestMaker
from bot.conversation.errands import Errands, Handler
from bot.conversation.ports import Model
from bot.conversation.summaries.summarizer import Summarizer
from bot.slack.digests.buttons import DigestButtons
from bot.slack.digests.command import DigestCommand
from bot.slack.digests.forms import DigestForms
from bot.slack.digests.room import SlackDigestRoom
from bot.slack.home_tab import HomeTab
from bot.slack.installations import Installations
from bot.slack.listeners import Feature
from bot.slack.summaries.channel_reader import Recollections, SlackChannelReader


class TeamDigestDesks:
    """Implements `conversation.digest_errand.DigestDesks`."""

    def __init__(
        self,
        settings: Settings,
        installations: Installations,
        model: Model,
        recollections: Recollections,
    ) -> None:
        self._settings = settings
        self._installations = installations
        self._model = model
        self._recollections = recollections

    async def digests_of(self, team_id: str) -> DigestDesk:
        """Where the digests of that workspace are made. Raises NotInstalled."""
        here = await self._installations.of(team_id)
        reader = SlackChannelReader(
            here.api, here.identity, here.directory, here.budget, self._recollections
        )
        summarizer = Summarizer(
            self._model,
            reader,
            model_name=self._settings.model,
            workspace=here.identity.team_id,
        )
        return DigestDesk(
            team_id=here.identity.team_id,
            room=SlackDigestRoom(here),
            maker=DigestMaker(summarizer, reader, tokens=self._settings.digest_tokens),
        )


def digest_handlers(
    desks: TeamDigestDesks, digests: Digests, errands: Errands
) -> dict[str, Handler]:
    """Who does the errands of digests, by their kind."""
    return {
        DIGEST: DigestErrands(desks, digests, errands),
        PREVIEW: PreviewErrands(desks),
        DETAIL: DetailErrands(desks, digests),
    }


def digest_features(
    installations: Installations, digests: Digests, errands: Errands, *, wake: Callable[[], None]
) -> Sequence[Feature]:
    """Everything people can do with digests in Slack."""
    home = HomeTab(installations, digests)
    forms = DigestForms(installations, digests, errands, home, wake=wake)
    return (
        forms,
        DigestCommand(installations, digests, forms),
        DigestButtons(installations, digests, errands, forms, home, wake=wake),
        home,
    )
