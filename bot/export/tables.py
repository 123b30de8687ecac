"""The tables of a document as rows of text, for spreadsheets and CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from bot.conversation.charts import Chart, as_table
from bot.export.document import (
    Block,
    Code,
    Document,
    Drawing,
    Heading,
    Listing,
    Quote,
    Spans,
    Table,
    lines,
    walk,
    words,
)
from bot.export.document import Paragraph as TextParagraph

_SEPARATORS = {"csv": ",", "tsv": "\t"}
"""The fences whose text is a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table by its heading; all rows are of one length."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[tuple[str, ...], ...] = ()
    """For each cell the address that the whole of it links to; empty where there is none."""
    chart: Chart | None = None
    """The chart whose numbers these are."""


def grids(document: Document) -> list[Grid]:
    """Every table of a document, or its text, line by line, where it has none."""
    found = list(_tables(document))
    return found or [_text(document)]


def _tables(document: Document) -> Iterator[Grid]:
    name = document.title
    for block in walk(document.blocks):
        match block:
            case Heading():
                name = words(block.spans) or name
            case Table():
                yield _grid(name, block)
            case Drawing():
                head, *rows = as_table(block.chart)
                yield _even(block.chart.title or name, [head, *rows], chart=block.chart)
            case Code() if block.language.lower() in _SEPARATORS:
                separator = _SEPARATORS[block.language.lower()]
                rows = [row for row in csv.reader(StringIO(block.text), delimiter=separator) if row]
                if rows:
                    yield _even(name, rows)
            case _:
                pass


def _grid(name: str, table: Table) -> Grid:
    return Grid(
        name=name,
        head=tuple(words(cell) for cell in table.head),
        rows=tuple(tuple("\n".join(lines(cell)) for cell in row) for row in table.rows),
        links=tuple(tuple(_link(cell) for cell in row) for row in table.rows),
    )


def _link(cell: Spans) -> str:
    addresses = {span.link for span in cell if span.text.strip()}
    return addresses.pop() if len(addresses) == 1 else ""


def _even(name: str, rows: Sequence[Sequence[str]], *, chart: Chart | None = None) -> Grid:
    """Rows filled up to the longest of them."""
    width = max(len(row) for row in rows)
    head, *rest = [tuple(row) + ("",) * (width - len(row)) for row in rows]
    return Grid(name=name, head=head, rows=tuple(rest), chart=chart)


def _text(document: Document) -> Grid:
    rows = [(line,) for line in text_lines(document.body)]
    return Grid(name=document.title, head=(document.title,), rows=tuple(rows))


def text_lines(blocks: Sequence[Block], indent: str = "") -> Iterator[str]:
    """Every line of text that stands in blocks; list entries with their mark."""
    for block in blocks:
        match block:
            case Heading() | TextParagraph():
                yield from (indent + line for line in lines(block.spans))
            case Code():
                yield from (indent + line for line in block.text.split("\n"))
            case Quote():
                yield from text_lines(block.blocks, indent)
            case Listing():
                yield from _list_lines(block, indent)
            case _:
                pass  # tables and charts have sheets of their own


def _list_lines(listing: Listing, indent: str) -> Iterator[str]:
    for number, item in enumerate(listing.items, start=listing.start or 0):
        mark = "• " if listing.start is None else f"{number}. "
        inner = text_lines(item.blocks, indent + " " * len(mark))
        yield from (
            indent + mark + line.lstrip() if not at else line for at, line in enumerate(inner)
        )
