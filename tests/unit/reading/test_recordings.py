"""Videos and recordings come out as models take them, or with the reason why not."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from bot.conversation.messages import Audio, Image, Video
from bot.errors import UnreadableFile
from bot.reading import recordings
from tests.unit.reading.filmed import film, speech
from tests.unit.reading.orders import opened


def _video(path: Path) -> Video:
    (found,) = opened(path, videos=True)
    assert isinstance(found, Video)
    return found


def test_a_short_video_is_given_as_it_is(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    found = _video(path)

    assert (found.media_type, found.data, found.frames) == ("video/mp4", path.read_bytes(), ())
    assert found.fps == 2.0


def test_a_longer_one_is_looked_at_less_often(tmp_path: Path) -> None:
    assert _video(film(tmp_path / "a.mp4", seconds=120)).fps == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("is_large", [True, False])
def test_what_cannot_be_given_whole_becomes_pictures_at_even_steps(
    is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large for a request, or a format that the models don't take."""
    if is_large:
        monkeypatch.setattr(recordings, "INLINE_BYTES", 1_000)
    path = film(tmp_path / "a.mp4") if is_large else film(tmp_path / "a.webm", codec="libvpx")
    found = _video(path)

    assert found.data == b""
    assert found.media_type == ("video/mp4" if is_large else ""), "it could be given by an address"
    assert len(found.frames) == 12
    reds = [Pillow.open(BytesIO(one.data)).convert("RGB").getpixel((9, 9)) for one in found.frames]
    shades = [red[0] for red in reds if isinstance(red, tuple)]
    assert shades == sorted(shades)
    assert shades[-1] - shades[0] > 200
    assert found.frames[6].name == f"{path.name} at 0:03"
    assert found.fps == pytest.approx(2, abs=0.3)


def test_a_model_that_sees_only_pictures_is_shown_pictures(tmp_path: Path) -> None:
    (found,) = opened(film(tmp_path / "a.mp4"), videos=False, pictures=True)

    assert isinstance(found, Video)
    assert len(found.frames) == 12


def test_a_blink_is_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "_FEWEST_FRAMES", 40)
    (found,) = opened(film(tmp_path / "a.mp4", seconds=1), videos=True)

    assert isinstance(found, Image)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.m4a", "aac"), ("a.webm", "libopus"), ("a.mp4", "aac")]
)
def test_recordings_become_small_mp3s(name: str, codec: str, tmp_path: Path) -> None:
    (found,) = opened(speech(tmp_path / name, codec=codec))

    assert isinstance(found, Audio)
    assert found.media_type == "audio/mpeg"
    assert 10_000 < len(found.data) < 25_000


def test_a_model_without_eyes_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="can't see videos"):
        opened(film(tmp_path / "a.mp4"), videos=False, pictures=False)


def test_what_is_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_HOURS", 0.001)
    monkeypatch.setattr(recordings, "MOST_MINUTES_OF_SOUND", 0.01)
    with pytest.raises(UnreadableFile, match=r"longer than .* hours"):
        opened(film(tmp_path / "a.mp4"), videos=True)
    with pytest.raises(UnreadableFile, match=r"longer than .* minutes"):
        opened(speech(tmp_path / "a.m4a"))


def test_a_broken_video_is_damaged(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:2_000])

    with pytest.raises(UnreadableFile, match="damaged"):
        opened(path, videos=True)


def test_a_playlist_is_text_and_fetches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    (found,) = opened(path, videos=True)

    assert not isinstance(found, Video)
