"""A presentation has a slide for each heading, and none is too full."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation

from bot.conversation.files import FileFormat
from bot.export.make import make_file
from tests.unit.export.reading_back import (
    REPORT,
    converted,
    needs_office,
    needs_poppler,
    pdf_text,
)


def _slides(markdown: str) -> list[Any]:
    return list(Presentation(BytesIO(make_file(markdown, FileFormat.SLIDES).data)).slides)


def _titles(markdown: str) -> list[str]:
    return [slide.shapes.title.text for slide in _slides(markdown)]


def test_each_heading_begins_a_slide() -> None:
    assert _titles("# Deck\n\n## One\n\n- a\n\n## Two\n\n### Small\n\ntext") == [
        "Deck",
        "One",
        "Two",
    ]


def test_text_before_the_first_heading_has_a_slide() -> None:
    assert _titles("# Deck\n\nHello\n\n## One\n\ntext") == ["Deck", "Deck", "One"]


def test_a_heading_with_nothing_beneath_is_a_slide_all_the_same() -> None:
    assert _titles("# Deck\n\n## Part one\n\n## Part two") == ["Deck", "Part one", "Part two"]


def test_what_is_long_goes_on() -> None:
    bullets = "\n".join(f"- point {number}" for number in range(25))
    rows = "\n".join(f"| {number} |" for number in range(20))
    code = "\n".join(f"line {number}" for number in range(40))
    text = f"# D\n\n## Points\n\n{bullets}\n\n## Rows\n\n|a|\n|-|\n{rows}\n\n## Code\n\n```\n{code}\n```"

    assert _titles(text) == [
        "D",
        *("Points", "Points (2)", "Points (3)"),
        *("Rows", "Rows (2)", "Rows (3)"),
        *("Code", "Code (2)", "Code (3)"),
    ]


def test_bullets_numbers_and_levels() -> None:
    _, slide = _slides("# D\n\n## S\n\n- a\n  1. b\n\ntext")

    paragraphs = slide.placeholders[1].text_frame.paragraphs
    assert [(one.text, one.level) for one in paragraphs] == [("a", 0), ("1.\tb", 1), ("text", 0)]
    assert "buNone" not in paragraphs[0]._p.xml
    assert "buNone" in paragraphs[2]._p.xml


def test_a_small_heading_names_the_table_beneath_it() -> None:
    assert _titles("# D\n\n## S\n\ntext\n\n### Prices\n\n|a|\n|-|\n|1|") == ["D", "S", "Prices"]


def test_charts_stay_charts() -> None:
    fence = (
        '{"type": "bar", "title": "T", "labels": ["a"], "series": [{"name": "s", "values": [1]}]}'
    )
    _, slide = _slides(f"# D\n\n## S\n\n```chart\n{fence}\n```")

    [chart] = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert list(chart.plots[0].categories) == ["a"]
    assert list(chart.series[0].values) == [1]


@pytest.mark.parametrize(
    ("file_format", "theme"),
    [(FileFormat.SLIDES, "ppt/theme/theme1.xml"), (FileFormat.EXCEL, "xl/theme/theme1.xml")],
)
def test_charts_have_our_colours(file_format: FileFormat, theme: str) -> None:
    """They come from the theme: without that, Office draws them in those of 2007."""
    made = make_file("| a |\n|-|\n| 1 |", file_format).data

    with zipfile.ZipFile(BytesIO(made)) as archive:
        assert "2F6FDE" in archive.read(theme).decode()


@needs_office
@needs_poppler
def test_libreoffice_shows_every_slide(tmp_path: Path) -> None:
    made = make_file(REPORT, FileFormat.SLIDES).data

    text = pdf_text(converted(made, "pptx", "pdf", tmp_path), tmp_path)

    assert text.count("\f") == len(_slides(REPORT))
    assert "3. Third" in text.replace("\t", " ")
    assert "Quarterly report" in text
