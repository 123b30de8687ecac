"""Shows that we think, while there is nothing to read yet; and names new DM threads.

Three ways, from the newest to the oldest: an agent session (`agents.sessions.setStatus`, with a
loader and Slack's own stop button), the assistant status (`assistant.threads.setStatus`), a
reaction. What a workspace does not have is not asked for again. It is decoration: nothing waits
for it, and nothing fails with it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.conversation.ports import IsOurs
from bot.conversation.queueing import AT_THE_MODEL, Busy
from bot.conversation.thread import Turn
from bot.errors import LostTurn, SlackError, SlackLimited, SlackRefused
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.telemetry.log import get_logger

log = get_logger("slack")

_SESSION = "agents.sessions.setStatus"
ASSISTANT = "assistant.threads.setStatus"
_REACTION = "reactions.add"
_RENAME = "agents.sessions.rename"
_WAYS = (_SESSION, ASSISTANT, _REACTION)
_AFTER_WORDS = (ASSISTANT, _SESSION, _REACTION)
"""Where the thread was told that its question waits: only the same way takes those words away."""
_EMOJI = "eyes"
_PATIENCE = 0.4
"""A model that answers within this needs no sign that it thinks: it saves a call."""
# What these say of one thread does not hold for the next one.
OF_THIS_THREAD = frozenset(
    {
        "channel_not_found",
        "thread_not_found",
        "invalid_thread_ts",
        "not_in_channel",
        "is_archived",
        "already_reacted",
    }
)


class Status:
    """The signs of life of one workspace's replies."""

    def __init__(self, api: SlackApi, budget: Budget) -> None:
        self.api = api
        self.budget = budget
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, turn: Turn, is_ours: IsOurs) -> "Thinking":
        """The sign for one turn; nothing is shown yet."""
        return Thinking(self, turn, is_ours)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let a call go on beside the reply."""
        task = asyncio.create_task(work, name="status")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End the calls that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Thinking:
    """The sign of one turn."""

    def __init__(self, status: Status, turn: Turn, is_ours: IsOurs) -> None:
        self._status = status
        self._turn = turn
        self._is_ours = is_ours
        self._task: asyncio.Task[None] | None = None
        self._shown_by = ""
        self._told_busy = turn.was_told
        """Whether the thread may show words of ours."""
        self._holds_on = False

    def begin(self, title: str | None) -> None:
        """Show it, unless the answer's first words come sooner. A title is set at once."""
        if self._task is None:
            self._task = self._status.run(self._show(title))

    def hold_on(self) -> None:
        """Say that the model is busy, in the place of the sign; once."""
        if self._task is not None and not self._holds_on:
            self._holds_on = self._told_busy = True
            self._task = self._status.run(self._say(AT_THE_MODEL, self._task))

    def cancel(self) -> None:
        """The first words are there: no sign is needed any more, if none is on its way."""
        if self._task is not None and not self._shown_by:
            self._task.cancel()

    def end(self, *, by_itself: bool, lingers: bool = False) -> None:
        """Take the sign away, where Slack does not do that with the reply itself.

        A stream's end does, and any message ends an assistant status. `lingers`: a stream, which
        shows the sign by itself, has ended otherwise, as by a reader's stop ("Agent sessions").
        And a sign that comes later than the reply would stay.
        """
        self.cancel()
        is_late = bool(self._shown_by) and self._task is not None and not self._task.done()
        if is_late and self._holds_on:
            self._shown_by = ASSISTANT
        ends_alone = self._shown_by == ASSISTANT or (by_itself and self._shown_by == _SESSION)
        if lingers and _SESSION not in self._status.budget.refused:
            self._shown_by = _SESSION
        elif ends_alone and not is_late:
            self._shown_by = ""
        if self._shown_by:
            _ = self._status.run(self._clear())

    def leave(self) -> None:
        """Take the sign away though no word was said: somebody else goes on, or nobody has to."""
        self.cancel()
        if self._told_busy and self._shown_by != _REACTION:
            self._shown_by = ASSISTANT
        if self._shown_by:
            _ = self._status.run(self._clear())

    async def _show(self, title: str | None) -> None:
        if title is None:
            await asyncio.sleep(_PATIENCE)
        for method in _AFTER_WORDS if self._turn.was_told else _WAYS:
            if method in self._status.budget.refused or self._status.budget[method].free <= 0:
                continue
            if not await self._is_allowed():
                return
            if await self._try(method, self._arguments(method, title)):
                if title is not None and method == ASSISTANT:
                    await self._rename(title)
                return

    async def _rename(self, title: str) -> None:
        """Give the title to a session that the assistant's status has begun ("Agent sessions")."""
        budget = self._status.budget
        if budget.refused & {_SESSION, _RENAME} or budget[_RENAME].free <= 0:
            return
        budget[_RENAME].take()
        key = self._turn.key
        try:
            await self._status.api.write(
                _RENAME, channel_id=key.channel_id, thread_ts=key.thread_ts, title=title
            )
        except SlackRefused as refusal:
            if refusal.code not in OF_THIS_THREAD:
                budget.refused.add(_RENAME)
        except SlackError as error:
            log.debug("a thread got no name", reason=str(error))

    async def _say(self, busy: Busy, sign: asyncio.Task[None]) -> None:
        """Show words; how the sign beneath them ends is its own affair."""
        await asyncio.wait({sign})
        budget, sign_is_by = self._status.budget, self._shown_by
        has_room = ASSISTANT not in budget.refused and budget[ASSISTANT].free > 0
        if has_room and await self._is_allowed():
            await self._try(ASSISTANT, {**self._arguments(ASSISTANT, None), **words(busy)})
            self._shown_by = sign_is_by or self._shown_by

    async def _is_allowed(self) -> bool:
        """Whether the turn is ours; where nobody can tell, no sign is the better choice."""
        try:
            return await self._is_ours()
        except LostTurn:
            return False

    async def _try(self, method: str, arguments: dict[str, Any]) -> bool:
        budget = self._status.budget
        budget[method].take()
        self._shown_by = method
        try:
            await self._status.api.write(method, **arguments)
            return True
        except SlackLimited as limit:
            budget.limited(method, limit.retry_after)
        except SlackRefused as refusal:
            if refusal.code not in OF_THIS_THREAD:
                budget.refused.add(method)
        except SlackError:
            return True  # it may be there; asking in another way might show two
        self._shown_by = ""
        return False

    def _arguments(self, method: str, title: str | None) -> dict[str, Any]:
        key = self._turn.key
        if method == _REACTION:
            newest = self._turn.questions[-1].ts if self._turn.questions else key.thread_ts
            return {"channel": key.channel_id, "timestamp": newest, "name": _EMOJI}
        place = {"channel_id": key.channel_id, "thread_ts": key.thread_ts}
        if method == ASSISTANT:
            return {**place, "status": "is thinking…"}
        if title is None:
            return {**place, "status": "processing"}
        asker = self._turn.asker.author_id
        return {**place, "status": "processing", "title": title, "initiator_user_id": asker}

    async def _clear(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})
        method, self._shown_by = self._shown_by, ""
        if not method or not await self._is_allowed():
            return
        arguments = self._arguments(method, None)
        if method == _REACTION:
            method = "reactions.remove"
        else:
            arguments["status"] = "" if method == ASSISTANT else "active"
        try:
            await self._status.api.write(method, **arguments)
        except SlackError:
            return  # the loader ends on its own within the hour


def words(busy: Busy) -> dict[str, Any]:
    """What makes Slack show it, in clients of either kind: behind the app's name, or alone."""
    return {"status": busy.status, "loading_messages": [busy.sentence]}
