"""Pictures that documents bring along: as many as the prompt takes, those that the question names first. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.conversation.ports_files import Piece
from bot.conversation.tokens import of_picture

NO_ROOM = "{count:,} of its pictures are not shown below: there was no room for them"
_NUMBER = re.compile(r"\d+")
_PLACE = re.compile(r"(?:picture|slide|page) \d+")


def within(
    by_file: Mapping[str, Sequence[Piece]], question: str, room: int
) -> dict[str, tuple[Piece, ...]]:
    """The same files, with as many pictures of documents as so many tokens allow."""
    return _chosen(by_file, question, room, _tokens)


def best(pieces: Sequence[Piece], question: str, most: int) -> tuple[Piece, ...]:
    """The same pieces of one file, with so many pictures at most where it is a document."""
    return _chosen({"": pieces}, question, most, lambda _: 1)[""]


def cost(by_file: Mapping[str, Sequence[Piece]]) -> int:
    """What the pictures of all documents cost, in tokens."""
    return sum(_tokens(picture) for pieces in by_file.values() for _, picture in _pictures(pieces))


def rank(piece: Piece, question: str) -> int:
    """How far behind the others it comes: first what is no picture, then pictures whose page, slide or
    number the question names, then those of which it has the number alone, as in another language."""
    if not isinstance(piece, Image):
        return 0
    for place, words in enumerate((_PLACE, _NUMBER), start=1):
        if not set(words.findall(piece.name)).isdisjoint(words.findall(question.casefold())):
            return place
    return 3


def _tokens(picture: Image) -> int:
    return of_picture(picture.width, picture.height)


def _chosen(
    by_file: Mapping[str, Sequence[Piece]], question: str, room: int, cost: Callable[[Image], int]
) -> dict[str, tuple[Piece, ...]]:
    pictures = [
        (file_id, position, piece)
        for file_id, pieces in by_file.items()
        for position, piece in _pictures(pieces)
    ]
    kept: set[tuple[str, int]] = set()
    for file_id, position, picture in sorted(pictures, key=lambda one: rank(one[2], question)):
        room -= cost(picture)
        if room < 0:
            break
        kept.add((file_id, position))
    return {file_id: tuple(_only(file_id, pieces, kept)) for file_id, pieces in by_file.items()}


def _pictures(pieces: Sequence[Piece]) -> Iterator[tuple[int, Image]]:
    """Those that a document has, with their position among its pieces."""
    if any(isinstance(piece, Document) for piece in pieces):
        for position, piece in enumerate(pieces):
            if isinstance(piece, Image):
                yield position, piece


def _only(file_id: str, pieces: Sequence[Piece], kept: set[tuple[str, int]]) -> Iterator[Piece]:
    """The pieces without the pictures that are not kept; the document says how many that are."""
    dropped = {position for position, _ in _pictures(pieces) if (file_id, position) not in kept}
    for position, piece in enumerate(pieces):
        if position in dropped:
            continue
        if isinstance(piece, Document) and dropped:
            note = NO_ROOM.format(count=len(dropped))
            piece = replace(piece, note="; ".join(one for one in (piece.note, note) if one))
        yield piece
