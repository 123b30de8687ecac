"""What comes out of the reading of one file, and its way between two processes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from bot.conversation.documents import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile

CANT_SEE = "the model I use can't see pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A file to be read; everything in it is plain JSON."""

    path: str
    name: str
    media_type: str
    pictures: bool
    """Whether the model can see any."""
    seconds: int
    """Of CPU time."""


Product = Sequence[Image | Document]


def parcels(product: Product) -> Iterator[bytes]:
    """The product as a list in JSON and, behind it, the pictures' bytes in their order."""
    yield json.dumps({"product": [_described(piece) for piece in product]}).encode()
    yield from (piece.data for piece in product if isinstance(piece, Image))


def unpacked(described: Sequence[Any], blobs: Sequence[bytes]) -> list[Image | Document]:
    """The product out of its parcels. Raises ValueError, TypeError or KeyError for nonsense."""
    left = iter(blobs)
    return [_piece(one, left) for one in described]


def _described(piece: Image | Document) -> dict[str, Any]:
    described = asdict(piece)
    described.pop("data", None)
    return {"is": type(piece).__name__, **described}


def _piece(described: dict[str, Any], blobs: Iterator[bytes]) -> Image | Document:
    given = dict(described)
    match given.pop("is"):
        case "Image":
            return Image(**given, data=next(blobs))
        case "Document":
            passages = tuple(Passage(**one) for one in given.pop("passages"))
            return Document(**given, passages=passages)
        case other:
            raise ValueError(f"not a piece: {other}")


def send(pipe: BinaryIO, parcel: bytes) -> None:
    """Write a parcel behind its length."""
    pipe.write(len(parcel).to_bytes(4, "big") + parcel)
    pipe.flush()


def receive(pipe: BinaryIO) -> bytes:
    """Read a parcel. Raises EOFError at the end."""
    head = pipe.read(4)
    if len(head) < 4:
        raise EOFError
    return pipe.read(int.from_bytes(head, "big"))


def refusal(error: UnreadableFile) -> bytes:
    """The parcel that says why a file can't be read."""
    return json.dumps({"refused": error.reason}).encode()


def progress(done: int, count: int) -> bytes:
    """The parcel that says how far the reading has come."""
    return json.dumps({"done": done, "count": count}).encode()
