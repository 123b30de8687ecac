"""Pages of a PDF that have figures are shown beside their text, within the limit for scanned pages."""

from pathlib import Path

import pypdfium2
import pytest

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.reading.pdf import FIGURES_LEFT, MOST_PICTURES
from tests.unit.reading.illustrated import GREEN, RED, colour_of, jpeg, pdf
from tests.unit.reading.orders import FILES, opened


def _read(path: Path, **more: bool) -> tuple[Document, list[Image]]:
    document, *pictures = opened(path, **more)
    assert isinstance(document, Document)
    return document, [one for one in pictures if isinstance(one, Image)]


def test_a_page_with_a_figure_keeps_its_text_and_is_shown(tmp_path: Path) -> None:
    path = pdf(tmp_path / "report.pdf", None, (jpeg(GREEN), 0.9), (jpeg(RED), 0.3))

    document, pictures = _read(path)

    assert [picture.name for picture in pictures] == [
        "report.pdf, page 2, as a picture",
        "report.pdf, page 3, as a picture",
    ]
    assert colour_of(pictures[0].data) == GREEN
    assert document.markdown.count("131500") == 3
    assert document.markdown.count("(with figures: shown as a picture below)") == 2
    assert document.note == ""


def test_small_pictures_make_no_figure(tmp_path: Path) -> None:
    document, pictures = _read(pdf(tmp_path / "report.pdf", (jpeg(RED), 0.05)))

    assert pictures == []
    assert document.note == ""


def test_a_banner_at_the_same_place_of_each_page_makes_no_figure(tmp_path: Path) -> None:
    banner = (jpeg(RED), 0.15)
    path = pdf(tmp_path / "report.pdf", *[banner] * 5, (jpeg(GREEN), 0.4))

    _, pictures = _read(path)

    assert [picture.name for picture in pictures] == ["report.pdf, page 6, as a picture"]


@pytest.mark.parametrize("scans", [3, MOST_PICTURES])
def test_pages_without_text_come_before_those_with_figures(scans: int, tmp_path: Path) -> None:
    figures = 18
    path = pdf(tmp_path / "figures.pdf", *[(jpeg(GREEN), 0.6)] * figures)
    with pypdfium2.PdfDocument(path) as book, pypdfium2.PdfDocument(FILES / "scan.pdf") as scan:
        for _ in range(scans):
            book.import_pages(scan, [0])
        book.save(tmp_path / "mixed.pdf")

    document, pictures = _read(tmp_path / "mixed.pdf")

    assert len(pictures) == MOST_PICTURES
    assert [picture.name for picture in pictures[-scans:]] == [
        f"mixed.pdf, page {figures + number}" for number in range(1, scans + 1)
    ]
    shown = MOST_PICTURES - scans
    assert document.note == FIGURES_LEFT.format(shown=shown, count=figures)


def test_a_model_that_sees_nothing_is_told_of_the_figures(tmp_path: Path) -> None:
    document, pictures = _read(pdf(tmp_path / "report.pdf", (jpeg(RED), 0.3)), pictures=False)

    assert pictures == []
    assert "131500" in document.markdown
    assert "shown as a picture" not in document.markdown
    assert document.note == FIGURES_LEFT.format(shown=0, count=1)
