"""Large videos are handed over once for each model, and their pictures serve where that fails."""

from pathlib import Path

import pytest

from bot.conversation.messages import Image, Video
from bot.conversation.ports_files import Piece
from bot.conversation.thread import SharedFile
from bot.errors import ModelUnavailable
from bot.reading.handing import HandedOver

FILE = SharedFile(file_id="F1", name="my secret.mov", media_type="video/quicktime", size=9, url="u")
FRAMES = tuple(
    Image(name="f", media_type="image/jpeg", data=bytes([n]), width=64, height=64) for n in range(4)
)
LARGE = Video(name="a.mov", media_type="video/mp4", frames=FRAMES)
PLACE = Path("a")


class _Storage:
    """An uploader that takes everything, or nothing; remembers what it was given."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails
        self.given: list[tuple[str, str]] = []

    async def upload(self, file: bytes | Path, *, name: str, model: str) -> str:
        self.given.append((name, model))
        if self._fails:
            raise ModelUnavailable("full")
        return f"oss://{len(self.given)}/{name}"


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def _shown(handed: HandedOver, piece: Piece, model: str = "a") -> Piece:
    await handed.take(FILE, PLACE, [piece], model)
    (shown,) = handed.addressed(FILE, (piece,), model)
    return shown


async def test_a_large_video_has_its_address_beside_its_pictures() -> None:
    """For the model it was handed over for, and under no name of the person's."""
    storage = _Storage()
    handed = HandedOver(storage)
    shown = await _shown(handed, LARGE)

    assert isinstance(shown, Video)
    assert (shown.url, shown.url_model, shown.frames) == ("oss://1/video.mp4", "a", FRAMES)
    assert handed.addressed(FILE, (LARGE,), "b") == (LARGE,)
    assert await _shown(handed, LARGE) == shown
    assert storage.given == [("video.mp4", "a")], "once is enough"
    await _shown(handed, LARGE, "b")
    assert storage.given[1:] == [("video.mp4", "b")]


async def test_an_address_is_not_used_for_longer_than_it_is_good() -> None:
    clock = _Clock()
    storage = _Storage()
    handed = HandedOver(storage, now=clock)
    first = await _shown(handed, LARGE)
    clock.now += 48 * 3600

    assert handed.addressed(FILE, (LARGE,), "a") == (LARGE,)
    assert await _shown(handed, LARGE) not in {first, LARGE}


@pytest.mark.parametrize(
    "piece",
    [
        Video(name="a.webm", frames=FRAMES),
        Video(name="a.mp4", media_type="video/mp4", data=b"x"),
        FRAMES[0],
    ],
)
async def test_what_is_small_or_in_no_format_of_theirs_stays_here(piece: Piece) -> None:
    storage = _Storage()

    assert await _shown(HandedOver(storage), piece) == piece
    assert storage.given == []


async def test_the_pictures_serve_where_nothing_is_taken() -> None:
    failing = _Storage(fails=True)

    assert await _shown(HandedOver(failing), LARGE) == LARGE
    assert await _shown(HandedOver(), LARGE) == LARGE
    assert failing.given
