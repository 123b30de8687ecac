"""Keeps the admin's rules: who is answered where, and that nobody is refused in silence.

What the event says decides at once: channel and person. Whether somebody is a guest, or comes from
outside, Slack is asked when their turn comes. A person who is refused is told so in one sentence
that only they see, at most once a day in a channel.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.conversation.errands import Errand, Errands, Keep
from bot.conversation.events import Happening, MessageEdited, MessagePosted, Wake
from bot.conversation.queueing import Queued
from bot.conversation.rules import NOT_HERE, NOT_YOU, WHO_KNOWS, Rules, Standing
from bot.conversation.thread import Author, ChannelType, ThreadKey, Turn
from bot.errors import NotInstalled, SlackError, SlackRefused
from bot.slack.forget_me import wants_to_be_forgotten
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations
from bot.slack.once import post_once, whisper
from bot.telemetry import metrics
from bot.telemetry.log import get_logger

log = get_logger("slack")

REFUSAL = "refusal"
"""The kind of errand that tells somebody."""
_DAY, _HOUR = 86_400, 3_600
_ASKING = frozenset({"shortcut", "message_action", "block_actions", "view_submission"})

Take = Callable[[Happening], Awaitable[Wake | None]]


class Doorkeeper:
    """Stands before the intake, and before commands, shortcuts, buttons and forms."""

    def __init__(
        self,
        rules: Rules,
        installations: Installations,
        errands: Errands,
        *,
        wake: Callable[[], None],
    ) -> None:
        """`wake` lets whoever does errands in this process look at once."""
        self._rules = rules
        self._installations = installations
        self._errands = errands
        self._wake = wake

    def guard(self, take: Take) -> Take:
        """The intake behind the rules: who is refused is listened to at most."""

        async def guarded(happening: Happening) -> Wake | None:
            message = happening.message if isinstance(happening, MessageEdited) else happening
            if not isinstance(message, MessagePosted):
                return await take(happening)
            words = self._words(message)
            if not words:
                return await take(happening)
            if message.mentions_us or message.channel_type is ChannelType.DM:
                await self.tell(message.key, message.author_id, words, ts=message.ts)
            if words == NOT_HERE:
                return None
            unasked = replace(message, mentions_us=False, may_ask=False)
            if isinstance(happening, MessageEdited):
                return await take(replace(happening, message=unasked))
            return await take(unasked)

        return guarded

    def register(self, app: AsyncApp) -> None:
        """Who uses a command, a shortcut, a button or a form is somebody as well."""
        app.use(self._before)

    async def refused(self, turn: Turn) -> bool:
        """Whether nobody who asks in this turn may be answered; they are told why."""
        here = await self._installations.of(turn.key.team_id)
        refusals: dict[str, tuple[str, str]] = {}
        for question in turn.questions:
            if question.author is Author.BOT:
                return False
            words = await self._refusal(
                here, turn.key.channel_id, question.author_id, question.team_id
            )
            if not words:
                return False
            refusals[question.author_id] = (words, question.ts)
        for user_id, (words, ts) in refusals.items():
            await self.tell(turn.key, user_id, words, ts=ts)
        return True

    async def admits(self, queued: Queued) -> bool:
        """Whether somebody will be answered when their turn comes; nobody is told."""
        if queued.author is Author.BOT:
            return True
        here = await self._installations.of(queued.key.team_id)
        where, who = queued.key.channel_id, queued.author_id
        return not await self._refusal(here, where, who, queued.author_team)

    async def tell(self, key: ThreadKey, user_id: str, words: str, *, ts: str) -> None:
        """Let a person know, once a day in each channel; `ts` is their message's."""
        metrics.refusals.inc()
        payload = {
            "channel": key.channel_id,
            "thread_ts": key.thread_ts if key.thread_ts != ts else "",
            "user": user_id,
            "words": words,
        }
        period = int(time.time() // (_HOUR if words == WHO_KNOWS else _DAY))
        once = f"{REFUSAL} {key.team_id} {key.channel_id} {user_id} {period}"
        added = await self._errands.add(
            team_id=key.team_id, kind=REFUSAL, payload=payload, key=once
        )
        if added is not None:
            self._wake()

    def _words(self, message: MessagePosted) -> str:
        if self._rules.closes(message.key.channel_id):
            return NOT_HERE
        is_person = message.author is Author.PERSON
        return NOT_YOU if is_person and self._rules.refuses(message.author_id) else ""

    async def _refusal(
        self, here: Installation, channel_id: str, user_id: str, user_team: str
    ) -> str:
        if self._rules.closes(channel_id):
            return NOT_HERE
        if self._rules.refuses(user_id):
            return NOT_YOU
        is_at_home = user_team == here.identity.team_id
        if not self._rules.depends_on_standing(user_id, is_at_home=is_at_home):
            return ""
        standing = await here.directory.standing(user_id)
        if standing is Standing.UNKNOWN:
            log.warning("no answer: Slack did not say who that is", user=user_id)
        return self._rules.refusal(standing)

    async def _before(
        self,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002  Bolt goes by the name
    ) -> BoltResponse:
        if "command" not in body and body.get("type") not in _ASKING:
            return await next()
        if wants_to_be_forgotten(body):
            return await next()  # everybody may have that
        here = await self._installations.of(context.team_id or "")
        user = body.get("user") or {}
        words = await self._refusal(
            here,
            context.channel_id or "",
            context.user_id or "",
            str(user.get("team_id") or context.team_id or ""),
        )
        if not words:
            return await next()
        metrics.refusals.inc()
        if "command" in body:
            return BoltResponse(status=200, body=words)
        if body["type"] == "view_submission":
            return BoltResponse(
                status=200, body={"response_action": "update", "view": _notice(words)}
            )
        if context.response_url:
            await respond(words, response_type="ephemeral", replace_original=False)
        else:
            await _show(here, body, words)
        return BoltResponse(status=200, body="")


async def _show(here: Installation, body: Payload, words: str) -> None:
    """Say it over what was pressed: nothing else shows it in App Home, in a form, or from the menu."""
    is_form = (body.get("view") or {}).get("type") == "modal"
    method = "views.push" if is_form else "views.open"
    try:
        await here.api.write(method, trigger_id=str(body["trigger_id"]), view=_notice(words))
    except SlackError as error:
        log.info("could not tell a person that they are refused", reason=str(error))


def _notice(words: str) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Threadwise"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": words}}],
    }


class Refusals:
    """Tells people. Implements `conversation.errands.Handler`."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Say it where only they see it: in a direct message that is a message like any other."""
        where = errand.payload
        channel, words, thread_ts = where["channel"], where["words"], where["thread_ts"]
        try:
            api = (await self._installations.of(errand.team_id)).api
            if channel.startswith("D"):
                await post_once(api, channel, thread_ts=thread_ts, text=words)
            else:
                thread = {"thread_ts": thread_ts} if thread_ts else {}
                await whisper(api, channel=channel, user=where["user"], text=words, **thread)
        except (SlackRefused, NotInstalled) as error:
            log.info("could not tell a person that they are refused", reason=str(error))

    async def give_up(self, errand: Errand) -> None:
        """The log has it; the person is told with their next try tomorrow."""
