"""Orders for files on the disk, and the real programs' files that the tests read."""

from pathlib import Path
from typing import Any

from bot.conversation.documents.document import Document
from bot.reading.opening import open_file
from bot.reading.product import Order, Product

FILES = Path(__file__).parents[2] / "samples" / "files"


def order(path: Path, **more: Any) -> Order:
    """An order to read that file."""
    usual: dict[str, Any] = {"name": path.name, "media_type": "", "pictures": True, "seconds": 20}
    return Order(path=str(path), **{**usual, **more})


def opened(path: Path, **more: Any) -> Product:
    """What is in the file."""
    return open_file(order(path, **more), lambda done, count: None)


def document(path: Path, **more: Any) -> Document:
    """The document that the file is."""
    found = opened(path, **more)[0]
    assert isinstance(found, Document)
    return found
