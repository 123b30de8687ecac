"""`/summarize`, its shortcuts, its form and the buttons beneath a summary: each becomes an errand."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.conversation.context import zone_of
from bot.conversation.errands import Errands
from bot.conversation.summaries.errand import KIND
from bot.conversation.summaries.orders import Address, Deed, SummaryOrder, request_of
from bot.conversation.summaries.request import HELP_WORDS, Length, SummaryRequest, read_request
from bot.conversation.summaries.timespans import EXAMPLES, read_since
from bot.errors import SlackError, UnclearRequest
from bot.slack.api import SlackApi
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations
from bot.slack.summaries.blocks import AGAIN, DETAIL, DOCUMENT, LANGUAGE, SHARE, SHORTER
from bot.slack.summaries.form import CALLBACK, CHOOSE_CHANNEL, filled, form
from bot.slack.timely import PATIENCE_SECONDS
from bot.telemetry.log import get_logger

log = get_logger("slack")

COMMAND = "/summarize"
THREAD_SHORTCUT = "summarize_thread"
FORM_SHORTCUT = CALLBACK
FORM_BUTTON = "summarize_open"
"""The action id of a button, wherever it stands, that opens the form."""
_CLICK_SECONDS = 10
HEARD = "⏳ I'm reading. Only you will see the summary."
_USAGE = """\
*Sum up what was said*, for you alone; then you can share it.
`/summarize` this channel since you last asked, or the last 24 hours
`/summarize #channel since monday until friday focus incidents in German short`
`/summarize <link to a message>` that thread

Slack has no slash commands in threads: there, take *Summarize thread* from a message's menu, or say “@me summarize this thread”.

*Times I understand*, by your own clock:
"""
HELP = _USAGE + "\n".join(f"• {expression}: {meaning}" for expression, meaning in EXAMPLES)


class Summarize:
    """The listeners. A `Feature`."""

    def __init__(
        self, installations: Installations, errands: Errands, *, wake: Callable[[], None]
    ) -> None:
        self._installations = installations
        self._errands = errands
        self._wake = wake

    def register(self, app: AsyncApp) -> None:
        """Add the command, the shortcuts, the form and the buttons."""
        app.command(COMMAND)(self._commanded)
        app.shortcut({"type": "message_action", "callback_id": THREAD_SHORTCUT})(self._thread)
        app.shortcut({"type": "shortcut", "callback_id": FORM_SHORTCUT})(self._form_wanted)
        app.action(FORM_BUTTON)(self._form_wanted)
        app.view(CALLBACK)(self._form_filled)
        for action in (SHARE, SHORTER, DETAIL, LANGUAGE, DOCUMENT):
            app.action(action)(self._clicked)
        app.action(AGAIN)(self._once_more)

    async def _commanded(self, ack: AsyncAck, command: Payload, context: AsyncBoltContext) -> None:
        text = str(command.get("text") or "").strip()
        if text.lower() in HELP_WORDS:
            await ack(HELP)
            return
        try:
            request = read_request(text)
        except UnclearRequest as error:
            await ack(str(error))
            return
        address = Address(
            user_id=str(command["user_id"]),
            channel_id=str(command["channel_id"]),
            response_url=str(command.get("response_url") or ""),
        )
        await self._add(
            SummaryOrder(address=address, request=request), str(command["trigger_id"]), context
        )
        await ack(HEARD)

    async def _thread(self, ack: AsyncAck, shortcut: Payload, context: AsyncBoltContext) -> None:
        message, channel_id = shortcut["message"], str(shortcut["channel"]["id"])
        thread_ts = str(message.get("thread_ts") or message["ts"])
        address = Address(
            user_id=str(shortcut["user"]["id"]),
            channel_id=channel_id,
            thread_ts=thread_ts if message.get("thread_ts") else "",
            response_url=str(shortcut.get("response_url") or ""),
        )
        request = SummaryRequest(channel_id=channel_id, thread_ts=thread_ts)
        await self._add(
            SummaryOrder(address=address, request=request), str(shortcut["trigger_id"]), context
        )
        await ack()

    async def _form_wanted(self, ack: AsyncAck, body: Payload, context: AsyncBoltContext) -> None:
        here = await self._installations.of(context.team_id or "")
        await ack()
        await open_form(here.api, str(body["trigger_id"]))

    async def _form_filled(
        self, ack: AsyncAck, view: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        request = filled(view["state"]["values"])
        now = await _now_of(here, str(body["user"]["id"]))
        if errors := _errors(request, now):
            await ack(response_action="errors", errors=errors)
            return
        order = SummaryOrder(address=Address(user_id=str(body["user"]["id"])), request=request)
        await self._add(order, str(view["id"]), context)
        await ack()

    async def _clicked(
        self, ack: AsyncAck, action: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        """A button beneath a summary: its value says of which one, and how it is wanted."""
        deed = {SHARE: Deed.SHARE, DOCUMENT: Deed.DOCUMENT}.get(action["action_id"], Deed.REMAKE)
        value = str(action.get("value") or (action.get("selected_option") or {}).get("value"))
        number, length, language = [*value.split(":"), "", ""][:3]
        # A new version takes the old one's place; "Shared" stands below it.
        address = _address(body, replaces=deed is Deed.REMAKE)
        request = SummaryRequest(length=Length(length or Length.NORMAL), language=language)
        order = SummaryOrder(deed=deed, address=address, request=request, summary_id=int(number))
        # Two clicks in a row would be done at the same time, and none see what the other does.
        key = f"{deed.value} {value} {int(time.time() / _CLICK_SECONDS)}"
        await self._add(order, key, context)
        await ack()

    async def _once_more(
        self, ack: AsyncAck, action: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        """The button beneath a failure: its value is what was asked for."""
        given = json.loads(action["value"])
        order = SummaryOrder(
            address=_address(body, replaces=True),
            request=request_of(given["request"]),
            joins=bool(given["joins"]),
        )
        await self._add(order, str(body["trigger_id"]), context)
        await ack()

    async def _add(self, order: SummaryOrder, key: str, context: AsyncBoltContext) -> None:
        """Keep the errand, once however often Slack delivers, and have it looked for."""
        here = await self._installations.of(context.team_id or "")
        team_id = here.identity.team_id
        await self._errands.add(
            team_id=team_id, kind=KIND, payload=order.as_json(), key=f"{KIND} {team_id} {key}"
        )
        self._wake()
        log.info("summary ordered", deed=order.deed.value, channel=order.address.channel_id)


async def open_form(api: SlackApi, trigger_id: str, channel_id: str = "") -> None:
    """Show the form, within three seconds of what the person has done."""
    try:
        await api.write("views.open", trigger_id=trigger_id, view=form(channel_id))
    except SlackError as error:
        log.info("no form", reason=str(error))


async def _now_of(here: Installation, user_id: str) -> datetime:
    """By a person's own clock, if Slack says in time which that is: a form's end has to be acked."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            person = await here.directory.person(user_id)
    except TimeoutError:
        return datetime.now(UTC)
    return datetime.now(zone_of(person.time_zone))


def _errors(request: SummaryRequest, now: datetime) -> dict[str, str]:
    """What is wrong in the form, by block; `now` is by the asker's clock."""
    if not request.channel_id:
        return {"channel": CHOOSE_CHANNEL}
    try:
        if request.since:
            read_since(request.since, now=now)
    except UnclearRequest as error:
        return {"since": str(error).replace("`", "")}
    return {}


def _address(body: Payload, *, replaces: bool) -> Address:
    """Where somebody has clicked. What stands in a message of ours in a DM is rewritten, too."""
    container = body.get("container") or {}
    return Address(
        user_id=str(body["user"]["id"]),
        channel_id=str((body.get("channel") or {}).get("id") or ""),
        thread_ts=str(container.get("thread_ts") or ""),
        response_url=str(body.get("response_url") or ""),
        replaces=replaces,
    )
