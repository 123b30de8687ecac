"""The pictures inside a document: those that matter are shown, and each has its mark in the text."""

import hashlib
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO

from PIL import Image as Pillow

from bot.conversation.documents.document import Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading import marks
from bot.reading.pictures import FORMATS, PAGE_PIXELS, PictureLimits, prepare

MOST_PICTURES = 60
"""Of one document; a question is shown those of them that it is about."""
MOST_LOOKED_AT = 1_000
SECONDS = 15.0
"""Of CPU time for all of them; the text of the same document needs some, too."""
_SMALL_SIDE = 64
_THIN_SIDE = 16
"""What is smaller, or as thin as a line, only decorates."""

NOT_SHOWN = "its pictures are not shown ({count:,})"
ONLY_FIRST = "of its {count:,} pictures only the first {shown} are shown"
CANT_OPEN = "{count:,} of its pictures can't be opened"


class Album:
    """Takes the pictures of one document in its order."""

    def __init__(
        self, name: str, *, pictures: bool, clock: Callable[[], float] = time.process_time
    ) -> None:
        """`pictures`: whether the model can see any."""
        self._name = name
        self._sees = pictures
        self._clock = clock
        self._spent = 0.0
        self._marks: dict[bytes, str] = {}
        """By the picture's digest: what stands where it comes again."""
        self._shown: list[Image] = []
        self._places: list[str] = []
        self._met = 0
        self._count = 0
        """Pictures that matter, each once."""
        self._broken = 0

    def mark(self, load: Callable[[], bytes], *, alt: str = "", place: str = "") -> str:
        """What stands in the text for the picture there; empty for mere decoration.

        `alt` is what its author says it shows, `place` where it stands if the text does not tell.
        """
        about = (place, alt)
        self._met += 1
        if self._met > MOST_LOOKED_AT or self._spent > SECONDS:
            self._count += 1
            return marks.not_shown(about)
        began = self._clock()
        try:
            return self._looked_at(_loaded(load), about)
        finally:
            self._spent += self._clock() - began

    def _looked_at(self, data: bytes, about: tuple[str, str]) -> str:
        digest = hashlib.blake2b(data).digest()
        if data and digest in self._marks:
            return self._marks[digest]
        size = _size(data)
        if size is not None and (max(size) < _SMALL_SIDE or min(size) < _THIN_SIDE):
            self._marks[digest] = ""
            return ""
        self._count += 1
        if size is not None and not self._has_room:
            self._marks[digest] = marks.not_shown()
            return marks.not_shown(about)
        image = self._opened(data) if size is not None else None
        if image is None:
            self._broken += 1
            self._marks[digest] = marks.not_shown()
            return marks.not_shown(about)
        self._shown.append(image)
        self._places.append(about[0])
        number = len(self._shown)
        self._marks[digest] = marks.shown_before(number)
        return marks.shown(number, about)

    @property
    def _has_room(self) -> bool:
        return self._sees and len(self._shown) < MOST_PICTURES

    def _opened(self, data: bytes) -> Image | None:
        try:
            return prepare(data, name=self._name, limits=PictureLimits(max_pixels=PAGE_PIXELS))
        except UnreadableFile:
            return None

    @property
    def note(self) -> str:
        """What of them is not shown, in words."""
        if not self._sees:
            return NOT_SHOWN.format(count=self._count) if self._count else ""
        notes = []
        if self._count - self._broken > len(self._shown):
            notes.append(ONLY_FIRST.format(count=self._count, shown=len(self._shown)))
        if self._broken:
            notes.append(CANT_OPEN.format(count=self._broken))
        return "; ".join(notes)

    def images(self, passages: Sequence[Passage]) -> list[Image]:
        """Those that are shown, each under its number and the place where it stands."""
        named: list[Image] = []
        for number, (image, place) in enumerate(
            zip(self._shown, self._places, strict=True), start=1
        ):
            where = place or _place_of(number, passages)
            parts = (self._name, f"picture {number}", where)
            named.append(replace(image, name=", ".join(part for part in parts if part)))
        return named


def _loaded(load: Callable[[], bytes]) -> bytes:
    try:
        return load()
    except Exception:  # noqa: BLE001  parsers raise whatever they meet; this picture is one of many
        return b""


def _size(data: bytes) -> tuple[int, int] | None:
    """A picture's sides in pixels, from its head alone; None where it can't be opened."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(BytesIO(data), formats=FORMATS) as picture:
                return picture.size
    except Exception:  # noqa: BLE001  decoders raise whatever they meet: struct, value, OS errors
        return None


def _place_of(number: int, passages: Sequence[Passage]) -> str:
    """Where the picture's mark stands."""
    return next((one.place for one in passages if marks.is_in(number, one.text)), "")
