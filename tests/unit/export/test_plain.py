"""The formats that are text."""

import csv
from io import StringIO

import pytest

from bot.conversation.files import FileFormat, file_name
from bot.errors import FileFailed
from bot.export.make import MOST_CHARACTERS, TOO_LONG, make_file


def _made(markdown: str, file_format: FileFormat) -> str:
    return make_file(markdown, file_format).data.decode()


def test_csv_is_for_excel_and_follows_the_rules() -> None:
    made = _made('|a|b|\n|-|-|\n|x, "y"|1<br>2|', FileFormat.CSV)

    assert made == '\ufeffa,b\r\n"x, ""y""","1\n2"\r\n'


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd", "@SUM(A1)"])
def test_csv_has_no_formulas(cell: str) -> None:
    made = _made(f"|a|\n|-|\n|{cell}|", FileFormat.CSV)

    assert list(csv.reader(StringIO(made)))[1] == [f"'{cell}"]


def test_csv_keeps_numbers_as_they_were_written() -> None:
    assert list(csv.reader(StringIO(_made("|a|b|\n|-|-|\n|-1.5|+3%|", FileFormat.CSV))))[1] == [
        "-1.5",
        "+3%",
    ]


def test_several_tables_in_one_csv_have_their_names() -> None:
    made = _made("## A\n\n|a|\n|-|\n|1|\n\n## B\n\n|b|\n|-|\n|2|", FileFormat.CSV)

    assert made == "\ufeffA\r\na\r\n1\r\n\r\nB\r\nb\r\n2\r\n"


def test_a_web_page_stands_alone() -> None:
    made = _made(
        "# A <b>\n\n![p](https://x.y/p.png) <script>alert(1)</script>\n\n[j](javascript:x)",
        FileFormat.HTML,
    )

    assert "<title>A &lt;b&gt;</title>" in made
    assert "<script" not in made
    assert "<img" not in made
    assert '<a href="https://x.y/p.png">p</a>' in made
    assert 'href="javascript' not in made


def test_a_web_page_shows_charts() -> None:
    fence = (
        '{"type": "bar", "title": "T", "labels": ["a"], "series": [{"name": "s", "values": [1]}]}'
    )

    assert "<svg" in _made(f"```chart\n{fence}\n```", FileFormat.HTML)


def test_text_lines_its_tables_up() -> None:
    made = _made(
        "# T\n\n|a|数量|\n|-|-:|\n|x|1|\n|长长|22|\n\n1. [one](https://x.y)\n   - two",
        FileFormat.TEXT,
    )

    assert made == (
        "T\n=\n\na     数量\n----  ----\nx        1\n长长    22\n\n1. one <https://x.y>\n   - two\n"
    )


def test_markdown_stays_as_it_is() -> None:
    assert _made("# T\r\n\n* a\x00  \n", FileFormat.MARKDOWN) == "# T\n\n* a\n"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Q3: Umsatz & Überblick", "Q3 Umsatz & Überblick.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("季度报告", "季度报告.pdf"),
        ("?", "Document.pdf"),
        ("word " * 40, f"{'word ' * 11}word.pdf"),
    ],
)
def test_a_file_is_named_after_its_title(title: str, name: str) -> None:
    assert file_name(title, "pdf") == name


def test_what_is_too_long_is_refused_in_words() -> None:
    with pytest.raises(FileFailed, match=TOO_LONG):
        make_file("a" * (MOST_CHARACTERS + 1), FileFormat.PDF)


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_an_empty_answer_makes_a_file_all_the_same(file_format: FileFormat) -> None:
    assert make_file("", file_format).data
