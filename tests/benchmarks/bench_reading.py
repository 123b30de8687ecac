"""What it takes to read large files: seconds, memory of the process that reads, what the model gets.

.venv/bin/python -m tests.benchmarks.bench_reading
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pypdfium2
from PIL import Image as Pillow

from bot.conversation.documents.document import Document
from bot.conversation.messages import Audio, Image, Video
from bot.conversation.ports_files import Piece
from bot.reading.product import Order
from bot.reading.reader import CPU_SECONDS
from bot.reading.workshop import Workshop
from tests.unit.reading.filmed import film
from tests.unit.reading.illustrated import noise, slides

FILES = Path(__file__).parents[1] / "samples" / "files"


def pdf(path: Path) -> None:
    """Two hundred pages of print."""
    with pypdfium2.PdfDocument(FILES / "report.pdf") as page, pypdfium2.PdfDocument.new() as book:
        for _ in range(200):
            book.import_pages(page, [0])
        book.save(path)


def scan(path: Path) -> None:
    """Two hundred scanned pages."""
    with pypdfium2.PdfDocument(FILES / "scan.pdf") as page, pypdfium2.PdfDocument.new() as book:
        for _ in range(200):
            book.import_pages(page, [0])
        book.save(path)


def workbook(path: Path) -> None:
    """Fifty sheets of a thousand rows with twelve cells each."""
    book = openpyxl.Workbook(write_only=True)
    for number in range(50):
        sheet = book.create_sheet(f"Month {number}")
        sheet.append([f"Column {column}" for column in range(12)])
        for row in range(1_000):
            sheet.append([row, f"Item {row}", *(row * 1.5 + column for column in range(10))])
    book.save(path)


def photo(path: Path) -> None:
    """Twenty-four megapixels, as a phone takes them."""
    noise = Pillow.effect_noise((6000, 4000), 60).convert("RGB")
    noise.save(path, "JPEG", quality=92)


def deck(path: Path) -> None:
    """Forty slides with a photo of three megapixels on each."""
    slides(path, *([noise((2000, 1500))] for _ in range(40)))


def video(path: Path) -> None:
    """A hundred megabytes of a video, hard to compress."""
    film(path, seconds=300, noise=True)


KINDS: dict[str, Callable[[Path], None]] = {
    "200-page.pdf": pdf,
    "200-scans.pdf": scan,
    "50-sheet.xlsx": workbook,
    "24-megapixel.jpg": photo,
    "40-photos.pptx": deck,
    "100-MB.mp4": video,
}


async def measure(path: Path) -> str:
    """Read a file in a fresh workshop, and again in the process that is there already."""
    shop = Workshop()
    order = Order(
        path=str(path),
        name=path.name,
        media_type="",
        pictures=True,
        videos=True,
        seconds=CPU_SECONDS,
    )
    seconds: list[float] = []
    product: list[Piece] = []
    for _ in range(2):
        began = time.perf_counter()
        product = await shop.make(order, lambda done, count: None)
        seconds.append(time.perf_counter() - began)
    peak = max(map(_peak, shop.process_ids))
    await shop.close()
    size = await asyncio.to_thread(os.path.getsize, path)
    cold, warm = seconds
    return (
        f"{path.name:18} {size / 1e6:7.1f} MB  {cold:6.2f} s  warm {warm:6.2f} s  "
        f"peak {peak / 1024:6.0f} MB  {len(product)} pieces: "
        f"{'; '.join(map(described, product[:3]))}"
    )


def _peak(process_id: int) -> int:
    """The most memory a process has had, in kB (Linux)."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def described(piece: Piece) -> str:
    """What the model gets."""
    match piece:
        case Document():
            return f"{piece.extent}, {len(piece.passages)} passages, {piece.cost:,} tokens"
        case Image():
            return f"picture {piece.width}x{piece.height}, {len(piece.data) / 1e6:.2f} MB"
        case Video():
            inside = sum(len(frame.data) for frame in piece.frames) + len(piece.data)
            return f"video, {len(piece.frames)} frames, {inside / 1e6:.2f} MB"
        case Audio():
            return f"recording, {len(piece.data) / 1e6:.2f} MB"


def main() -> None:
    """Make the files, read each."""
    with tempfile.TemporaryDirectory() as folder:
        for name, make in KINDS.items():
            path = Path(folder) / name
            make(path)
            print(asyncio.run(measure(path)), flush=True)


if __name__ == "__main__":
    main()
