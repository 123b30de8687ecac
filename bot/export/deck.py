"""Which slides a document becomes: one a heading, long ones continued. Pure, knows no PowerPoint."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.conversation.charts import Chart, as_table
from bot.export.document import (
    Block,
    Code,
    Document,
    Drawing,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
    words,
)
from bot.export.width import width_of

BULLET = "•"
_MOST_LINES = 11
"""Lines of text on a slide that people at the back can read."""
_LINE = 74
"""Columns in a line of text."""
_MOST_ROWS = 9
_CELL_LINE = 100
"""Columns in all cells of a row together before they take a second line."""
_MOST_CODE = 17
_CODE_LINE = 96
_SLIDE_LEVEL = 2
"""Headings down to this level begin a slide."""
_GAP = "  ·  "
_DEEPEST = 4
"""Levels that PowerPoint's bullets have below the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A paragraph on a slide."""

    spans: Spans
    level: int = 0
    mark: str = ""
    """What stands before it: `•`, `1.`, or nothing."""
    strong: bool = False
    """A heading inside the slide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One slide; it has lines, or one of the other things."""

    title: Spans
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    code: str = ""
    chart: Chart | None = None


def slides(document: Document) -> list[Slide]:
    """The slides behind the one with the title, which every presentation has."""
    found: list[Slide] = []
    for title, blocks in _sections(document):
        found.extend(_of_section(title, blocks))
    return found


def _sections(document: Document) -> Iterator[tuple[Spans, list[Block]]]:
    """The headings that begin a slide, each with what stands beneath it."""
    levels = [block.level for block in document.body if isinstance(block, Heading)]
    deepest = max(_SLIDE_LEVEL, min(levels, default=_SLIDE_LEVEL))
    title: Spans = (Span(text=document.title),)
    blocks: list[Block] = []
    is_first = True
    for block in document.body:
        if isinstance(block, Heading) and block.level <= deepest:
            if blocks or not is_first:
                yield title, blocks
            title, blocks, is_first = block.spans, [], False
        else:
            blocks.append(block)
    if blocks or not is_first:
        yield title, blocks


def _of_section(title: Spans, blocks: Sequence[Block]) -> Iterator[Slide]:
    made: list[Slide] = []
    waiting: list[Line] = []
    for block in blocks:
        if isinstance(block, Table | Code | Drawing):
            # A small heading right above a table is the table's title.
            own = waiting.pop().spans if waiting and waiting[-1].strong else title
            made.extend(_of_lines(title, waiting))
            made.extend(_of_its_own(own, block))
            waiting = []
        else:
            waiting.extend(_lines(block, level=0))
    made.extend(_of_lines(title, waiting))
    yield from made or [Slide(title=title)]


def _of_lines(title: Spans, all_lines: Sequence[Line]) -> Iterator[Slide]:
    """Lines on as many slides as they need; a heading is not the last on its slide."""
    taken: list[Line] = []
    room = _MOST_LINES
    for line in (piece for whole in all_lines for piece in _within_slide(whole)):
        needed = _height(line)
        if taken and (needed > room or (line.strong and room < needed + 2)):
            yield Slide(title=title, lines=tuple(taken))
            taken, room = [], _MOST_LINES
        taken.append(line)
        room -= needed
    if taken:
        yield Slide(title=title, lines=tuple(taken))


def _height(line: Line) -> int:
    length = width_of("".join(span.text for span in line.spans))
    breaks = sum(span.text.count("\n") for span in line.spans)
    return -(-(length + 4 * line.level) // _LINE) + breaks or 1


def _within_slide(line: Line) -> Iterator[Line]:
    """A paragraph that would fill more than a slide, in pieces that don't."""
    if _height(line) <= _MOST_LINES:
        yield line
        return
    room = _LINE * (_MOST_LINES - 2) // 2  # half: Chinese letters are twice as wide
    for span in line.spans:
        for piece in textwrap.wrap(span.text, room, break_on_hyphens=False):
            yield replace(line, spans=(replace(span, text=piece),))


def _of_its_own(title: Spans, block: Table | Code | Drawing) -> Iterator[Slide]:
    """What takes a slide for itself, or several."""
    match block:
        case Drawing():
            yield Slide(title=title, chart=block.chart)
        case Table():
            for rows in _pages(block):
                yield Slide(title=title, table=replace(block, rows=rows))
        case Code():
            lines = [
                piece for line in block.text.split("\n") for piece in (_folded(line) or [line])
            ]
            for start in range(0, len(lines), _MOST_CODE):
                yield Slide(title=title, code="\n".join(lines[start : start + _MOST_CODE]))


def _folded(line: str) -> list[str]:
    return [line[at : at + _CODE_LINE] for at in range(0, len(line), _CODE_LINE)]


def _pages(table: Table) -> Iterator[tuple[tuple[Spans, ...], ...]]:
    taken: list[tuple[Spans, ...]] = []
    room = _MOST_ROWS
    for row in table.rows:
        needed = 1 + sum(width_of(words(cell)) for cell in row) // _CELL_LINE
        if taken and needed > room:
            yield tuple(taken)
            taken, room = [], _MOST_ROWS
        taken.append(row)
        room -= needed
    yield tuple(taken)


def _lines(block: Block, *, level: int) -> Iterator[Line]:
    """Any block as lines of text, for where it has no slide of its own."""
    level = min(level, _DEEPEST)
    match block:
        case Heading() | Paragraph():
            yield Line(spans=block.spans, level=level, strong=isinstance(block, Heading))
        case Listing():
            yield from _list_lines(block, level)
        case Quote():
            for inner in block.blocks:
                yield from _lines(inner, level=level + 1)
        case Code() | Table() | Drawing():
            yield from (Line(spans=spans, level=level) for spans in _rows(block))
        case Rule():
            pass


def _rows(block: Code | Table | Drawing) -> Iterator[Spans]:
    """What stands in lines of its own, as one text a line."""
    match block:
        case Code():
            yield from ((Span(text=line, code=True),) for line in block.text.split("\n"))
        case Table():
            yield from (_in_a_row(row) for row in (block.head, *block.rows))
        case Drawing():
            yield from ((Span(text=_GAP.join(values)),) for values in as_table(block.chart))


def _list_lines(listing: Listing, level: int) -> Iterator[Line]:
    for number, item in enumerate(listing.items, start=listing.start or 0):
        mark = BULLET if listing.start is None else f"{number}."
        for position, inner in enumerate(item.blocks):
            deeper = level + 1 if isinstance(inner, Listing) else level
            for at, line in enumerate(_lines(inner, level=deeper)):
                is_first = position == 0 and at == 0 and not line.mark
                yield replace(line, mark=mark) if is_first else line


def _in_a_row(row: Sequence[Spans]) -> Spans:
    gap = Span(text=_GAP)
    joined = [span for cell in row for span in (*cell, gap)]
    return tuple(joined[:-1])
