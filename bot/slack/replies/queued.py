"""What a thread shows while its question waits in line: words where Slack shows that we think.

Only the assistant's status takes words of ours; an agent session has none ("Agent sessions"). It
ends with the reply's first message, and by itself in two minutes.
"""

from typing import Any

from bot.conversation.queueing import Busy
from bot.conversation.thread import ThreadKey
from bot.errors import SlackError, SlackLimited, SlackRefused
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.replies.status import ASSISTANT, OF_THIS_THREAD, words
from bot.telemetry.log import get_logger

log = get_logger("slack")

_FOR_REPLIES = 0.25
"""This part of the calls that are ours to make is left to the replies that are being written."""


class QueueSigns:
    """Implements `conversation.queueing.Signs` in one workspace."""

    def __init__(self, api: SlackApi, budget: Budget) -> None:
        self._api = api
        self._budget = budget

    async def has_room(self) -> bool:
        """Whether Slack would take another sign now, and those of running replies as well."""
        if ASSISTANT in self._budget.refused:
            return False
        await self._budget.catch_up()
        minute = self._budget[ASSISTANT]
        return minute.free > minute.ours * _FOR_REPLIES

    async def show(self, key: ThreadKey, busy: Busy) -> None:
        """Say it, until the reply begins."""
        await self._set(key, **words(busy))

    async def take_away(self, key: ThreadKey) -> None:
        """Say nothing any more: no reply comes."""
        if self._budget[ASSISTANT].free > 0:  # what stays goes in two minutes
            await self._set(key, status="")

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
