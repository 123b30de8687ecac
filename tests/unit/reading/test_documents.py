"""Documents of every kind keep their words, their structure, and the places where things stand."""

from pathlib import Path

import pytest

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from tests.unit.reading.orders import FILES, document, opened

REPORT = (
    "Harbour report",
    "4,812",
    "Mira Holm",
    "of it timber: 640",
    "131500",
    "北码头将于五月开放",
)


@pytest.mark.parametrize("kind", ["docx", "odt", "rtf", "html", "pdf"])
def test_the_same_report_is_read_from_every_program(kind: str) -> None:
    text = document(FILES / f"report.{kind}").markdown

    for words in REPORT:
        assert words in text


@pytest.mark.parametrize("kind", ["docx", "html"])
def test_structure_becomes_markdown(kind: str) -> None:
    found = document(FILES / f"report.{kind}")

    assert "# Harbour report" in found.markdown
    assert "- Freight: 1,512\n  - of it timber: 640" in found.markdown
    assert "| Dredging | 120000 | 131500 |" in found.markdown
    assert "[Mira Holm](https://example.com/mira)" in found.markdown
    assert "section 'Costs'" in [passage.place for passage in found.passages]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "csv"])
def test_tables_are_read_with_their_row_numbers(kind: str) -> None:
    found = document(FILES / f"ledger.{kind}")

    assert found.passages[0].place.endswith("rows 2–4")
    assert ("sheet 'ledger'" in found.passages[0].place) is (kind != "csv")
    assert found.passages[0].text.splitlines()[0] == "| Date | Item | Amount | Paid |"
    assert "| 2026-01-09 | Paint, red | 48 | no |" in found.markdown


@pytest.mark.parametrize("kind", ["pptx", "odp"])
def test_slides_are_read_with_their_numbers_and_notes(kind: str) -> None:
    found = document(FILES / f"plans.{kind}")

    assert found.extent == "3 slides"
    assert "picture" not in found.markdown + found.note
    assert [passage.place for passage in found.passages] == ["slide 1", "slide 2", "slide 3"]
    assert "opens in May 2027" in found.passages[1].text
    assert "Mention the storm of 1953." in found.passages[1].text
    assert "131500" in found.passages[2].text


def test_the_figures_of_a_chart_are_read() -> None:
    assert "| Calls | 4700 | 4812 |" in document(FILES / "plans.pptx").markdown


def test_a_scanned_page_is_shown_as_a_picture() -> None:
    text, picture = opened(FILES / "scan.pdf")

    assert isinstance(text, Document)
    assert "shown as a picture" in text.markdown
    assert isinstance(picture, Image)
    assert picture.name == "scan.pdf, page 1"
    assert 1_200_000 < picture.width * picture.height <= 1_300_000


def test_a_model_that_sees_nothing_is_told_that_a_page_has_no_text() -> None:
    (text,) = opened(FILES / "scan.pdf", pictures=False)

    assert isinstance(text, Document)
    assert "not shown" in text.markdown
    assert "0 of 1" in text.note


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("latin1.txt", "Älvsborg hat größere Kräne"),
        ("gb18030.txt", "港口委员会于三月三日开会"),
        ("utf16.txt", "The quay opens in May 2027."),
    ],
)
def test_text_is_read_in_whatever_it_was_written(name: str, words: str) -> None:
    assert words in document(FILES / name).markdown


def test_an_email_has_its_heads_its_text_and_the_names_of_what_is_attached() -> None:
    found = document(FILES / "letter.eml")

    assert "From: Mira Holm <mira@example.com>" in found.markdown
    assert "Subject: Der nördliche Kai" in found.markdown
    assert "der Kai öffnet im Mai 2027." in found.markdown
    assert "- kai.pdf (application/pdf)" in found.markdown
    assert "not read" in found.note


@pytest.mark.parametrize(
    ("name", "wrong"), [("report.pdf", "report.docx"), ("plans.pptx", "a.txt")]
)
def test_a_wrong_ending_deceives_nobody(name: str, wrong: str) -> None:
    found = document(FILES / name, name=wrong, media_type="application/msword")

    assert "Harbour" in found.markdown


def test_code_has_its_lines_for_places(tmp_path: Path) -> None:
    path = tmp_path / "ship.py"
    path.write_text("".join(f"line_{number} = {number}\n" for number in range(1, 151)))

    found = document(path)

    assert found.extent == "text, 151 lines"
    assert found.passages[2].place == "lines 121–151"
    assert "line_130 = 130" in found.passages[2].text


def test_json_on_one_line_is_spread_out(tmp_path: Path) -> None:
    path = tmp_path / "ships.json"
    path.write_text('{"ships": [' + ", ".join(f'"ship {n}"' for n in range(200)) + "]}")

    assert '"ship 7",\n' in document(path).markdown


def test_a_canvas_of_slack_comes_as_a_page(tmp_path: Path) -> None:
    path = tmp_path / "canvas"
    path.write_text("<h1>Plan</h1><ul><li>Buy rope</li></ul>")

    found = document(path, name="Plan", media_type="application/vnd.slack-docs")

    assert found.markdown.endswith("# Plan\n\n- Buy rope")


def test_an_archive_tells_what_is_in_it() -> None:
    found = document(FILES / "ships.zip")

    assert found.extent == "an archive of 2 files"
    assert "- ships/anna.txt (6 bytes)" in found.markdown
    assert "not opened" in found.note
