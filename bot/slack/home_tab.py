"""App Home: what the bot can do, a person's digests, and where its settings are."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.conversation.digests.digest import Digest, Digests
from bot.errors import SlackError, SlackRefused
from bot.slack.digests.listing import NEW, button, listed, plain, section, small
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations
from bot.slack.summaries.command import FORM_BUTTON
from bot.telemetry.log import get_logger

log = get_logger("slack")

GREETING = "Hello! I am {name}. I answer where you already talk."
WHAT_I_DO = """\
• *Ask me* by mentioning me in a channel, or in a direct message. I read the whole thread, and the pictures and files in it.
• *Catch up:* I sum up channels and threads, with links to every message I rest on. In a thread, take *Summarize thread* from a message's menu.
• *Digests* tell you by the clock what happened in your channels."""
SETTINGS_HINT = "How I answer in a channel can be set there, with `/threadwise settings`."


class HomeTab:
    """Shows the tab when somebody opens it, and anew when something changed. A `Feature`."""

    def __init__(
        self,
        installations: Installations,
        digests: Digests,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._installations = installations
        self._digests = digests
        self._clock = clock

    def register(self, app: AsyncApp) -> None:
        """Add the event; the messages tab's prompts stay with slack/home.py."""
        app.event("app_home_opened", matchers=[_is_home])(self._opened)

    async def _opened(self, event: Payload, context: AsyncBoltContext) -> None:
        here = await self._installations.of(context.team_id or "")
        known = str((event.get("view") or {}).get("hash") or "")
        await self.publish(here, str(event["user"]), hash_=known)

    async def publish(
        self, here: Installation, user_id: str, *, said: str = "", hash_: str = ""
    ) -> None:
        """Show a person's tab as it is now; never raises SlackError.

        With the `hash_` of the view that they see, a newer one is not overwritten by accident; if
        there is a newer one, it is: what we show now is newest of all ("views.publish").
        """
        digests = await self._digests.owned_by(here.identity.team_id, user_id)
        view = home(here.identity.name, digests, now=self._clock(), said=said)
        try:
            try:
                known = {"hash": hash_} if hash_ else {}
                await here.api.write("views.publish", user_id=user_id, view=view, **known)
            except SlackRefused as refusal:
                if refusal.code != "hash_conflict":
                    raise
                await here.api.write("views.publish", user_id=user_id, view=view)
        except SlackError as error:
            log.warning("no home tab", reason=str(error))


async def _is_home(event: Payload) -> bool:
    return event.get("tab") == "home"


def home(name: str, digests: Sequence[Digest], *, now: datetime, said: str = "") -> dict[str, Any]:
    """The tab ("App Home")."""
    buttons = [
        button("Summarize…", FORM_BUTTON, "summarize", style="primary"),
        button("New digest…", NEW, "new"),
    ]
    return {
        "type": "home",
        "blocks": [
            section(f"*{GREETING.format(name=name)}*"),
            section(WHAT_I_DO),
            {"type": "actions", "elements": buttons},
            {"type": "divider"},
            {"type": "header", "text": plain("Your digests")},
            *listed(digests, now=now, said=said, offers_new=False),
            {"type": "divider"},
            small(SETTINGS_HINT),
        ],
    }
