"""Word: its text with headings, lists, tables, links and footnotes, as Markdown, and its pictures."""

from pathlib import Path
from typing import Any

import mammoth

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.reading.album import Album
from bot.reading.archives import check
from bot.reading.html import to_markdown
from bot.reading.passages import by_headings

_STYLES = "comment-reference => sup"


def read_word(path: Path, name: str, *, pictures: bool) -> list[Image | Document]:
    """The document, then the pictures in it. Raises UnreadableFile."""
    check(path)
    album = Album(name, pictures=pictures)

    def in_its_place(picture: Any) -> list[Any]:
        mark = album.mark(lambda: _bytes(picture), alt=picture.alt_text or "")
        return [mammoth.html.text(mark)] if mark else []

    with path.open("rb") as file:
        # Pictures that lie elsewhere, on the web or on our disk, are never fetched.
        html = mammoth.convert_to_html(
            file,
            style_map=_STYLES,
            convert_image=in_its_place,
            external_file_access=False,
        ).value
    passages = tuple(by_headings(to_markdown(html)))
    document = Document(name=name, extent="a Word document", passages=passages, note=album.note)
    return [document, *album.images(passages)]


def _bytes(picture: Any) -> bytes:
    with picture.open() as file:
        data: bytes = file.read()
    return data
