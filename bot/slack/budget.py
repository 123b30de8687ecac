"""How often Slack lets us speak: one budget for each workspace and method, shared by all replies.

Slack counts calls a minute, for each method and workspace, over everything an app does there
("Rate limits": Tier 2 is 20, Tier 3 is 50, Tier 4 is 100). Three promises follow from that:

* We never call when the minute is used up, so there is no storm of 429s. The documented figures
  are floors ("20+"): streams may be started beyond them until Slack says 429 for the first time,
  and for ten minutes after that they are kept to the letter.
* What ends a reply is set aside when the reply begins, so every reply ends complete.
* What is left is shared by the replies that are growing: the more there are, the slower each.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_MINUTE = 60.0
# A little below Slack's figures: its clock is not ours, and calls overtake each other on the way.
_CALLS_A_MINUTE = {
    "chat.startStream": 19,
    "chat.stopStream": 20,  # what has been started must be ended, be it to the last call
    "chat.appendStream": 95,
    "chat.update": 47,
    "agents.sessions.setStatus": 40,
    "assistant.threads.setStatus": 40,
    "reactions.add": 40,
}
_OTHER = 45
_POST_PAUSE = 1.05
"""Between two chat.postMessage in one channel ("Rate limits", special tier: one a second)."""
_POST_BURST = 2
_PROBES = 3
_GENEROUS = frozenset({"chat.startStream", "chat.stopStream"})
_BINDING_SECONDS = 600.0


class Minute:
    """The calls of one method in any sixty seconds."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.reserved = 0
        """Calls set aside for the ends of replies that are being written."""
        self._clock = clock
        self._calls: deque[float] = deque()
        self._blocked_until = 0.0
        self.binding_until = math.inf
        """Until when the documented figure is kept to the letter."""

    @property
    def used(self) -> int:
        """How many calls the last sixty seconds have seen."""
        oldest = self._clock() - _MINUTE
        while self._calls and self._calls[0] <= oldest:
            self._calls.popleft()
        return len(self._calls)

    @property
    def free(self) -> int:
        """How many calls may be made now, without touching what is set aside."""
        if self.blocked_for:
            return 0
        if self._clock() >= self.binding_until:
            return self.limit
        return self.limit - self.used - self.reserved

    def take(self) -> None:
        """Count a call that is made now."""
        self._calls.append(self._clock())

    def block(self, seconds: float) -> None:
        """Slack said 429: nothing for so long."""
        self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    @property
    def blocked_for(self) -> float:
        """Seconds that Slack has asked us to wait, as far as they are not over."""
        return max(0.0, self._blocked_until - self._clock())

    def wait(self) -> float:
        """Seconds until a call that may use what is set aside can be made; 0 for now."""
        if self.used < self.limit:
            return self.blocked_for
        return max(self.blocked_for, self._calls[self.used - self.limit] + _MINUTE - self._clock())


class Budget:
    """The budgets of one workspace."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._methods: dict[str, Minute] = {}
        self._posts: dict[str, deque[float]] = {}
        self.refused: set[str] = set()
        """Methods that this workspace does not have: they are not tried again."""
        self.live_streams = 0
        self._probes = asyncio.Semaphore(_PROBES)

    def __getitem__(self, method: str) -> Minute:
        minute = self._methods.get(method)
        if minute is None:
            limit = _CALLS_A_MINUTE.get(method, _OTHER)
            minute = self._methods[method] = Minute(limit, self._clock)
            if method in _GENEROUS:
                minute.binding_until = 0.0
        return minute

    def left(self) -> dict[str, int]:
        """How many calls are left in this minute, of each method that was called."""
        return {method: minute.free for method, minute in self._methods.items()}

    def limited(self, method: str, seconds: float) -> None:
        """Slack said 429: nothing of this method for so long, and all figures bind for a while."""
        self[method].block(seconds)
        for generous in _GENEROUS:
            self[generous].binding_until = self._clock() + _BINDING_SECONDS

    def next_post(self, channel: str) -> float:
        """Book a message in a channel; returns how many seconds it has to wait."""
        now = self._clock()
        posts = self._posts.setdefault(channel, deque(maxlen=_POST_BURST))
        at = now if len(posts) < _POST_BURST else max(now, posts[0] + _POST_PAUSE * _POST_BURST)
        posts.append(at)
        if len(self._posts) > 10_000:
            self._posts = {key: value for key, value in self._posts.items() if value[-1] > now - 60}
        return at - now

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[bool]:
        """Whether a stream may be started inside this block.

        Beyond the documented figure only a few are tried at a time: when Slack's real limit is
        reached, no more than those hear a 429.
        """
        minute = self["chat.startStream"]
        if not self.can_stream or minute.used < minute.limit:
            yield self.can_stream
            return
        async with self._probes:
            yield self.can_stream

    @property
    def can_stream(self) -> bool:
        """Whether another stream can be started and will also be stopped in time."""
        return (
            "chat.startStream" not in self.refused
            and self["chat.startStream"].free > 0
            and self["chat.stopStream"].free > 0
        )

    @property
    def can_edit(self) -> bool:
        """Whether another message can be posted early and will also get its last edit."""
        return self["chat.update"].free > 0

    @property
    def may_append(self) -> bool:
        """Whether a stream may grow now."""
        return self["chat.appendStream"].free > 0

    @property
    def may_edit_in_between(self) -> bool:
        """Whether an edit before the last may be made: most of the budget is for last ones."""
        minute = self["chat.update"]
        # Where streams run short, edits have to end many more replies than they otherwise would.
        share = 0.45 if "chat.startStream" in self.refused or self.can_stream else 0.2
        return minute.free > minute.limit * (1 - share)


def append_pause(appends: int, budget: Budget) -> float:
    """Seconds until a stream grows again, after so many appends.

    Quick at first, when every word counts, then steady; slower when many streams share the minute.
    """
    steady = (0.15, 0.6, 0.9)[appends] if appends < 3 else 1.5
    minute = budget["chat.appendStream"]
    if minute.free > minute.limit // 2 and budget.live_streams < 4:
        return steady
    return max(steady, budget.live_streams * _MINUTE / minute.limit)


def edit_pause(edits: int) -> float:
    """Seconds until a posted message is edited again (Slack asks for about three)."""
    return (1.0, 1.5, 2.0)[edits] if edits < 3 else 3.0
