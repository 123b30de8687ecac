"""Those whose questions wait because there are too many: where they stand, and what they are told.

Slack shows a status behind the app's name ("assistant.threads.setStatus"), so what we say of
ourselves has no subject; a loading message stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.thread import Author, ThreadKey

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Busy:
    """That we are busy, in words."""

    why: str

    @property
    def status(self) -> str:
        """What follows the app's name."""
        return f"is busy right now: {self.why}"

    @property
    def sentence(self) -> str:
        """The same, alone."""
        return f"Busy right now: {self.why}."


def in_line(place: int) -> Busy:
    """A question's turn has not come; the first place is the next one."""
    return Busy(f"you are about {ordinal(place)} in line")


AT_THE_MODEL = Busy("waiting for a turn at the model")
"""The turn has come, but the model takes no more requests for now."""


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    is_teen = number % 100 in {11, 12, 13}
    return f"{number:,}{'th' if is_teen else _ENDINGS.get(number % 10, 'th')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A conversation whose first question nobody is at yet."""

    message_id: int
    key: ThreadKey
    author: Author
    author_id: str
    author_team: str
    place: int
    """1 for the one that is next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """What became of questions whose askers were told that they wait; those that are gone stand nowhere."""

    waiting: frozenset[int]
    begun: frozenset[int]
    """Their turn has come: what it shows takes the place of what they were told."""


class Queue(Protocol):
    """The questions that wait in line, of all workspaces and for all workers."""

    async def overdue(self) -> Sequence[Queued]:
        """Those that have waited for long without a word, first come first."""
        ...

    async def mark(self, message_id: int) -> bool:
        """Whether it is ours to tell: it waits still, and nobody else has told."""
        ...

    async def fates(self, message_ids: Sequence[int]) -> Fates:
        """What became of these questions."""
        ...


class Signs(Protocol):
    """What a thread shows while its question waits. Decoration: never raises, never waits for room."""

    async def has_room(self) -> bool:
        """Whether Slack would take another sign now, and those of running replies as well."""
        ...

    async def show(self, queued: Queued, busy: Busy) -> None:
        """Say it, until the reply begins."""
        ...

    async def take_away(self, key: ThreadKey) -> None:
        """Say nothing any more: no reply comes."""
        ...

    async def give_way(self, key: ThreadKey) -> None:
        """The reply begins: what it shows takes a status's place, but not a message's."""
        ...


class NoSigns:
    """Implements `Signs` where there is nowhere to show them."""

    async def has_room(self) -> bool:
        """Never."""
        return False

    async def show(self, queued: Queued, busy: Busy) -> None:
        """Nothing."""

    async def take_away(self, key: ThreadKey) -> None:
        """Nothing."""

    async def give_way(self, key: ThreadKey) -> None:
        """Nothing."""
