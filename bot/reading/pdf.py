"""PDF: the text of its pages; pages without text (scans) and pages with figures as pictures."""

import re
import time
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2.raw import FPDF_ERR_PASSWORD

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading.figures import Look, Page, look_at, without_ornaments
from bot.reading.passages import cut
from bot.reading.pictures import PAGE_PIXELS, PictureLimits, from_pillow

MOST_PAGES = 2_000
MOST_PICTURES = 20
_MOST_CHARACTERS = 6_000_000
_SECONDS = 25.0
"""Of CPU time for the pictures of all pages."""
_HYPHEN = re.compile("[\x02\ufffe]\r?\n?")
_BULLETS = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf076\uf0fc", "•"))
"""Signs of Wingdings and Symbol, which have no letters."""
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

LOCKED = "it is protected with a password"
DAMAGED = "the file is damaged"
ONLY_FIRST = "only the first {read:,} of {count:,} pages were read"
PICTURES_LEFT = (
    "pages without text are shown as pictures, the first {shown} of {count:,} such pages"
)
FIGURES_LEFT = (
    "pages with figures are shown as pictures, too, the first {shown} of {count:,} such pages"
)
NO_TEXT = "(no text: shown as a picture below)"
NO_ROOM = "(no text, and not shown)"
AS_PICTURE = "(with figures: shown as a picture below)"


def read_pdf(
    path: Path, name: str, watch: Callable[[int, int], None], *, scans: bool, figures: bool
) -> list[Image | Document]:
    """The document, then the pictures of its pages that the text does not tell of. Raises UnreadableFile."""
    with _opened(path) as pdf:
        count = len(pdf)
        pages = without_ornaments(list(_looked_at(pdf, watch)))
        wanted = {Look.SCAN: scans, Look.FIGURE: figures, Look.WORDS: False}
        shown = dict(_pictures(pdf, [page for page in pages if wanted[page.look]], name))
    passages: list[Passage] = []
    for page in pages:
        place = f"page {page.number}"
        if page.look is Look.SCAN:
            mark = NO_TEXT if page.number in shown else NO_ROOM
            passages.append(Passage.of(place, f"{page.text}\n{mark}".strip()))
        else:
            mark = AS_PICTURE if page.number in shown else ""
            passages.extend(cut(f"{page.text}\n{mark}", place))
    notes = [ONLY_FIRST.format(read=len(pages), count=count)] if len(pages) < count else []
    notes += _left(pages, shown.keys())
    extent = "1 page" if count == 1 else f"{count:,} pages"
    document = Document(name=name, extent=extent, passages=tuple(passages), note="; ".join(notes))
    return [document, *shown.values()]


def _left(pages: Sequence[Page], shown: Container[int]) -> Iterator[str]:
    """What is not shown, in words."""
    for look, words in ((Look.SCAN, PICTURES_LEFT), (Look.FIGURE, FIGURES_LEFT)):
        numbers = [page.number for page in pages if page.look is look]
        seen = sum(number in shown for number in numbers)
        if seen < len(numbers):
            yield words.format(shown=seen, count=len(numbers))


def _opened(path: Path) -> PdfDocument:
    try:
        pdf = PdfDocument(path)
    except PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
        raise UnreadableFile(LOCKED if is_locked else DAMAGED) from error
    if not len(pdf):
        pdf.close()
        raise UnreadableFile(DAMAGED)
    return pdf


def _page(pdf: PdfDocument, number: int) -> PdfPage | None:
    """One broken page costs no other."""
    try:
        return pdf[number]
    except PdfiumError:
        return None


def _text(page: PdfPage) -> str:
    try:
        raw = page.get_textpage().get_text_bounded()
    except PdfiumError:
        return ""
    text = _HYPHEN.sub("", raw).replace("\r\n", "\n").replace("\x00", "").translate(_BULLETS)
    return _BLANK_LINES.sub("\n\n", text).strip()


def _looked_at(pdf: PdfDocument, watch: Callable[[int, int], None]) -> Iterator[Page]:
    count = len(pdf)
    length = 0
    for position in range(min(count, MOST_PAGES)):
        watch(position, count)
        page = _page(pdf, position)
        text = _text(page) if page else ""
        look, figures = look_at(page, text) if page else (Look.WORDS, ())
        yield Page(number=position + 1, text=text, look=look, figures=figures)
        length += len(text)
        if length > _MOST_CHARACTERS:
            return


def _pictures(pdf: PdfDocument, wanted: Sequence[Page], name: str) -> Iterator[tuple[int, Image]]:
    """By their numbers: pages that can't be read otherwise come first, where there is no room for all."""
    first = sorted(wanted, key=_is_not_scan)[:MOST_PICTURES]
    began = time.process_time()
    for page in sorted(first, key=lambda page: page.number):
        if time.process_time() - began > _SECONDS:
            return
        label = f"{name}, page {page.number}"
        picture = _picture(pdf, page, label if page.look is Look.SCAN else f"{label}, as a picture")
        if picture is not None:
            yield page.number, picture


def _is_not_scan(page: Page) -> bool:
    return page.look is not Look.SCAN


def _picture(pdf: PdfDocument, looked_at: Page, name: str) -> Image | None:
    """One page that can't be drawn costs no other."""
    try:
        page = pdf[looked_at.number - 1]
        width, height = page.get_size()
        scale = (PAGE_PIXELS / max(width * height, 1)) ** 0.5
        rendered = page.render(scale=min(scale, 8), may_draw_forms=False).to_pil()
        return from_pillow(rendered, name=name, limits=PictureLimits(max_pixels=PAGE_PIXELS))
    except (PdfiumError, UnreadableFile, ValueError, MemoryError):
        return None
