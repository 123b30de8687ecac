"""A document as every converter sees it: a small tree, read from Markdown once. All frozen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.charts import Chart
from bot.export.width import width_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of text in one style; a newline in it is a line break."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""
    """An address to follow; http, https or mailto."""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    spans: Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of text."""

    spans: Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a list, with whatever stands in it."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list with bullets, or with numbers that begin at `start`."""

    items: tuple[Item, ...]
    start: int | None = None


class Side(StrEnum):
    """How a column is aligned."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; every row has as many cells as the head."""

    head: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines to be shown as they are."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What somebody else has said."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart."""

    chart: Chart


Block = Heading | Paragraph | Listing | Table | Code | Quote | Rule | Drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is made into a file."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def begins_with_title(self) -> bool:
        """Whether its first block is its title; converters that set the title leave it out then."""
        first = self.blocks[0] if self.blocks else None
        return isinstance(first, Heading) and words(first.spans) == self.title

    @property
    def body(self) -> tuple[Block, ...]:
        """The blocks beneath the title."""
        return self.blocks[1:] if self.begins_with_title else self.blocks


def words(spans: Sequence[Span]) -> str:
    """The text of spans on one line, without their styles."""
    return " ".join("".join(span.text for span in spans).split())


def widths(table: Table, *, narrowest: int = 4, widest: int = 44) -> list[int]:
    """How wide a table's columns want to be, in characters."""
    columns = zip(table.head, *table.rows, strict=True)
    longest = (max(width_of(line) for cell in column for line in lines(cell)) for column in columns)
    return [min(max(width, narrowest), widest) for width in longest]


def lines(spans: Sequence[Span]) -> list[str]:
    """The text of spans, line by line."""
    return "".join(span.text for span in spans).split("\n")


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every block in reading order, those in lists and quotes too, each behind what holds it."""
    for block in blocks:
        yield block
        match block:
            case Listing():
                for item in block.items:
                    yield from walk(item.blocks)
            case Quote():
                yield from walk(block.blocks)
            case _:
                pass
