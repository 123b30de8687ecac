"""A document as the model reads it: passages of Markdown, each of which knows where it stands. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.conversation.tokens import estimate

GAP = "[… {places} left out …]"
PART = "[{place}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document, in its order."""

    place: str
    """In people's words: `page 3`, `slide 4`, `sheet 'Costs', rows 2–41`; empty where none is known."""
    text: str
    """Markdown."""

    cost: int
    """In tokens, its place included; reckoned once, as a document may have thousands of these."""

    @classmethod
    def of(cls, place: str, text: str) -> "Passage":
        """A passage of this text."""
        return cls(place=place, text=text, cost=estimate(text) + estimate(place) + 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a shared file."""

    name: str
    extent: str
    """How much there is of it: `12 pages`, `3 sheets`."""
    passages: tuple[Passage, ...]
    note: str = ""
    """What of it could not be read, in words."""

    @property
    def cost(self) -> int:
        """In tokens."""
        return sum(passage.cost for passage in self.passages)

    @property
    def size(self) -> int:
        """In characters."""
        return sum(len(passage.text) for passage in self.passages)

    @property
    def markdown(self) -> str:
        """All passages, each under its place."""
        return "\n\n".join(_lines(self.passages))

    def only(self, kept: Iterable[int]) -> "Document":
        """The document with these passages (by position), and a mark where others were left out."""
        return replace(self, passages=tuple(_with_gaps(self.passages, sorted(set(kept)))))


def _lines(passages: Iterable[Passage]) -> Iterator[str]:
    """Each passage; the place only where it is another one than before."""
    before = ""
    for passage in passages:
        is_new = passage.place and passage.place != before
        yield f"{PART.format(place=passage.place)}\n{passage.text}" if is_new else passage.text
        before = passage.place


def _with_gaps(passages: Sequence[Passage], kept: Sequence[int]) -> Iterator[Passage]:
    following = 0
    for position in [*kept, len(passages)]:
        if position > following:
            yield _gap(passages[following:position])
        if position < len(passages):
            yield passages[position]
        following = position + 1


def _gap(missing: Sequence[Passage]) -> Passage:
    places = [passage.place for passage in missing if passage.place]
    if not places:
        count = sum(len(passage.text) for passage in missing)
        return Passage.of("", GAP.format(places=f"{count:,} characters"))
    span = places[0] if places[0] == places[-1] else f"{places[0]} to {places[-1]}"
    return Passage.of("", GAP.format(places=span))
