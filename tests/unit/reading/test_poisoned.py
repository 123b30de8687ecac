"""A poisoned file costs its own sentence, nothing more."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.errors import UnreadableFile
from bot.reading.workshop import BROKE, TOO_SLOW, Workshop
from tests.unit.reading.orders import FILES, opened, order


def _zip(names: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _office(folder: str, data: bytes) -> bytes:
    return _zip({"[Content_Types].xml": b"<Types/>", f"{folder}/document.xml": data})


def _cut(name: str, share: float) -> bytes:
    whole = (FILES / name).read_bytes()
    return whole[: int(len(whole) * share)]


def _far_cell() -> bytes:
    """A workbook of two cells, as far from each other as Excel allows."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cell = '<row r="{r}"><c r="{at}"><v>1</v></c></row>'
    rows = cell.format(r=1, at="A1") + cell.format(r=1048576, at="XFD1048576")
    with zipfile.ZipFile(FILES / "ledger.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
    parts[sheet] = f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>".encode()
    return _zip(parts)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("empty.pdf", lambda: b"", "it is empty"),
        ("blank.txt", lambda: b" \n\n ", "it is empty"),
        ("noise.bin", lambda: bytes(range(256)) * 40, "I don't know this kind"),
        ("locked.pdf", (FILES / "locked.pdf").read_bytes, "protected with a password"),
        ("locked.xlsx", (FILES / "locked.xlsx").read_bytes, "protected with a password"),
        ("old.doc", (FILES / "report.doc").read_bytes, "before 2007"),
        ("bomb.docx", lambda: _office("word", b"\0" * 50_000_000), "unpack to far more"),
        ("bomb.xlsx", lambda: _office("xl", b"\0" * 50_000_000), "unpack to far more"),
        ("many.docx", lambda: _many(), "unpack to far more"),
        ("broken.pdf", lambda: b"%PDF-1.7\n" + b"\xde\xad" * 500, "damaged"),
        ("headless.pdf", lambda: b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>", "damaged"),
    ],
)
def test_bad_files_have_their_sentence(
    name: str, make: Callable[[], bytes], words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make())

    with pytest.raises(UnreadableFile, match=words):
        opened(path)


def _many() -> bytes:
    names = {f"word/{number}.xml": b"" for number in range(20_001)}
    return _zip({"[Content_Types].xml": b"", **names})


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    shop = Workshop(seconds=20)
    yield shop
    await shop.close()


async def _refusal(shop: Workshop, path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        await shop.make(order(path), lambda done, count: None)
    return caught.value.reason


async def _reads_on(shop: Workshop) -> bool:
    product = await shop.make(order(FILES / "report.pdf"), lambda done, count: None)
    return len(product) == 1


@pytest.mark.parametrize("name", ["report.docx", "report.odt", "plans.pptx", "ledger.xlsx"])
async def test_half_a_file_is_damaged_and_the_next_is_read(
    name: str, workshop: Workshop, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(_cut(name, 0.6))

    assert "damaged" in await _refusal(workshop, path)
    assert await _reads_on(workshop)


async def test_a_file_that_would_fill_the_memory_ends_its_own_process(
    workshop: Workshop, tmp_path: Path
) -> None:
    path = tmp_path / "far.xlsx"
    path.write_bytes(_far_cell())

    assert await _refusal(workshop, path) == BROKE
    assert await _reads_on(workshop)


async def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "endless.html"
    path.write_text("<div><p>word</p>" * 100_000)
    shop = Workshop(seconds=0.3)

    assert await _refusal(shop, path) == TOO_SLOW
    await shop.close()


async def test_a_turn_that_is_stopped_lets_go_of_the_process(
    workshop: Workshop, tmp_path: Path
) -> None:
    path = tmp_path / "endless.html"
    path.write_text("<div><p>word</p>" * 100_000)
    reading = asyncio.create_task(workshop.make(order(path), lambda done, count: None))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait({reading})

    assert reading.cancelled()
    assert await _reads_on(workshop)


async def test_progress_is_told_page_by_page(workshop: Workshop) -> None:
    heard: list[tuple[int, int]] = []

    await workshop.make(
        order(FILES / "plans.pptx"), lambda done, count: heard.append((done, count))
    )

    assert heard == [(0, 3), (1, 3), (2, 3)]
