"""Pictures come out as the model can use them, or with the reason why not."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow

from bot.errors import UnreadableFile
from bot.reading.pictures import PictureLimits, prepare


def _bytes(kind: str, size: tuple[int, int] = (400, 300), mode: str = "RGB", **more: Any) -> bytes:
    encoded = BytesIO()
    Pillow.new(mode, size, 120).save(encoded, kind, **more)
    return encoded.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "HEIF", "TIFF", "BMP"])
def test_every_usual_kind_of_picture_is_opened(kind: str) -> None:
    image = prepare(_bytes(kind), name="a", limits=PictureLimits())

    assert (image.width, image.height) == (400, 300)
    assert Pillow.open(BytesIO(image.data)).format in {"PNG", "JPEG"}


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "LA", "RGBA", "I;16", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"

    image = prepare(_bytes(kind, mode=mode), name="a", limits=PictureLimits())

    assert Pillow.open(BytesIO(image.data)).mode == "RGB"


def test_photos_are_turned_upright_and_lose_their_metadata() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    image = prepare(_bytes("JPEG", exif=exif), name="a", limits=PictureLimits())

    assert (image.width, image.height) == (300, 400)
    assert not Pillow.open(BytesIO(image.data)).getexif()


def test_large_pictures_are_made_smaller() -> None:
    image = prepare(_bytes("JPEG", (6000, 4000)), name="a", limits=PictureLimits())

    assert 2_400_000 < image.width * image.height <= 2_621_440
    assert abs(image.width / image.height - 1.5) < 0.01


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture"),
        (b"%PDF-1.4", "not a picture"),
        (_bytes("PNG")[:80], "damaged"),
        (_bytes("JPEG")[:300], "damaged"),
        (_bytes("PNG", (8, 300)), "only 8 × 300"),
        (_bytes("PNG", (4400, 20)), "too long and narrow"),
        (_bytes("PNG", (20_000, 20_000), mode="1"), "than I can open"),
    ],
)
def test_what_cannot_be_shown_is_explained(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        prepare(data, name="a", limits=PictureLimits())
