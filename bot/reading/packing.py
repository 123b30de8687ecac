"""What a file became, as one text for the database, and back. Pure."""

import base64
import binascii
import zlib
from collections.abc import Sequence

from bot.conversation.ports import Abilities
from bot.conversation.ports_files import Piece
from bot.reading.product import parcels, unpacked

MOST_PACKED = 2 * 1024 * 1024
"""Characters; what is larger is read again where the memory has let go of it."""
_MOST_BYTES = 64 * 1024 * 1024
_VERSION = 2
"""To be raised when files come to be read better: what was kept before is read anew."""


def form_of(abilities: Abilities, *, hears: bool) -> str:
    """What pieces depend on beside the file: the program, and what the model can take."""
    can = (("p", abilities.pictures), ("v", abilities.videos), ("s", abilities.sound), ("h", hears))
    return f"{_VERSION}{''.join(letter for letter, has in can if has)}"


def pack(pieces: Sequence[Piece]) -> str | None:
    """The pieces as text; None where that would be too long."""
    _, *rest = parcels(pieces)
    _, *blobs = rest
    if sum(map(len, blobs)) > MOST_PACKED:
        return None  # pictures and sound get no smaller, and to try takes a second
    framed = b"".join(len(one).to_bytes(4, "big") + one for one in rest)
    if len(framed) > _MOST_BYTES:
        return None
    packed = base64.b85encode(zlib.compress(framed)).decode()
    return packed if len(packed) <= MOST_PACKED else None


def unpack(packed: str) -> tuple[Piece, ...] | None:
    """The pieces; None where the text is none of ours."""
    try:
        framed = zlib.decompress(base64.b85decode(packed))
        described, *blobs = _parts(framed)
        return tuple(unpacked(described, blobs))
    except (ValueError, TypeError, LookupError, zlib.error, binascii.Error):
        return None


def _parts(framed: bytes) -> list[bytes]:
    parts: list[bytes] = []
    at = 0
    while at < len(framed):
        end = at + 4 + int.from_bytes(framed[at : at + 4], "big")
        parts.append(framed[at + 4 : end])
        at = end
    return parts
