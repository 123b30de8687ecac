"""Puts digests together: where they are made, which errands there are, what people can click."""

from collections.abc import Callable, Sequence

from bot.assembly.summaries import TeamSummaryDesks
from bot.conversation.digests.digest import Digests
from bot.conversation.digests.errand import DIGEST, DigestDesk, DigestErrands
from bot.conversation.digests.extras import DETAIL, PREVIEW, DetailErrands, PreviewErrands
from bot.conversation.digests.maker import DigestMaker
from bot.conversation.errands import Errands, Handler
from bot.slack.digests.buttons import DigestButtons
from bot.slack.digests.command import DigestCommand
from bot.slack.digests.forms import DigestForms
from bot.slack.digests.room import SlackDigestRoom
from bot.slack.home_tab import HomeTab
from bot.slack.installations import Installations
from bot.slack.listeners import Feature


class TeamDigestDesks:
    """Implements `conversation.digests.errand.DigestDesks`."""

    def __init__(
        self, installations: Installations, summaries: TeamSummaryDesks, *, tokens: int
    ) -> None:
        """`tokens` is what one edition of a digest may cost."""
        self._installations = installations
        self._summaries = summaries
        self._tokens = tokens

    async def digests_of(self, team_id: str) -> DigestDesk:
        """Where the digests of that workspace are made. Raises NotInstalled."""
        here = await self._installations.of(team_id)
        return DigestDesk(
            team_id=here.identity.team_id,
            room=SlackDigestRoom(here, self._summaries.files),
            maker=DigestMaker(
                self._summaries.summarizer(here), self._summaries.reader(here), tokens=self._tokens
            ),
        )


def digest_handlers(
    desks: TeamDigestDesks, digests: Digests, errands: Errands
) -> dict[str, Handler]:
    """Who does the errands of digests, by their kind."""
    return {
        DIGEST: DigestErrands(desks, digests, errands),
        PREVIEW: PreviewErrands(desks),
        DETAIL: DetailErrands(desks, digests, errands),
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
