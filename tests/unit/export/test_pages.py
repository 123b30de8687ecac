"""PDFs show every script, and nothing in them is ever run as a program."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.conversation.charts import Chart, ChartKind, Series
from bot.conversation.files import FileFormat
from bot.export.make import make_file
from bot.export.pages import chart_drawing, chart_picture
from tests.unit.export.reading_back import REPORT, needs_poppler, pdf_text


def _made(markdown: str) -> bytes:
    return make_file(markdown, FileFormat.PDF).data


@needs_poppler
def test_every_script_can_be_read_and_copied(tmp_path: Path) -> None:
    text = pdf_text(_made(REPORT), tmp_path)

    for words in (
        "Überblick 季度报告",
        "亚洲市场",
        "日本とその他",
        "한국어",
        "🙂",
        "∑ ≥ ≠",
        "1 / 2",
        "12 %",
    ):
        assert words in text


@needs_poppler
def test_fonts_are_inside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "made.pdf"
    path.write_bytes(_made(REPORT))

    listed = subprocess.run(["pdffonts", path], capture_output=True, check=True).stdout.decode()

    rows = listed.splitlines()[2:]
    assert rows
    assert all(row.split()[-5] == "yes" for row in rows), listed


@needs_poppler
def test_a_document_has_its_title(tmp_path: Path) -> None:
    path = tmp_path / "made.pdf"
    path.write_bytes(_made("# The title\n\ntext"))

    told = subprocess.run(["pdfinfo", path], capture_output=True, check=True).stdout.decode()

    assert "The title" in told


@needs_poppler
@pytest.mark.parametrize(
    "hostile",
    [
        '#read("/etc/passwd")',
        "$ #panic() $",
        '`#import "@preview/x:1.0.0"`',
        "\\ #{ let x = 1 } *a _b <label> @ref",
        '```typst\n#read("/etc/passwd")\n```',
    ],
)
def test_text_is_text_whatever_it_says(hostile: str, tmp_path: Path) -> None:
    text = pdf_text(_made(hostile), tmp_path)

    assert "root:" not in text
    assert "#" in text


def _chart(kind: ChartKind, *series: tuple[float, ...]) -> Chart:
    return Chart(
        kind=kind,
        title="Sales 销售",
        labels=tuple(f"label {number}" for number in range(len(series[0]))),
        series=tuple(Series(name=f"s{at}", values=values) for at, values in enumerate(series)),
        y_label="€",
    )


@pytest.mark.parametrize("kind", list(ChartKind))
@pytest.mark.parametrize(
    "series",
    [
        ((1.0, 2.0, 3.0), (3.0, 1.0, 0.5)),
        ((5.0,),),
        ((0.0001, 0.0002),),
        ((1e12, 2e12),),
        (tuple(float(number) for number in range(300)),),
    ],
)
def test_charts_are_drawn(kind: ChartKind, series: tuple[tuple[float, ...], ...]) -> None:
    picture = Image.open(BytesIO(chart_picture(_chart(kind, *series))))

    assert picture.width == 1600
    assert len(picture.convert("RGB").getcolors(1_000_000) or []) > 10


@pytest.mark.parametrize("kind", [ChartKind.BAR, ChartKind.LINE, ChartKind.AREA])
@pytest.mark.parametrize("values", [(-3.0, 2.0), (-5.0, -1.0), (0.0, 0.0)])
def test_numbers_below_zero_are_drawn(kind: ChartKind, values: tuple[float, ...]) -> None:
    assert Image.open(BytesIO(chart_picture(_chart(kind, values)))).height > 400


def test_a_drawing_for_the_web_has_no_scripts() -> None:
    drawing = chart_drawing(_chart(ChartKind.BAR, (1.0, 2.0)))

    assert drawing.startswith("<svg")
    assert "<script" not in drawing
