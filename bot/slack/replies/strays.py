"""A reply's messages that Slack has and we do not know of, since its answer to us was lost.

What we post says whose it is (bot/slack/replies/tags.py). A stream can say so only when it ends, since
chat.startStream takes no metadata: until then it is the one message of ours in the thread that is
still being written.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.conversation.thread import Segment, Turn
from bot.errors import SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.history import History
from bot.slack.replies.tags import read_tag

_TRIES = 60
"""So often an unreachable Slack is asked, a second apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A message of ours, as Slack shows it."""

    ts: str
    reply_id: int | None
    number: int | None
    streaming: str | None
    """Slack's `streaming_state`."""
    is_plain: bool
    """Whether it is text only: a file is never a reply's beginning."""


class Strays:
    """Looks for what one reply has lost."""

    def __init__(
        self,
        history: History,
        turn: Turn,
        *,
        known: Callable[[], frozenset[str]],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.may_exist = turn.is_takeover
        """Whether a call may have been done without our knowing."""
        self._history = history
        self._turn = turn
        self._known = known
        self._sleep = sleep

    async def find(self, number: int) -> Segment | None:
        """The reply's message of that number, if Slack has it all the same."""
        self.may_exist = True
        found = await self._unknown()
        for message in found:
            if message.reply_id == self._turn.reply_id and message.number == number:
                return Segment(ts=message.ts, streamed=False)
        for message in found:
            # Where Slack does not say what is being written, the newest has to be it.
            if message.reply_id is None and message.streaming in {None, "in_progress"}:
                return Segment(ts=message.ts, streamed=True)
        return None

    async def late(self) -> Sequence[str]:
        """The ts of messages that came to exist after they had been given up."""
        if not self.may_exist:
            return ()
        return [
            message.ts
            for message in await self._unknown()
            if message.reply_id == self._turn.reply_id
            or (message.reply_id is None and message.streaming == "in_progress")
        ]

    async def _unknown(self) -> list[_Found]:
        """Our messages behind the question that no reply knows of, the newest first."""
        turn = self._turn
        after = turn.asker.ts if turn.questions else turn.key.thread_ts
        for _ in range(_TRIES):
            try:
                raws = await self._history.own_messages(turn.key, after)
            except SlackRefused:
                return []
            except SlackLimited as limit:
                await self._sleep(limit.retry_after)
            except SlackUnreachable:
                await self._sleep(1.0)
            else:
                known = self._known() | turn.other_segments
                unknown = [_found(raw) for raw in raws if raw["ts"] not in known]
                return [message for message in reversed(unknown) if message.is_plain]
        return []


def _found(raw: Mapping[str, Any]) -> _Found:
    reply_id, number = read_tag(raw)
    return _Found(
        ts=str(raw["ts"]),
        reply_id=reply_id,
        number=number,
        streaming=raw.get("streaming_state"),
        is_plain=not raw.get("files") and (reply_id is not None or not raw.get("metadata")),
    )
