"""Files that are text already, or nearly: plain text, Markdown, code, JSON, HTML, RTF."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePath

from striprtf.striprtf import rtf_to_text

from bot.conversation.documents.document import Document, Passage
from bot.reading.charsets import decoded
from bot.reading.html import to_markdown
from bot.reading.passages import by_headings, cut

_MOST_CHARACTERS = 6_000_000
_LINES_A_PASSAGE = 60
_PROSE = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".srt", ".vtt"})
_HEADED = frozenset({".md", ".markdown"})
ONLY_FIRST = "only the first {count:,} characters were read"


def read_plain(path: Path, name: str) -> Document:
    """Prose in passages; Markdown by its headings; code and data with line numbers as places."""
    text, note = _text(path)
    lines = text.count("\n") + 1
    extent = f"text, {lines:,} lines" if lines > 1 else "text"
    suffix = PurePath(name).suffix.lower()
    if suffix in _HEADED:
        passages = tuple(by_headings(text))
    elif suffix in _PROSE:
        passages = tuple(cut(text))
    else:
        passages = tuple(_by_lines(_spread(text) if suffix == ".json" else text))
    return Document(name=name, extent=extent, passages=passages, note=note)


def read_page(path: Path, name: str) -> Document:
    """An HTML page; Slack's canvases and posts come as such."""
    text, note = _text(path)
    passages = tuple(by_headings(to_markdown(text)))
    return Document(name=name, extent="a page", passages=passages, note=note)


def read_rich_text(path: Path, name: str) -> Document:
    """RTF, without its looks."""
    text, note = _text(path)
    plain: str = rtf_to_text(text, errors="ignore")  # type: ignore[no-untyped-call]
    return Document(name=name, extent="a document", passages=tuple(cut(plain)), note=note)


def _text(path: Path) -> tuple[str, str]:
    """The text, and a note where it is not all of it."""
    text = decoded(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    note = ONLY_FIRST.format(count=_MOST_CHARACTERS) if len(text) > _MOST_CHARACTERS else ""
    return text[:_MOST_CHARACTERS], note


def _by_lines(text: str) -> Iterator[Passage]:
    lines = text.split("\n")
    for begin in range(0, len(lines), _LINES_A_PASSAGE):
        some = lines[begin : begin + _LINES_A_PASSAGE]
        place = f"lines {begin + 1:,}–{begin + len(some):,}"
        yield from cut("\n".join(some), place)


def _spread(text: str) -> str:
    """JSON on one endless line has no places to speak of."""
    if text.count("\n") > len(text) // 500:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return text
