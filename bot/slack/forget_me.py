"""`/threadwise forget me`: a person has everything deleted that is kept of them, after a second thought.

Whoever the admin's rules refuse may ask for it, too: what they say in others' threads is kept.
"""

from collections.abc import Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.conversation.errands import Errand, Errands, Keep
from bot.conversation.forgetting import FORGET_PERSON, ForgetOne
from bot.conversation.summaries.orders import Address
from bot.errors import SlackError
from bot.slack.channel_form import COMMAND
from bot.slack.inbound import Payload
from bot.slack.installations import Installations
from bot.slack.summaries.blocks import section
from bot.slack.whispers import SlackWhisper
from bot.telemetry.log import get_logger

log = get_logger("slack")

FORGET, STAY = "forget_me", "forget_me_not"
_ORDERS = frozenset({"forget me", "forget"})
SURE = """\
*Shall I forget you?* It can't be taken back. I delete what I keep of you in this workspace:
• what you wrote and showed me, and my answers to it; our direct messages as a whole
• your summaries, your digests (no more of them come) and your ratings
What stands in Slack stays there, and so does what others have said. If you ask me something again, I keep that as before."""
SHORT = "Shall I forget what I keep of you?"
WORKING = "I'm forgetting you. It takes a moment."
DONE = "Done: nothing that I kept of you in this workspace is left."
KEPT = "Nothing was deleted."
FAILED = "I couldn't delete it just now. Please try again, or ask an admin (`bot data purge`)."


class ForgetMe:
    """The command, and the two buttons. A `Feature`."""

    def __init__(
        self, installations: Installations, errands: Errands, *, wake: Callable[[], None]
    ) -> None:
        self._installations = installations
        self._errands = errands
        self._wake = wake

    def register(self, app: AsyncApp) -> None:
        """Add them; the command's other words are somebody else's, so this one comes first."""
        app.command(COMMAND, matchers=[_is_meant])(self._asked)
        app.action(FORGET)(self._confirmed)
        app.action(STAY)(self._declined)

    async def _asked(self, ack: AsyncAck) -> None:
        await ack(SHORT, blocks=_question())

    async def _confirmed(
        self, ack: AsyncAck, respond: AsyncRespond, body: Payload, context: AsyncBoltContext
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        team_id, user_id = here.identity.team_id, str(body["user"]["id"])
        await self._errands.add(
            team_id=team_id,
            kind=FORGET_PERSON,
            payload={"user": user_id, "response_url": str(body.get("response_url") or "")},
            key=f"{FORGET_PERSON} {team_id} {body['trigger_id']}",
        )
        self._wake()
        await ack()
        await respond(WORKING, response_type="ephemeral", replace_original=True)

    async def _declined(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(KEPT, response_type="ephemeral", replace_original=True)


class ForgetPerson:
    """Does it, and says so. Implements `conversation.errands.Handler`."""

    def __init__(self, forget: ForgetOne, installations: Installations) -> None:
        self._forget = forget
        self._installations = installations

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Delete; what is repeated after a crash finds nothing more to delete."""
        messages = await self._forget(errand.team_id, str(errand.payload["user"]))
        log.info("a person is forgotten", messages=messages)
        try:
            await self._say(errand, DONE)
        except SlackError as error:
            log.info("could not tell a person that they are forgotten", reason=str(error))

    async def give_up(self, errand: Errand) -> None:
        """It could not be deleted."""
        await self._say(errand, FAILED)

    async def _say(self, errand: Errand, sentence: str) -> None:
        here = await self._installations.of(errand.team_id)
        address = Address(
            user_id=str(errand.payload["user"]),
            response_url=str(errand.payload["response_url"]),
            replaces=True,
        )
        await SlackWhisper(here.api, address).say(sentence)


def wants_to_be_forgotten(body: Payload) -> bool:
    """Whether a payload is this command, or one of its buttons."""
    if "command" in body:
        words = " ".join(str(body.get("text") or "").lower().split())
        return body["command"] == COMMAND and words in _ORDERS
    return any(action.get("action_id") in {FORGET, STAY} for action in body.get("actions") or ())


async def _is_meant(body: Payload) -> bool:  # Bolt goes by the argument's name
    return wants_to_be_forgotten(body)


def _question() -> list[dict[str, Any]]:
    forget, stay = _button("Forget me", FORGET), _button("Keep it all", STAY)
    return [
        section(SURE),
        {"type": "actions", "elements": [{**forget, "style": "danger"}, stay]},
    ]


def _button(label: str, action_id: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label},
    }
