"""The calls of one method in any sixty seconds: how many are made, set aside, ours to make."""

import math
from collections import deque
from collections.abc import Callable

MINUTE = 60.0
_RECENTLY = 5.0
_NEWS_SECONDS = 1.0
"""So often we hear what the other processes leave us."""


class Minute:
    """The calls of one method in any sixty seconds.

    Of Slack's limit, `ours` is what this process may use; the rest is for the other processes that
    work in the workspace. They tell each other once a second (bot/conversation/sharing.py).
    """

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.reserved = 0
        """Calls set aside for the ends of replies that are being written."""
        self.elsewhere = 0
        """Calls that are not ours to make: other processes have made them, or may make them."""
        self.wanted = 0
        """Calls that somebody waits to make: without a reply, too, they have their share."""
        self._spent_elsewhere = 0
        self._clock = clock
        self._calls: deque[float] = deque()
        self._blocked_until = 0.0
        self.binding_until = math.inf
        """Until when the documented figure is kept to the letter."""

    @property
    def used(self) -> int:
        """How many calls of ours the last sixty seconds have seen."""
        oldest = self._clock() - MINUTE
        while self._calls and self._calls[0] <= oldest:
            self._calls.popleft()
        return len(self._calls)

    @property
    def ours(self) -> int:
        """How many calls a minute this process may make."""
        return self.limit - self.elsewhere

    @property
    def free(self) -> int:
        """How many calls we may make now, without touching what is set aside."""
        if self.blocked_for:
            return 0
        if self._clock() >= self.binding_until:
            return self.limit
        return self.ours - self.charge

    @property
    def charge(self) -> int:
        """The calls that we have made, and those that we are going to make for sure."""
        return self.used + self.reserved

    @property
    def left(self) -> int:
        """What the minute has left for all processes together, as far as we know."""
        return 0 if self.blocked_for else self.limit - self._spent_elsewhere - self.charge

    @property
    def is_busy(self) -> bool:
        """Whether it was called within the last seconds, or would be."""
        if self.wanted:
            return True
        return bool(self._calls) and self._calls[-1] > self._clock() - _RECENTLY

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
        """Seconds until a call that may use what is set aside can be made; 0 for now.

        Where other processes have the minute, it is a second: then we know more.
        """
        used = self.used
        if used < self.ours:
            return self.blocked_for
        if self.elsewhere:
            return max(self.blocked_for, _NEWS_SECONDS)
        return max(self.blocked_for, self._calls[used - self.limit] + MINUTE - self._clock())

    def share(self, *, claimed: int, spent: int, part: float) -> int:
        """Take `part` of what is free; returns all that we claim from now on.

        `claimed` is what the others may use, `spent` what they have used or are sure to use.
        """
        free = max(0, self.limit - claimed - self.charge)
        claim = self.charge + math.ceil(free * part)
        self.elsewhere = max(0, self.limit - claim)
        self._spent_elsewhere = spent
        return claim

    def have_alone(self) -> None:
        """Forget the others: they are asked again before the next reply."""
        self.elsewhere = self._spent_elsewhere = 0
