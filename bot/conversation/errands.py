"""Work that is no answer in a thread: a summary asked for by command, a digest that is due.

An errand is kept before anybody is told that it will be done, and then done at least once: whoever
does it notes what it has done (`kept`), so that a repeat after a crash does nothing twice.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One piece of work, claimed by one worker, the only one that may do it."""

    id: int
    team_id: str
    kind: str
    payload: Mapping[str, Any]
    """What was asked for, as JSON."""
    attempt: int = 1
    """Grows when another worker takes over."""
    setbacks: int = 0
    """How many workers have died over it."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What has been done of it so far, as JSON."""


Keep = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Notes what has been done. Raises LostTurn once another worker has the errand."""


class Handler(Protocol):
    """Does the errands of one kind."""

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Do it, going on from `errand.kept`. Raises LostTurn; any other error ends it."""
        ...

    async def give_up(self, errand: Errand) -> None:
        """It can't be done: tell whoever waits for it, in a sentence."""
        ...


class Errands(Protocol):
    """The errands of all workspaces, as they are kept."""

    async def add(
        self,
        *,
        team_id: str,
        kind: str,
        payload: Mapping[str, Any],
        key: str | None = None,
        due_at: float = 0.0,
    ) -> int | None:
        """Keep a new errand, to be done from `due_at` on (seconds since the epoch).

        Returns its id once it is committed; None where one with this `key` is known already.
        """
        ...

    async def due(self, kinds: Collection[str]) -> Sequence[int]:
        """The errands of these kinds that wait and that no living worker is at.

        The oldest come first, but a workspace's second one behind every other workspace's first.
        """
        ...

    async def claim(self, errand_id: int) -> Errand | None:
        """Take an errand; None where somebody else has it, or it is done."""
        ...

    async def beat(self, errands: Sequence[Errand]) -> frozenset[int]:
        """Say that their worker lives; returns the ids of those that are still its own."""
        ...

    async def keep(self, errand: Errand, kept: Mapping[str, Any]) -> None:
        """Note what has been done of it. Raises LostTurn."""
        ...

    async def finish(self, errand: Errand, *, failure: str = "") -> None:
        """It is done, or has failed for good. Raises LostTurn."""
        ...

    async def release(self, errand: Errand) -> None:
        """Hand it to whoever takes it next."""
        ...

    async def reopen(self, errand: Errand) -> None:
        """Let another one be added under its key."""
        ...
