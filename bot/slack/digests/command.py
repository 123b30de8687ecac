"""`/digest`: orders in words, the form, the list."""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.conversation.context import zone_of as zone_known
from bot.conversation.digests.digest import Digests, plan_of
from bot.conversation.digests.words import EXAMPLE, read_order
from bot.errors import NotForYou, SlackError, UnclearRequest
from bot.slack.digests.form import FormMemory, empty_plan
from bot.slack.digests.forms import NO_ANSWER, DigestForms
from bot.slack.digests.listing import CANCEL, CHANGE, SAVE, listed, order_value, proposed
from bot.slack.digests.room import SlackDigestRoom
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations
from bot.telemetry.log import get_logger

log = get_logger("digests")

COMMAND = "/digest"
HELP = f"""\
*Have channels summed up by the clock*, for you or for a channel.
• `/digest` opens a form, with a preview.
• {EXAMPLE} is the same in words.
• `/digest list` shows your digests: pause, resume, run now, edit, delete.

In words, say which channels (this one if you name none), which days (`every day`, `every weekday`, `mon-thu`, `every monday and friday`), and if you like a time, a time zone, `about …`, `in German`, `short` or `detailed`, `of the last week`, `even if quiet`. It comes to you in a direct message; `here` or `to #channel` has it posted there."""
NO_FORM = "Slack did not let me open the form. Please try once more."
CANCELLED = "Nothing was saved."
_MOST_VALUE = 2_000
"""Characters of a button's value ("Button element")."""
TOO_LONG = "That is too much to say in one line: please use the form, `/digest`."


class DigestCommand:
    """The command, and the buttons beneath an order in words. A `Feature`."""

    def __init__(self, installations: Installations, digests: Digests, forms: DigestForms) -> None:
        self._installations = installations
        self._digests = digests
        self._forms = forms

    def register(self, app: AsyncApp) -> None:
        """Add the command and the buttons."""
        app.command(COMMAND)(self._commanded)
        app.action(SAVE)(self._accepted)
        app.action(CHANGE)(self._change_wanted)
        app.action(CANCEL)(self._cancelled)

    async def _commanded(self, ack: AsyncAck, command: Payload, context: AsyncBoltContext) -> None:
        here = await self._installations.of(context.team_id or "")
        user_id, channel_id = str(command["user_id"]), str(command["channel_id"])
        words = str(command.get("text") or "").strip()
        match words.lower():
            case "help" | "?":
                await ack(HELP)
            case "list" | "pause" | "resume" | "edit" | "run" | "run now" | "delete" | "stop":
                mine = await self._digests.owned_by(here.identity.team_id, user_id)
                await ack(text="Your digests", blocks=listed(mine, now=self._forms.clock()))
            case "" | "new":
                await ack(**await self._form(here, command))
            case _:
                await ack(**await self._proposal(here, user_id, channel_id, words))

    async def _form(self, here: Installation, command: Payload) -> Mapping[str, Any]:
        channel_id = str(command["channel_id"])
        plan = empty_plan(channel_id, await zone_of(here, str(command["user_id"])))
        memory = FormMemory(channel_id=channel_id)
        opened = await self._forms.open(here, str(command["trigger_id"]), plan, memory)
        return {} if opened else {"text": NO_FORM}

    async def _proposal(
        self, here: Installation, user_id: str, channel_id: str, words: str
    ) -> Mapping[str, Any]:
        """What is answered to an order in words: what it comes to, or why it can't be."""
        try:
            zone = await zone_of(here, user_id)
            plan = read_order(words, zone=zone, channel_id=channel_id)
            await SlackDigestRoom(here).admit_all(user_id, plan)
        except (UnclearRequest, NotForYou) as error:
            return {"text": str(error)}
        except SlackError as error:
            log.info("digest not proposed", reason=str(error))
            return {"text": NO_ANSWER}
        if len(order_value(plan)) > _MOST_VALUE:
            return {"text": TOO_LONG}
        return {"text": "A digest", "blocks": proposed(plan, now=self._forms.clock())}

    async def _accepted(
        self,
        ack: AsyncAck,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        plan, user_id = plan_of(json.loads(action["value"])), str(body["user"]["id"])
        try:
            await SlackDigestRoom(here).admit_all(user_id, plan)
            sentence = await self._forms.save(here, user_id, plan)
        except NotForYou as refusal:
            sentence = str(refusal)
        except SlackError as error:
            log.info("digest not saved", reason=str(error))
            sentence = NO_ANSWER
        await ack()
        await respond(sentence, response_type="ephemeral", replace_original=True)

    async def _change_wanted(
        self,
        ack: AsyncAck,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        memory = FormMemory(channel_id=str((body.get("channel") or {}).get("id") or ""))
        plan = plan_of(json.loads(action["value"]))
        opened = await self._forms.open(here, str(body["trigger_id"]), plan, memory)
        await ack()
        if opened:
            await respond(delete_original=True)
        else:
            await respond(NO_FORM, response_type="ephemeral", replace_original=False)

    async def _cancelled(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(CANCELLED, response_type="ephemeral", replace_original=True)


async def zone_of(here: Installation, user_id: str) -> str:
    """The time zone a person has set in Slack; UTC where it is none we know."""
    return zone_known((await here.directory.person(user_id)).time_zone).key
