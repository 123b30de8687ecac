"""OpenDocument texts and presentations (LibreOffice); its tables are read with Excel's."""

import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from odfdo import Document as OpenDocument

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading.album import Album
from bot.reading.archives import check
from bot.reading.passages import by_headings, cut

DAMAGED = "the file is damaged"
LOCKED = "it is protected with a password"
_HREF = "xlink:href"
_STAND_IN = "picture-{number}"
"""What a picture is called while the text around it is written; its mark replaces that."""
_IN_TEXT = re.compile(r"!\[[^\]]*\]\(picture-(\d+)\)\n?")
_ON_SLIDE = re.compile(r"\[Image picture-(\d+)\]")
_DRAWINGS = (".svg", ".emf", ".wmf", ".svm", ".pdf")
_PNG = b"\x89PNG"


def read_open_document(path: Path, name: str, *, pictures: bool) -> list[Image | Document]:
    """The document, then the pictures in it. Raises UnreadableFile."""
    check(path)
    if _is_locked(path):
        raise UnreadableFile(LOCKED)
    try:
        document = OpenDocument(path)
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableFile(DAMAGED) from error
    album = Album(name, pictures=pictures)
    passages: list[Passage] = []
    if document.get_type() != "presentation":
        marks = _marked(document, document.body, album)
        text = _IN_TEXT.sub(lambda found: marks[int(found[1])], str(document.to_markdown()))
        passages.extend(by_headings(text))
        extent = "an OpenDocument text"
    else:
        pages = document.body.get_draw_pages()
        for number, page in enumerate(pages, start=1):
            place = f"slide {number}"
            marks = _marked(document, page, album, place)
            text = "\n".join(_lines(page.get_formatted_text(), marks))
            passages.extend(cut(text or "(no text)", place))
        extent = f"{len(pages):,} slides"
    read = Document(name=name, extent=extent, passages=tuple(passages), note=album.note)
    return [read, *album.images(passages)]


def _marked(document: OpenDocument, part: Any, album: Album, place: str = "") -> list[str]:
    """The marks of the pictures there, each of which is then called by its number."""
    marks: list[str] = []
    for frame in part.get_elements("descendant::draw:frame[draw:image][not(table:table)]"):
        image, *others = _best_first(frame.get_elements("draw:image"))
        for other in others:
            frame.delete(other)
        load = partial(_bytes, document, image.get_attribute(_HREF))
        if _is_preview(frame) and not load().startswith(_PNG):
            mark = ""  # of a chart or a formula, and only its own program can draw it
        else:
            mark = album.mark(load, alt=_taken_alt(frame), place=place)
        image.set_attribute(_HREF, _STAND_IN.format(number=len(marks)))
        marks.append(mark)
    return marks


def _best_first(images: list[Any]) -> list[Any]:
    """The forms of one picture; drawings come with a picture of themselves."""
    return sorted(
        images, key=lambda image: str(image.get_attribute(_HREF)).lower().endswith(_DRAWINGS)
    )


def _is_preview(frame: Any) -> bool:
    return bool(frame.get_elements("draw:object|draw:object-ole"))


def _bytes(document: OpenDocument, address: str) -> bytes:
    """Of a part of the file; nothing outside it is ever opened."""
    try:
        part = document.get_part(address)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile):
        return b""
    return part if isinstance(part, bytes) else b""


def _taken_alt(frame: Any) -> str:
    """What its author says it shows, taken away where the text would have it a second time."""
    words = frame.get_elements("svg:title|svg:desc")
    alt = ". ".join(text for text in (str(one.text or "").strip() for one in words) if text)
    for one in words:
        frame.delete(one)
    return alt


def _lines(text: str, marks: list[str]) -> Iterator[str]:
    """The words and marks alone: shapes leave empty lines."""
    for line in _ON_SLIDE.sub(lambda found: marks[int(found[1])], text).splitlines():
        if line.strip() and not line.strip().startswith("[Image "):
            yield line.strip()


def _is_locked(path: Path) -> bool:
    """A password encrypts the parts, and the list of parts says so."""
    with zipfile.ZipFile(path) as archive:
        if "META-INF/manifest.xml" not in archive.namelist():
            return False
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
