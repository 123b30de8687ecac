"""PDF pages and drawn charts, set by Typst from a template of ours and fonts from PyPI.

The document travels to the template as JSON data, never as Typst source: nothing that a model, a
person or a file wrote is ever run.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import manimgx_fonts
import manimgx_fonts_cjk
import typst

from bot.conversation.charts import Chart
from bot.errors import FileFailed
from bot.export.document import Document, Drawing, Span, Table, widths

_LONG_WORD = re.compile(r"\S{28,}")
_MAY_BREAK_BEHIND = re.compile(r"([/?&=._,;:@+-]|\S{24})(?=\S)")
_PICTURE_DPI = 192


def make_pdf(document: Document) -> bytes:
    """The document as PDF, tagged for screen readers, with bookmarks. Raises FileFailed."""
    given = {"title": document.title, "has_title": document.begins_with_title}
    given["blocks"] = [_plain(block) for block in document.body]
    return _compiled("document.typ", given, format="pdf")


def chart_picture(chart: Chart) -> bytes:
    """A chart as PNG, 1,600 pixels wide. Raises FileFailed."""
    return _compiled("picture.typ", _plain(chart), format="png", ppi=_PICTURE_DPI)


def chart_drawing(chart: Chart) -> str:
    """A chart as SVG, for web pages. Raises FileFailed."""
    return _compiled("picture.typ", _plain(chart), format="svg").decode()


def _compiled(template: str, given: Mapping[str, Any], **how: Any) -> bytes:
    compiler = typst.Compiler(root=_templates(), font_paths=_fonts())
    try:
        made = compiler.compile(
            _templates() / template,
            sys_inputs={"given": json.dumps(given, ensure_ascii=False)},
            timestamp=datetime.now(UTC).replace(microsecond=0),
            **how,
        )
    except RuntimeError as error:  # typst.TypstError is one
        raise FileFailed from error
    assert isinstance(made, bytes)  # noqa: S101  one page of PNG or SVG, or one PDF
    return made


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    folders = [
        Path(package.__file__ or "").parent for package in (manimgx_fonts, manimgx_fonts_cjk)
    ]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def _templates() -> Path:
    return Path(str(resources.files("bot.export") / "templates"))


def _plain(value: Any) -> Any:
    """The tree as JSON can hold it: a dataclass becomes a mapping with its `kind`."""
    if isinstance(value, Span):
        return {**_fields(value), "text": _breakable(value)}
    if isinstance(value, Table):
        return {**_fields(value), "kind": "table", "widths": widths(value)}
    if isinstance(value, Drawing):
        return {"kind": "drawing", "chart": _plain(value.chart)}
    if is_dataclass(value):
        return {"kind": type(value).__name__.lower(), **_fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _breakable(span: Span) -> str:
    """Long addresses and identifiers may be broken, lest they run off the page."""
    if span.code:
        return span.text
    return _LONG_WORD.sub(lambda found: _MAY_BREAK_BEHIND.sub("\\1\u200b", found[0]), span.text)
