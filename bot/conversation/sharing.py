"""What all processes have in common: Slack's limits in a workspace, the account's limits at the model.

Each process says once a second what it has of it, and hears what the others have. Both happen in
one step, one process after the other, so what one takes none of the others believes to be free.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bot.errors import DatabaseUnreachable

TOLD_SECONDS = 60.0
"""So long a process is believed that is no longer heard of: limits are for a minute."""
_PERIOD_SECONDS = 1.0
_FRESH_SECONDS = 1.5
_PATIENCE_SECONDS = 2.0


class Common(NamedTuple):
    """What is shared: a name, in a workspace or (with an empty team) in all of them."""

    team_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What another process has said that it has."""

    stake: Mapping[str, Any]
    age: float
    """Seconds since it said so."""


Settle = Callable[[Sequence[Told]], Mapping[str, Any]]
"""Takes in what the others have; returns what we have then, as JSON. Empty: we have nothing."""


class Sharer(Protocol):
    """One process's part in something that is shared."""

    @property
    def common(self) -> Common:
        """What it is a part of."""
        ...

    def settle(self, others: Sequence[Told]) -> Mapping[str, Any]:
        """Take in what the others have; returns what we have then. Never waits."""
        ...


class Commons(Protocol):
    """Where the processes tell each other."""

    async def exchange(self, settles: Mapping[Common, Settle]) -> None:
        """Settle each of these, with nobody else at it meanwhile. Raises DatabaseUnreachable."""
        ...


CatchUp = Callable[[Sharer], Awaitable[None]]
"""Has a sharer settle before it begins, unless it has just now. Never raises, never waits long."""


async def nobody_else(_sharer: Sharer) -> None:
    """The `CatchUp` of a process that is the only one."""


class Sharing:
    """Has the sharers of this process settle: once a second, as long as they have a stake."""

    def __init__(
        self,
        commons: Commons,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_failure: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._commons = commons
        self._clock = clock
        self._on_failure = on_failure
        self._sharers: dict[Common, Sharer] = {}
        self._settled_at: dict[Common, float] = {}
        self._round: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Settle once a second, until cancelled. While nobody can be heard, all stays as it was."""
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            await self._settle_now()

    async def catch_up(self, sharer: Sharer) -> None:
        """Implements `CatchUp`; many at once cost one exchange."""
        self._sharers[sharer.common] = sharer
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for _ in range(2):  # a round that is under way has begun without it
                    if self._is_fresh(sharer.common):
                        return
                    await self._settle_now()

    def _is_fresh(self, common: Common) -> bool:
        settled_at = self._settled_at.get(common)
        return settled_at is not None and self._clock() - settled_at < _FRESH_SECONDS

    async def _settle_now(self) -> None:
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._settle(), name="sharing")
        await asyncio.shield(self._round)

    async def _settle(self) -> None:
        settles = {common: self._settling(sharer) for common, sharer in self._sharers.items()}
        if not settles:
            return
        try:
            await self._commons.exchange(settles)
        except DatabaseUnreachable as error:
            self._on_failure(error)

    def _settling(self, sharer: Sharer) -> Settle:
        def settle(others: Sequence[Told]) -> Mapping[str, Any]:
            stake = sharer.settle(others)
            self._settled_at[sharer.common] = self._clock()
            if not stake:
                del self._settled_at[sharer.common]
                self._sharers.pop(sharer.common, None)
            return stake

        return settle
