"""How often Slack lets us speak: one budget for each workspace and method, shared by all replies.

Slack counts calls a minute, for each method and workspace, over everything an app does there
("Rate limits": Tier 2 is 20, Tier 3 is 50, Tier 4 is 100). Three promises follow from that:

* We never call when the minute is used up, so there is no storm of 429s. The documented figures
  are floors ("20+"): streams may be started beyond them until Slack says 429 for the first time,
  and for ten minutes after that they are kept to the letter.
* What ends a reply is set aside when the reply begins, so every reply ends complete.
* What is left is shared by the replies that are growing: the more there are, the slower each.

All three hold for all processes together: what they may use of a minute is divided among them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.conversation.sharing import CatchUp, Common, Told, nobody_else
from bot.slack.minute import MINUTE, Minute

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
_SILENT_SECONDS = 5.0
"""A process that has not spoken for so long is taken for dead."""
_NEWCOMER = 1
"""So many replies' share is left to a process that has none yet: it can begin at once."""
_GENEROUS = frozenset({"chat.startStream", "chat.stopStream"})
_BINDING_SECONDS = 600.0


class Budget:
    """The budgets of one workspace. Implements `conversation.sharing.Sharer`."""

    def __init__(
        self, clock: Callable[[], float], *, team_id: str = "", catch_up: CatchUp = nobody_else
    ) -> None:
        """`catch_up` hears of the other processes that work in this workspace."""
        self.common = Common(team_id, "slack")
        self._catch_up = catch_up
        self._clock = clock
        self._methods: dict[str, Minute] = {}
        self._posts: dict[str, deque[float]] = {}
        self.refused: set[str] = set()
        """Methods that this workspace does not have: they are not tried again."""
        self.live_streams = 0
        self._streams_elsewhere = 0
        self._replies = 0
        self._peers = 0
        """Other processes that work in this workspace now."""
        self._probes = asyncio.Semaphore(_PROBES if catch_up is nobody_else else 1)

    def __getitem__(self, method: str) -> Minute:
        minute = self._methods.get(method)
        if minute is None:
            limit = _CALLS_A_MINUTE.get(method, _OTHER)
            minute = self._methods[method] = Minute(limit, self._clock)
            if method in _GENEROUS:
                minute.binding_until = 0.0
        return minute

    def left(self) -> dict[str, int]:
        """How many calls we have left in this minute, by method."""
        return {method: minute.free for method, minute in self._methods.items()}

    def limited(self, method: str, seconds: float) -> None:
        """Slack said 429: nothing of this method for so long, and all figures bind for a while."""
        self[method].block(seconds)
        self._bind(_BINDING_SECONDS)

    def _bind(self, seconds: float) -> None:
        until = self._clock() + seconds
        for generous in _GENEROUS:
            self[generous].binding_until = max(self[generous].binding_until, until)

    @property
    def streams(self) -> int:
        """How many streams grow in this workspace, in all processes."""
        return self.live_streams + self._streams_elsewhere

    async def catch_up(self) -> None:
        """Hear what the other processes have used, unless we have just now."""
        await self._catch_up(self)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """A reply is written inside this block: it has a share of every minute."""
        self._replies += 1
        try:
            await self.catch_up()
            yield
        finally:
            self._replies -= 1

    def settle(self, others: Sequence[Told]) -> Mapping[str, Any]:
        """Divide every minute among the replies of all processes; returns what we claim."""
        self._hear(others)
        theirs = sum(told.stake["replies"] for told in others if told.age < _SILENT_SECONDS)
        claims: dict[str, int] = {}
        for method, minute in self._all_methods().items():
            ours = self._replies or int(minute.is_busy)
            claims[method] = minute.share(
                claimed=sum(_claim(told, method) for told in others),
                spent=sum(told.stake["charges"].get(method, 0) for told in others),
                part=ours / (ours + theirs + _NEWCOMER),
            )
        if not self._replies and not any(claims.values()):
            for minute in self._methods.values():
                minute.have_alone()
            return {}
        return {
            "replies": self._replies,
            "streams": self.live_streams,
            "claims": claims,
            "charges": {method: minute.charge for method, minute in self._methods.items()},
            "blocked": self._blocked(),
            "binding": self._binding(),
        }

    def _hear(self, others: Sequence[Told]) -> None:
        alive = [told.stake for told in others if told.age < _SILENT_SECONDS]
        peers = [stake for stake in alive if stake["replies"]]
        self._peers = len(peers)
        self._streams_elsewhere = sum(stake["streams"] for stake in alive)
        for told in others:
            for method, seconds in told.stake["blocked"].items():
                self[method].block(seconds - told.age)
            if (seconds := told.stake["binding"] - told.age) > 0:
                self._bind(seconds)

    def _all_methods(self) -> Mapping[str, Minute]:
        """Those, too, that we have not called yet: when we do, we must not believe they are free."""
        for method in _CALLS_A_MINUTE:
            _ = self[method]
        return self._methods

    def _blocked(self) -> dict[str, float]:
        return {
            method: round(minute.blocked_for, 1)
            for method, minute in self._methods.items()
            if minute.blocked_for
        }

    def _binding(self) -> float:
        """Seconds for which the figures bind, since Slack has said 429."""
        return max(0.0, round(self["chat.startStream"].binding_until - self._clock(), 1))

    def next_post(self, channel: str) -> float:
        """Book a message in a channel; returns how many seconds it has to wait."""
        now = self._clock()
        posts = self._posts.setdefault(channel, deque(maxlen=_POST_BURST))
        burst = 1 if self._peers else _POST_BURST
        pause = _POST_PAUSE * (1 + self._peers)
        at = now if len(posts) < burst else max(now, posts[-burst] + pause * burst)
        posts.append(at)
        if len(self._posts) > 10_000:
            self._posts = {key: value for key, value in self._posts.items() if value[-1] > now - 60}
        return at - now

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[bool]:
        """Whether a stream may be started inside this block.

        Beyond the documented figure only a few are tried at a time (where there may be several
        processes, one by each, once all have used theirs): when Slack's real limit is reached, no
        more than those hear a 429.
        """
        minute = self["chat.startStream"]
        if not self.can_stream or minute.used < minute.ours:
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
            and not self._is_for_others
        )

    @property
    def _is_for_others(self) -> bool:
        """Whether the streams that the minute has left are other processes' to start.

        To try beyond our share while they have not used theirs would have them hear the 429.
        """
        minute = self["chat.startStream"]
        return minute.used >= minute.ours and minute.left > 0

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
        return minute.free > 0 and minute.left > minute.limit * (1 - share)


def _claim(told: Told, method: str) -> int:
    """What a process may use; of one that has fallen silent, what it has used."""
    stake = told.stake["claims" if told.age < _SILENT_SECONDS else "charges"]
    return int(stake.get(method, 0))


def append_pause(appends: int, budget: Budget) -> float:
    """Seconds until a stream grows again, after so many appends.

    Quick at first, when every word counts, then steady; slower when many streams share the minute.
    """
    steady = (0.15, 0.6, 0.9)[appends] if appends < 3 else 1.5
    minute = budget["chat.appendStream"]
    if minute.left > minute.limit // 2 and budget.streams < 4:
        return steady
    return max(steady, budget.streams * MINUTE / minute.limit)


def edit_pause(edits: int) -> float:
    """Seconds until a posted message is edited again (Slack asks for about three)."""
    return (1.0, 1.5, 2.0)[edits] if edits < 3 else 3.0
