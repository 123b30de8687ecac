"""What the product needs of the model's service beside answers; bot/model has the real parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """What a text's vector is for: a short question is not embedded like what it looks for."""

    QUERY = "query"
    DOCUMENT = "document"


class Embedder(Protocol):
    """Turns texts into vectors: what is alike is near."""

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """One vector a text, in their order, each of length 1. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A document's place in the answer to a question."""

    index: int
    """Where it stood among those that were given."""
    score: float
    """From 0 to 1, for this question only."""


class Ranker(Protocol):
    """Says which documents answer a question best."""

    async def rank(self, query: str, documents: Sequence[str], *, most: int) -> list[Ranked]:
        """The best documents, best first. Raises ModelError."""
        ...


class Allowance(Protocol):
    """How much the account may still ask of each model: one for all workspaces and turns."""

    async def take(self, model: str, *, workspace: str, tokens: int) -> None:
        """Wait until a request of about so many tokens may be made.

        Workspaces take turns, however many requests each of them has waiting. Raises ModelBusy
        where it would take too long.
        """
        ...

    def settle(self, model: str, *, taken: int, spent: int) -> None:
        """A request has cost `spent` tokens, where `taken` were expected."""
        ...
