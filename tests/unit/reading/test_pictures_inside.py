"""Pictures inside documents are shown to a model that sees, and the text says where each stands."""

import io
import zipfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest
from PIL import Image as Pillow

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.reading.album import MOST_LOOKED_AT, MOST_PICTURES, SECONDS, Album
from bot.reading.packing import pack, unpack
from bot.reading.passages import by_headings
from bot.reading.product import Product
from tests.unit.reading.illustrated import (
    BLUE,
    GREEN,
    RED,
    colour_of,
    jpeg,
    mail,
    open_slides,
    open_text,
    pdf,
    png,
    slides,
    word,
    workbook,
)
from tests.unit.reading.orders import FILES, opened

EMF = b"\x01\x00\x00\x00\x6c\x00\x00\x00" + bytes(32) + b" EMF" + bytes(60)


def _read(path: Path, **more: bool) -> tuple[Document, list[Image]]:
    found: Product = opened(path, **more)
    document, *pictures = found
    assert isinstance(document, Document)
    return document, [one for one in pictures if isinstance(one, Image)]


def _names(pictures: Sequence[Image]) -> list[str]:
    return [picture.name for picture in pictures]


@pytest.mark.parametrize(("make", "kind"), [(slides, "pptx"), (open_slides, "odp")])
def test_pictures_on_slides_are_shown_under_their_slides_number(
    make: Callable[..., Path], kind: str, tmp_path: Path
) -> None:
    path = make(tmp_path / f"deck.{kind}", [], [png(RED)], [png(GREEN), png(BLUE)], alt="The quay")

    document, pictures = _read(path)

    assert _names(pictures) == [
        f"deck.{kind}, picture 1, slide 2",
        f"deck.{kind}, picture 2, slide 3",
        f"deck.{kind}, picture 3, slide 3",
    ]
    assert [colour_of(picture.data) for picture in pictures] == [RED, GREEN, BLUE]
    assert (pictures[0].width, pictures[0].height) == (300, 200)
    assert "[picture 1: slide 2; The quay]" in document.passages[1].text
    assert "Quay 2" in document.passages[1].text
    assert document.passages[2].text.index("[picture 2:") < document.passages[2].text.index("3:")
    assert document.markdown.count("The quay") == 3
    assert document.note == ""


@pytest.mark.parametrize(("make", "kind"), [(word, "docx"), (open_text, "odt")])
def test_pictures_between_paragraphs_are_shown_under_their_section(
    make: Callable[..., Path], kind: str, tmp_path: Path
) -> None:
    path = make(
        tmp_path / f"plan.{kind}", "Hello", png(RED), "# Costs", png(GREEN), "Far too high.", alt=""
    )

    document, pictures = _read(path)

    assert _names(pictures) == [
        f"plan.{kind}, picture 1",
        f"plan.{kind}, picture 2, section 'Costs'",
    ]
    assert [colour_of(picture.data) for picture in pictures] == [RED, GREEN]
    words = ("Hello", "[picture 1]", "# Costs", "[picture 2]", "Far too high.")
    found = [document.markdown.index(word) for word in words]
    assert found == sorted(found)


@pytest.mark.parametrize(("make", "kind"), [(word, "docx"), (open_text, "odt")])
def test_a_model_that_sees_nothing_has_the_words_of_the_pictures(
    make: Callable[..., Path], kind: str, tmp_path: Path
) -> None:
    path = make(tmp_path / f"plan.{kind}", "Hello", png(), png(BLUE), alt="The [north]\n\n# quay")

    document, pictures = _read(path, pictures=False)

    assert pictures == []
    assert document.markdown.count("[picture, not shown: The (north) # quay]") == 2
    assert document.note == "its pictures are not shown (2)"


def test_a_logo_on_each_slide_is_shown_once_and_icons_not_at_all(tmp_path: Path) -> None:
    logo, icon, rule = png(BLUE, (200, 80)), png(RED, (48, 48)), png(RED, (800, 3))
    path = slides(tmp_path / "deck.pptx", [logo, icon], [logo, rule], [logo, png(GREEN)])

    document, pictures = _read(path)

    assert _names(pictures) == ["deck.pptx, picture 1, slide 1", "deck.pptx, picture 2, slide 3"]
    assert document.markdown.count("[picture 1 again]") == 2
    assert document.markdown.count("[picture") == 4
    assert document.note == ""


def test_only_so_many_are_shown_and_the_document_says_so(tmp_path: Path) -> None:
    extra = 3
    every = [[png(f"#{number * 4:02x}0000")] for number in range(MOST_PICTURES + extra)]
    path = slides(tmp_path / "deck.pptx", *every)

    document, pictures = _read(path)

    assert len(pictures) == MOST_PICTURES
    assert document.markdown.count("[picture, not shown: slide ") == extra
    assert document.note == "of its 63 pictures only the first 60 are shown"


def test_pictures_that_cannot_be_opened_cost_a_note(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    Pillow.new("1", (15_000, 10_000)).save(bomb, "PNG")
    path = word(
        tmp_path / "plan.docx", "Hello", png(RED), png(GREEN), png(BLUE), png(RED, (90, 90))
    )
    broken = {
        "word/media/image1.png": EMF,
        "word/media/image2.png": bomb.getvalue(),
        "word/media/image3.png": png(BLUE, (900, 900))[:-60],
    }
    _exchange(path, broken)

    document, pictures = _read(path)

    assert _names(pictures) == ["plan.docx, picture 1"]
    assert (pictures[0].width, pictures[0].height) == (90, 90)
    assert document.markdown.count("[picture, not shown]") == 3
    assert document.note == "3 of its pictures can't be opened"


def test_a_picture_that_lies_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(png())
    path = word(tmp_path / "plan.docx", "Hello", png(GREEN))
    with zipfile.ZipFile(path) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
        text = archive.read("word/document.xml").decode()
    linked = relations.replace(
        'Target="media/image1.png"', f'Target="{outside}" TargetMode="External"'
    )
    assert linked != relations
    _exchange(
        path,
        {
            "word/_rels/document.xml.rels": linked.encode(),
            "word/document.xml": text.replace("r:embed=", "r:link=").encode(),
        },
    )

    document, pictures = _read(path)

    assert pictures == []
    assert "[picture, not shown]" in document.markdown


def test_pictures_on_sheets_are_shown_under_their_cells(tmp_path: Path) -> None:
    sheets = {
        "Costs": [("AB12", png(GREEN)), ("B4", png(RED))],
        "Empty": [],
        "Ships": [("C1", png(BLUE))],
    }

    document, pictures = _read(workbook(tmp_path / "ledger.xlsx", **sheets))

    assert _names(pictures) == [
        "ledger.xlsx, picture 1, sheet 'Costs' at B4",
        "ledger.xlsx, picture 2, sheet 'Costs' at AB12",
        "ledger.xlsx, picture 3, sheet 'Ships' at C1",
    ]
    assert [colour_of(picture.data) for picture in pictures] == [RED, GREEN, BLUE]
    assert "[picture 2: sheet 'Costs' at AB12; Picture]" in document.markdown
    assert document.markdown.count("4812") == 3


def test_a_workbook_whose_drawings_are_broken_has_its_figures(tmp_path: Path) -> None:
    path = workbook(tmp_path / "ledger.xlsx", Costs=[("B4", png())])
    _exchange(path, {"xl/drawings/drawing1.xml": b"<xdr:wsDr"})

    document, pictures = _read(path)

    assert pictures == []
    assert "4812" in document.markdown


def test_pictures_of_an_email_stand_in_its_text_or_beside_their_names(tmp_path: Path) -> None:
    path = mail(tmp_path / "quay.eml", inline=png(RED), attached=png(GREEN))

    document, pictures = _read(path)

    assert "Here it is:\n\n[picture 1: The quay]\n\nYours" in document.markdown
    assert "Attached:\n- map.png (image/png) [picture 2]" in document.markdown
    assert [colour_of(picture.data) for picture in pictures] == [RED, GREEN]
    assert document.note == ""


def test_pictures_of_an_email_whose_plain_text_is_read_are_listed(tmp_path: Path) -> None:
    path = mail(tmp_path / "quay.eml", inline=png(RED), attached=png(GREEN), plain="Here it is")

    document, pictures = _read(path)

    assert "Here it is" in document.markdown
    assert (
        "- map.png (image/png) [picture 1]\n- quay.png (image/png) [picture 2]" in document.markdown
    )
    assert [colour_of(picture.data) for picture in pictures] == [GREEN, RED]


def test_where_only_its_beginning_is_wanted_a_document_has_no_pictures(tmp_path: Path) -> None:
    deck = slides(tmp_path / "deck.pptx", [png(RED)])
    report = pdf(tmp_path / "report.pdf", (jpeg(RED), 0.4))

    for path in (deck, report):
        document, pictures = _read(path, only_beginning=True)
        assert pictures == []
        assert document.passages
    _, scanned = _read(FILES / "scan.pdf", only_beginning=True)
    assert len(scanned) == 1


def test_what_is_kept_of_a_document_has_its_pictures(tmp_path: Path) -> None:
    product = opened(slides(tmp_path / "deck.pptx", [png(RED)], [png(GREEN)]))

    packed = pack(product)

    assert packed is not None
    assert unpack(packed) == tuple(product)


def test_pictures_take_only_their_share_of_the_time() -> None:
    """The rest of them is counted, and the text is read to its end."""
    clock = count(step=SECONDS)
    album = Album("plan.docx", pictures=True, clock=lambda: float(next(clock)))
    given = [png(f"#{number:02x}0000") for number in range(4)]

    marks = [album.mark(lambda one=one: one) for one in given]  # type: ignore[misc]  # a default

    assert marks == ["[picture 1]", "[picture 2]", "[picture, not shown]", "[picture, not shown]"]
    assert album.note == "of its 4 pictures only the first 2 are shown"


def test_of_countless_pictures_most_are_not_even_looked_at() -> None:
    looked: list[int] = []
    album = Album("plan.docx", pictures=True)

    def load(number: int) -> bytes:
        looked.append(number)
        return png(f"#{number % 256:02x}{number // 256:02x}00", (64, 64))

    for number in range(MOST_LOOKED_AT + 10):
        album.mark(lambda number=number: load(number))  # type: ignore[misc]  # a default

    assert len(looked) == MOST_LOOKED_AT
    assert "1,010 pictures" in album.note


def test_a_picture_in_a_heading_is_no_part_of_the_sections_name() -> None:
    passages = list(by_headings("# Costs [picture 1: quay (north)]\n\nHigh.\n\n## [picture 2]"))

    assert [passage.place for passage in passages] == ["section 'Costs'", ""]


def _exchange(path: Path, parts: dict[str, bytes]) -> None:
    """Put other bytes into an archive."""
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    assert parts.keys() <= whole.keys()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**whole, **parts}.items():
            archive.writestr(name, data)
