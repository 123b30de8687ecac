"""The formats that are text: CSV, Markdown, plain text and web pages."""

import csv
from collections.abc import Iterator, Sequence
from html import escape
from io import StringIO
from typing import Any

from markdown_it.token import Token

from bot.conversation.charts import FENCE, as_table, parse_chart
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
    Side,
    Spans,
    Table,
    lines,
    words,
)
from bot.export.figures import Figure, read_column
from bot.export.markdown import clean, make_parser
from bot.export.pages import chart_drawing
from bot.export.tables import Grid, grids
from bot.export.width import padded, width_of

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the system's old encoding."""
_STYLE = """\
body { font: 16px/1.6 system-ui, "Noto Sans", "Microsoft YaHei", sans-serif; color: #22252b;
       max-width: 46rem; margin: 3rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1, h2, h3, h4, h5, h6 { color: #1f2a44; line-height: 1.25; margin: 1.8em 0 0.6em; }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto; }
th, td { border: 1px solid #d5d9e0; padding: 0.35em 0.7em; vertical-align: top; text-align: left; }
th { background: #e8eef7; }
pre { background: #f4f5f7; padding: 0.9em; border-radius: 4px; overflow-x: auto; }
code { font-family: ui-monospace, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; }
blockquote { border-left: 3px solid #d5d9e0; margin-left: 0; padding-left: 1em; color: #5b6472; }
figure { margin: 1.5em 0; } figure svg { max-width: 100%; height: auto; }
hr { border: 0; border-top: 1px solid #d5d9e0; } a { color: #1d5fb4; }
"""
_PAGE = """\
<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def make_csv(document: Document) -> bytes:
    """The document's tables as RFC 4180; several are parted by their names and an empty line."""
    written = StringIO()
    writer = csv.writer(written)
    found = grids(document)
    for position, grid in enumerate(found):
        if position:
            writer.writerow([])
        if len(found) > 1:
            writer.writerow([_harmless(grid.name)])
        writer.writerow([_harmless(cell) for cell in grid.head])
        writer.writerows(_rows(grid))
    return (_BOM + written.getvalue()).encode()


def _rows(grid: Grid) -> Iterator[list[str]]:
    columns = [
        [_cell(cell, figure) for cell, figure in zip(column, read_column(column), strict=True)]
        for column in zip(*grid.rows, strict=True)
    ]
    yield from (list(row) for row in zip(*columns, strict=True))


def _cell(cell: str, figure: Figure) -> str:
    return _harmless(cell) if isinstance(figure.value, str) else cell


def _harmless(cell: str) -> str:
    """Text that a spreadsheet would run as a formula, marked as text (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def make_markdown(markdown: str) -> bytes:
    """The Markdown as it was written."""
    return f"{clean(markdown).strip()}\n".encode()


def make_web_page(markdown: str, document: Document) -> bytes:
    """A page that stands alone: no script, nothing fetched, charts drawn in."""
    parser = make_parser()
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", _image)
    body = parser.render(clean(markdown))
    return _PAGE.format(title=escape(document.title), style=_STYLE, body=body).encode()


def _fence(renderer: Any, tokens: Sequence[Token], position: int, options: Any, env: Any) -> str:
    token = tokens[position]
    chart = parse_chart(token.content) if token.info.strip().lower() == FENCE else None
    if chart is None:
        rendered: str = renderer.fence(tokens, position, options, env)
        return rendered
    return f'<figure aria-label="{escape(chart.title)}">{chart_drawing(chart)}</figure>\n'


def _image(_: Any, tokens: Sequence[Token], position: int, *_more: Any) -> str:
    """A link: whoever opens the page decides whether another server learns of it."""
    address = escape(str(tokens[position].attrs.get("src", "")))
    return f'<a href="{address}">{escape(tokens[position].content or "image")}</a>'


def make_text(document: Document) -> bytes:
    """The document as text for eyes: headings underlined, tables in columns."""
    return ("\n\n".join(_text(document.blocks)).strip("\n") + "\n").encode()


def _text(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading():
                title = words(block.spans)
                under = {1: "=", 2: "-"}.get(block.level)
                yield title + (f"\n{under * width_of(title)}" if under else "")
            case Paragraph():
                yield "\n".join(_readable(block.spans))
            case Listing():
                yield "\n".join(_entries(block))
            case Table():
                yield _columns(block)
            case Code():
                yield _moved(block.text, "    ")
            case Quote():
                yield _moved("\n\n".join(_text(block.blocks)), "> ")
            case Rule():
                yield "-" * 40
            case Drawing():
                yield "\n".join([block.chart.title, _aligned(as_table(block.chart), ())])


def _readable(spans: Spans) -> list[str]:
    """A link's address stands behind its words, where it is another one."""
    shown = [
        f"{span.text} <{span.link}>" if span.link and span.link != span.text else span.text
        for span in spans
    ]
    return "".join(shown).split("\n")


def _entries(listing: Listing) -> Iterator[str]:
    for number, item in enumerate(listing.items, start=listing.start or 0):
        mark = "- " if listing.start is None else f"{number}. "
        inner = "\n".join(_text(item.blocks))
        yield mark + _moved(inner, " " * len(mark)).lstrip()


def _moved(text: str, margin: str) -> str:
    return "\n".join(f"{margin}{line}".rstrip() for line in text.split("\n"))


def _columns(table: Table) -> str:
    rows = [[" ".join(lines(cell)) for cell in row] for row in (table.head, *table.rows)]
    return _aligned(rows, table.sides)


def _aligned(rows: Sequence[Sequence[str]], sides: Sequence[Side]) -> str:
    widths = [max(width_of(cell) for cell in column) for column in zip(*rows, strict=True)]
    placed = sides or [Side.LEFT, *[Side.RIGHT] * (len(widths) - 1)]
    shown = [
        "  ".join(
            padded(cell, width, side) for cell, width, side in zip(row, widths, placed, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([shown[0], "  ".join("-" * width for width in widths), *shown[1:]])
