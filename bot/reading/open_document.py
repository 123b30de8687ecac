"""OpenDocument texts and presentations (LibreOffice); its tables are read with Excel's."""

import zipfile
from pathlib import Path

from odfdo import Document as OpenDocument

from bot.conversation.documents.document import Document, Passage
from bot.errors import UnreadableFile
from bot.reading.archives import check
from bot.reading.passages import by_headings, cut

DAMAGED = "the file is damaged"
LOCKED = "it is protected with a password"


def read_open_document(path: Path, name: str) -> Document:
    """The document. Raises UnreadableFile."""
    check(path)
    if _is_locked(path):
        raise UnreadableFile(LOCKED)
    try:
        document = OpenDocument(path)
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableFile(DAMAGED) from error
    if document.get_type() != "presentation":
        passages = tuple(by_headings(str(document.to_markdown())))
        return Document(name=name, extent="an OpenDocument text", passages=passages)
    pages = document.body.get_draw_pages()
    slides: list[Passage] = []
    for number, page in enumerate(pages, start=1):
        slides.extend(cut(_lines(page.get_formatted_text()) or "(no text)", f"slide {number}"))
    return Document(name=name, extent=f"{len(pages):,} slides", passages=tuple(slides))


def _lines(text: str) -> str:
    """The words alone: shapes leave empty lines and the names of their previews."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("[Image "))


def _is_locked(path: Path) -> bool:
    """A password encrypts the parts, and the list of parts says so."""
    with zipfile.ZipFile(path) as archive:
        if "META-INF/manifest.xml" not in archive.namelist():
            return False
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
