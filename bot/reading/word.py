"""Word: its text with headings, lists, tables, links and footnotes, as Markdown."""

from pathlib import Path
from typing import Any

import mammoth

from bot.conversation.documents.document import Document
from bot.reading.archives import check
from bot.reading.html import to_markdown
from bot.reading.passages import by_headings

PICTURES_LEFT = "its pictures are not shown ({count})"
_STYLES = "comment-reference => sup"


def read_word(path: Path, name: str) -> Document:
    """The document. Raises UnreadableFile."""
    check(path)
    pictures = 0

    def no_picture(_: Any) -> dict[str, str]:
        nonlocal pictures
        pictures += 1
        return {}

    with path.open("rb") as file:
        html = mammoth.convert_to_html(
            file, style_map=_STYLES, convert_image=mammoth.images.img_element(no_picture)
        ).value
    markdown = to_markdown(html)
    return Document(
        name=name,
        extent="a Word document",
        passages=tuple(by_headings(markdown)),
        note=PICTURES_LEFT.format(count=pictures) if pictures else "",
    )
