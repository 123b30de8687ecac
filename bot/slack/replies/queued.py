"""What a thread shows while its question waits in line: words where Slack shows that we think.

Only the assistant's status takes words of ours; an agent session has none ("Agent sessions"). It
ends with the reply's first message, and by itself in two minutes. An app without that status says
it to the person in words.
"""

from contextlib import suppress
from typing import Any

from bot.conversation.queueing import Busy, Queued
from bot.conversation.thread import ThreadKey
from bot.errors import SlackError, SlackLimited, SlackRefused
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.replies.status import ASSISTANT, OF_THIS_THREAD, words
from bot.telemetry.log import get_logger

log = get_logger("slack")

_WHISPER = "chat.postEphemeral"
_FOR_REPLIES = 0.25
"""This part of the calls that are ours to make is left to the replies that are being written."""


class QueueSigns:
    """Implements `conversation.queueing.Signs` in one workspace."""

    def __init__(self, api: SlackApi, budget: Budget) -> None:
        self._api = api
        self._budget = budget
        self._said: dict[ThreadKey, str] = {}
        """Threads that were told in words, each with the ts of a message that does not go by itself."""

    async def has_room(self) -> bool:
        """Whether Slack would take another sign now, and those of running replies as well."""
        method = _WHISPER if ASSISTANT in self._budget.refused else ASSISTANT
        await self._budget.catch_up()
        minute = self._budget[method]
        return minute.free > minute.ours * _FOR_REPLIES

    async def show(self, queued: Queued, busy: Busy) -> None:
        """Say it, until the reply begins."""
        if ASSISTANT not in self._budget.refused:
            await self._set(queued.key, **words(busy))
        if ASSISTANT in self._budget.refused and queued.key not in self._said:
            await self._say(queued, busy.sentence)

    async def take_away(self, key: ThreadKey) -> None:
        """Say nothing any more: no reply comes."""
        if key in self._said:
            await self.give_way(key)
        elif self._budget[ASSISTANT].free > 0:  # what stays goes in two minutes
            await self._set(key, status="")

    async def give_way(self, key: ThreadKey) -> None:
        """The reply begins."""
        if ts := self._said.pop(key, ""):
            with suppress(SlackError):
                await self._api.write("chat.delete", channel=key.channel_id, ts=ts)

    async def _set(self, key: ThreadKey, **what: Any) -> None:
        self._budget[ASSISTANT].take()
        try:
            await self._api.write(
                ASSISTANT, channel_id=key.channel_id, thread_ts=key.thread_ts, **what
            )
        except SlackError as error:
            log.debug("no sign for a question that waits", reason=str(error))
            if isinstance(error, SlackLimited):
                self._budget.limited(ASSISTANT, error.retry_after)
            elif isinstance(error, SlackRefused) and error.code not in OF_THIS_THREAD:
                self._budget.refused.add(ASSISTANT)

    async def _say(self, queued: Queued, sentence: str) -> None:
        """In a channel to the person alone; in direct messages by a message that is deleted again."""
        key = queued.key
        self._said[key] = ""
        where = {"channel": key.channel_id, "thread_ts": key.thread_ts, "text": sentence}
        try:
            if key.channel_id.startswith("D"):
                self._said[key] = str((await self._api.write("chat.postMessage", **where))["ts"])
                return
            self._budget[_WHISPER].take()
            await self._api.write(_WHISPER, user=queued.author_id, **where)
        except SlackError as error:
            log.debug("no word for a question that waits", reason=str(error))
            if isinstance(error, SlackLimited):
                self._budget.limited(error.method, error.retry_after)
