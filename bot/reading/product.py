"""What comes out of the reading of one file, and its way between two processes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Audio, Image, Video
from bot.conversation.ports_files import Piece
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
    only_beginning: bool = False
    """Whether how a document begins is all that is wanted of it, so that its pictures need no look."""
    videos: bool = False
    """Whether it can see those, too."""
    seconds: int
    """Of CPU time."""

    @property
    def inside(self) -> bool:
        """Whether the pictures in a document are to be shown."""
        return self.pictures and not self.only_beginning


Product = Sequence[Piece]
_BLOB = "blob"


def parcels(product: Product) -> Iterator[bytes]:
    """The product in JSON and, behind it, the bytes in it: those of pictures, say."""
    blobs: list[bytes] = []

    def set_aside(value: bytes) -> dict[str, int]:
        blobs.append(value)
        return {_BLOB: len(blobs) - 1}

    described = [{"is": type(piece).__name__, **asdict(piece)} for piece in product]
    whole = json.dumps({"product": described}, default=set_aside)
    yield json.dumps({"blobs": len(blobs)}).encode()
    yield whole.encode()
    yield from blobs


def unpacked(described: bytes, blobs: Sequence[bytes]) -> list[Piece]:
    """The product out of its parcels. Raises ValueError, TypeError or KeyError for nonsense."""

    def put_back(value: dict[str, Any]) -> Any:
        return blobs[int(value[_BLOB])] if value.keys() == {_BLOB} else value

    return [_piece(one) for one in json.loads(described, object_hook=put_back)["product"]]


def _piece(given: dict[str, Any]) -> Piece:
    match given.pop("is"):
        case "Image":
            return Image(**given)
        case "Audio":
            return Audio(**given)
        case "Video":
            return Video(**{**given, "frames": tuple(Image(**one) for one in given["frames"])})
        case "Document":
            passages = tuple(Passage(**one) for one in given["passages"])
            return Document(**{**given, "passages": passages})
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
