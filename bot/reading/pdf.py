"""PDF: the text of its pages, and pages without text as pictures (scans)."""

import re
from collections.abc import Callable
from pathlib import Path

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2.raw import FPDF_ERR_PASSWORD

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading.passages import cut
from bot.reading.pictures import PictureLimits, from_pillow

MOST_PAGES = 2_000
MOST_PICTURES = 20
_MOST_CHARACTERS = 6_000_000
_PIXELS = 1_300_000
"""Of a page's picture: print of ten points can be read, and it costs half of what a photo may."""
_LITTLE_TEXT = 16
"""A page with less is a picture with a page number on it."""
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
NO_TEXT = "(no text: shown as a picture below)"
NO_ROOM = "(no text, and not shown)"


def read_pdf(
    path: Path, name: str, watch: Callable[[int, int], None], *, pictures: bool
) -> list[Image | Document]:
    """The document, then the pictures of its pages that have no text. Raises UnreadableFile."""
    with _opened(path) as pdf:
        count = len(pdf)
        passages: list[Passage] = []
        shown: list[Image] = []
        without_text = read = length = 0
        for number in range(min(count, MOST_PAGES)):
            watch(number, count)
            page = _page(pdf, number)
            text = _text(page) if page else ""
            place = f"page {number + 1}"
            if len(text) < _LITTLE_TEXT and page is not None and _has_drawing(page):
                without_text += 1
                has_room = pictures and len(shown) < MOST_PICTURES
                if has_room:
                    shown.append(_picture(page, f"{name}, {place}"))
                mark = NO_TEXT if has_room else NO_ROOM
                passages.append(Passage.of(place, f"{text}\n{mark}".strip()))
            else:
                passages.extend(cut(text, place))
            read, length = number + 1, length + len(text)
            if length > _MOST_CHARACTERS:
                break
    notes = []
    if read < count:
        notes.append(ONLY_FIRST.format(read=read, count=count))
    if without_text > len(shown):
        notes.append(PICTURES_LEFT.format(shown=len(shown), count=without_text))
    extent = "1 page" if count == 1 else f"{count:,} pages"
    document = Document(name=name, extent=extent, passages=tuple(passages), note="; ".join(notes))
    return [document, *shown]


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


def _has_drawing(page: PdfPage) -> bool:
    return next(iter(page.get_objects(max_depth=1)), None) is not None


def _picture(page: PdfPage, name: str) -> Image:
    width, height = page.get_size()
    scale = (_PIXELS / max(width * height, 1)) ** 0.5
    rendered = page.render(scale=min(scale, 8), may_draw_forms=False).to_pil()
    return from_pillow(rendered, name=name, limits=PictureLimits(max_pixels=_PIXELS))
