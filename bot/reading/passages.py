"""Long texts cut into passages that can be chosen one by one. Pure."""

import re
from collections.abc import Iterable, Iterator

from bot.conversation.documents.document import Passage
from bot.reading.marks import without

MOST_CHARACTERS = 2_400
"""Of one passage: a page of print at most."""
_HEADING = re.compile(r"^(?:(?P<fence>```|~~~)|#{1,6} +(?P<title>.+?) *#*$)", re.MULTILINE)
_LONGEST_TITLE = 80


def cut(text: str, place: str = "", *, most: int = MOST_CHARACTERS) -> Iterator[Passage]:
    """The text in passages of one place, cut between paragraphs, lines or words, in this order."""
    for piece in _pieces(text.strip(), most):
        yield Passage.of(place, piece)


def by_headings(markdown: str) -> Iterator[Passage]:
    """Markdown cut at its headings; each passage knows the section it stands in."""
    begin, place = 0, ""
    for found in _outside_fences(markdown):
        yield from cut(markdown[begin : found.start()], place)
        begin = found.start()
        title = without(found["title"]).strip("*_` ")
        title = title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"
        place = f"section '{title}'" if title else ""
    yield from cut(markdown[begin:], place)


def table(rows: Iterable[tuple[int, list[str]]], place: str = "") -> Iterator[Passage]:
    """A table in passages of whole rows, each with the heading; rows come with their numbers."""
    head: list[str] | None = None
    lines: list[str] = []
    first = last = length = 0
    for number, row in rows:
        if head is None:
            head = [_row(row), f"|{' --- |' * len(row)}"]
            first = last = number
            length = sum(map(len, head))
            continue
        line = _row(row)
        if lines and length + len(line) > MOST_CHARACTERS:
            yield _rows(place, first, last, head, lines)
            lines, length = [], sum(map(len, head))
        first = number if not lines else first
        last = number
        lines.append(line)
        length += len(line)
    if head is not None:
        yield _rows(place, first, last, head, lines)


def _rows(place: str, first: int, last: int, head: list[str], lines: list[str]) -> Passage:
    span = f"rows {first:,}–{last:,}" if last > first else f"row {first:,}"
    return Passage.of(f"{place}, {span}" if place else span, "\n".join([*head, *lines]))


def _row(cells: list[str]) -> str:
    flat = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(flat)} |"


def _outside_fences(markdown: str) -> Iterator[re.Match[str]]:
    """Headings; a line that begins with # inside a code block is none."""
    is_inside = False
    for found in _HEADING.finditer(markdown):
        if found["fence"]:
            is_inside = not is_inside
        elif not is_inside:
            yield found


def _pieces(text: str, most: int) -> Iterator[str]:
    while len(text) > most:
        end = _end(text, most)
        yield text[:end].rstrip()
        text = text[end:].lstrip("\n")
    if text.strip():
        yield text


def _end(text: str, most: int) -> int:
    """Where the next piece ends; never so early that there would be hundreds of small ones."""
    for mark in ("\n\n", "\n", ". ", "。", " "):
        found = text.rfind(mark, most // 2, most)
        if found > 0:
            return found + len(mark)
    return most
