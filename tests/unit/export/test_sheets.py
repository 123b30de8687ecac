"""Workbooks hold numbers that can be counted with, and never run what somebody wrote."""

import csv
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from bot.conversation.files import FileFormat
from bot.export.make import make_file
from tests.unit.export.reading_back import converted, needs_office

TABLE = """\
# Sales

| item | price | sold | day |
|---|--:|--:|---|
| [tea](https://x.y) | 3.50 | 1,200 | 2026-01-31 |
| =HYPERLINK("http://evil") | -1 | 12% | soon |
"""

AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
"""LibreOffice's filter for what people see in the cells ("Filter Options for CSV")."""


def _opened(markdown: str) -> Any:
    return load_workbook(BytesIO(make_file(markdown, FileFormat.EXCEL).data))


def test_a_table_is_a_sheet_of_typed_cells() -> None:
    book = _opened(TABLE)

    [sheet] = book.worksheets
    assert sheet.title == "Sales"
    assert [cell.value for cell in sheet[2]] == [
        "tea",
        3.5,
        1200,
        datetime.fromisoformat("2026-01-31"),
    ]
    assert sheet["A2"].hyperlink.target == "https://x.y"
    assert sheet["C3"].number_format == "0%"
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert [cell.alignment.horizontal for cell in sheet[1]] == ["left", "right", "right", "left"]
    assert book.properties.title == "Sales"


def test_text_is_never_a_formula() -> None:
    [sheet] = _opened(TABLE).worksheets

    assert sheet["A3"].data_type == "s"
    assert sheet["A3"].value.startswith("=HYPERLINK")


def test_every_table_has_a_sheet_with_a_name_of_its_own() -> None:
    table = "|a|\n|-|\n|1|\n\n"
    long = "A heading that is far too long for [a] sheet"
    book = _opened(f"## {long}\n\n{table}## {long}\n\n{table}## History\n\n{table}")

    assert book.sheetnames == [
        "A heading that is far too long",
        "A heading that is far too lon 2",
        "History 2",
    ]


def test_csv_in_a_fence_counts_as_a_table() -> None:
    [sheet] = _opened('## Data\n\n```csv\na,b\n"x, y",2\nz\n```').worksheets

    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["a", "b"],
        ["x, y", 2],
        ["z", None],
    ]


def test_text_without_tables_is_kept_line_by_line() -> None:
    [sheet] = _opened("# T\n\nHello\n\n1. a\n   - b\n\n```\nx\n```").worksheets

    assert [row[0].value for row in sheet.rows] == ["T", "Hello", "1. a", "   • b", "x"]


def test_a_chart_comes_with_its_numbers() -> None:
    fence = '{"type": "line", "title": "T", "labels": ["a", "b"], "series": [{"name": "s", "values": [1, 2.5]}]}'
    [sheet] = _opened(f"```chart\n{fence}\n```").worksheets

    assert [[cell.value for cell in row] for row in sheet["A1:B3"]] == [
        [None, "s"],
        ["a", 1],
        ["b", 2.5],
    ]
    [chart] = sheet._charts
    assert not chart.series[0].smooth


@needs_office
def test_libreoffice_counts_with_it(tmp_path: Path) -> None:
    made = make_file(TABLE, FileFormat.EXCEL).data

    shown = converted(made, "xlsx", AS_SHOWN, tmp_path).decode()

    assert list(csv.reader(StringIO(shown))) == [
        ["item", "price", "sold", "day"],
        ["tea", "3.50", "1,200", "2026-01-31"],
        ['=HYPERLINK("http://evil")', "-1", "12%", "soon"],
    ]
