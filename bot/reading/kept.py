"""What was read a moment ago, kept in memory for the next question about it; the oldest goes first."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from bot.conversation.documents.document import Document
from bot.conversation.messages import Video
from bot.conversation.ports import Piece

_MOST_BYTES = 96 * 1024 * 1024


class Kept:
    """Pieces by file, as many as the memory for them takes."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pieces: OrderedDict[Hashable, tuple[Piece, ...]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> tuple[Piece, ...] | None:
        """The pieces of a file, if they are still there."""
        if key in self._pieces:
            self._pieces.move_to_end(key)
        return self._pieces.get(key)

    def put(self, key: Hashable, pieces: tuple[Piece, ...]) -> None:
        """Keep these, and let go of the oldest where there is no room."""
        self._bytes -= _size_of(self._pieces.pop(key, ()))
        self._pieces[key] = pieces
        self._bytes += _size_of(pieces)
        while self._bytes > self._most_bytes:
            _, oldest = self._pieces.popitem(last=False)
            self._bytes -= _size_of(oldest)


def size(piece: Piece) -> int:
    """A piece's bytes in memory, roughly; those of what is not text are what a request carries."""
    match piece:
        case Document():
            return 2 * piece.size
        case Video():
            return len(piece.data) + sum(len(frame.data) for frame in piece.frames)
        case _:
            return len(piece.data)


def _size_of(pieces: Sequence[Piece]) -> int:
    return sum(map(size, pieces))
