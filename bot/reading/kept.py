"""What was read a moment ago, kept in memory for the next question about it; the oldest goes first.

That a file can't be opened is kept as well: it would fail again, and take as long.
"""

from collections import OrderedDict
from collections.abc import Hashable

from bot.conversation.documents.document import Document
from bot.conversation.messages import Video
from bot.conversation.ports_files import Piece

_MOST_BYTES = 96 * 1024 * 1024
_LEAST = 1_024
"""What any entry takes."""


Result = tuple[Piece, ...] | str
"""What a file became, or in words why nothing."""


class Kept:
    """Results by file, as many as the memory for them takes."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._results: OrderedDict[Hashable, Result] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> Result | None:
        """What a file became, if that is still there."""
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def put(self, key: Hashable, result: Result) -> None:
        """Keep this, and let go of the oldest where there is no room."""
        self._bytes -= _size_of(self._results.pop(key, ()))
        self._results[key] = result
        self._bytes += _size_of(result)
        while self._bytes > self._most_bytes:
            _, oldest = self._results.popitem(last=False)
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


def _size_of(result: Result) -> int:
    return _LEAST + (len(result) if isinstance(result, str) else sum(map(size, result)))
