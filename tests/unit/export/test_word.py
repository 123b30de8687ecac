"""Word documents have real headings, lists, tables and links."""

from io import BytesIO
from pathlib import Path

import docx

from bot.conversation.files import FileFormat
from bot.export.make import make_file
from tests.unit.export.reading_back import (
    REPORT,
    converted,
    needs_office,
    needs_poppler,
    office_text,
    pdf_text,
)


def _made(markdown: str) -> bytes:
    return make_file(markdown, FileFormat.WORD).data


def test_headings_are_words_own() -> None:
    document = docx.Document(BytesIO(_made("# Title\n\n## One\n\n### Two\n\n# Other")))

    styles = [(one.style and one.style.name, one.text) for one in document.paragraphs]
    assert styles == [
        ("Title", "Title"),
        ("Heading 2", "One"),
        ("Heading 3", "Two"),
        ("Heading 1", "Other"),
    ]
    assert document.core_properties.title == "Title"
    assert document.core_properties.author == ""


def test_styles_and_links_are_kept() -> None:
    [paragraph] = docx.Document(
        BytesIO(_made("**b** _i_ ~~s~~ `c` [l](https://x.y/?a=1&b=2)"))
    ).paragraphs

    bold, _, italic, _, struck, _, code, _ = paragraph.runs
    [link] = paragraph.hyperlinks
    assert (bold.bold, italic.italic, struck.font.strike) == (True, True, True)
    assert code.style.name == "Inline Code"
    assert (link.text, link.address) == ("l", "https://x.y/?a=1&b=2")


def test_a_table_repeats_its_head_and_aligns_its_columns() -> None:
    document = docx.Document(BytesIO(_made("|a|b|\n|-|-:|\n|1|2|\n|3|4|")))

    [table] = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
    ]
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert table.cell(1, 1).paragraphs[0].alignment == 2


def test_pages_are_numbered() -> None:
    footer = docx.Document(BytesIO(_made("text"))).sections[0].footer

    assert "PAGE" in footer._element.xml
    assert "NUMPAGES" in footer._element.xml


@needs_office
@needs_poppler
def test_libreoffice_reads_it_as_it_was_meant(tmp_path: Path) -> None:
    """Lists are numbered by the reader, each anew, and the page number is there."""
    text = pdf_text(converted(_made(REPORT), "docx", "pdf", tmp_path), tmp_path)

    assert "2. Second" in text
    assert "3. Third" in text
    assert "1. Counts anew" in text
    assert "1 / 2" in text
    assert "1,234,567.50" in text


def test_a_file_has_nothing_to_fetch() -> None:
    """A picture's address is a link to follow, never something that Word loads by itself."""
    relations = office_text(_made("![a](https://x.y/z.png)"), r"word/document\.xml")

    assert relations.strip() == "a"
