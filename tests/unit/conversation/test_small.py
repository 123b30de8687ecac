"""Tokens are estimated safely, pictures prepared, and the rule of who is answered holds."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from bot.conversation.addressing import Approach, Company, Reading, read
from bot.conversation.pictures import BrokenPicture, PictureLimits, prepare
from bot.conversation.tokens import estimate

SAMPLES = json.loads((Path(__file__).parents[2] / "samples" / "tokens.json").read_text())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_tokens_are_not_underestimated(sample: dict[str, Any]) -> None:
    guess = estimate(sample["text"])

    assert sample["tokens"] * 0.95 <= guess <= sample["tokens"] * 1.8


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
    with pytest.raises(BrokenPicture, match=words):
        prepare(data, name="a", limits=PictureLimits())


def _approach(**more: bool) -> Approach:
    usual = {"in_dm": False, "mentions_us": False, "mentions_others": False, "from_bot": False}
    return Approach(**{**usual, **more})


ALONE = Company(people=1, is_known_whole=True)
TWO = Company(people=2, is_known_whole=True)
UNREAD = Company(people=1, is_known_whole=False)


@pytest.mark.parametrize(
    ("message", "company", "mode", "reading"),
    [
        (_approach(mentions_us=True), None, "auto", Reading.ANSWER),
        (_approach(in_dm=True), None, "mention", Reading.ANSWER),
        (_approach(), None, "always", Reading.IGNORE),
        (_approach(), ALONE, "auto", Reading.ANSWER),
        (_approach(), TWO, "auto", Reading.LISTEN),
        (_approach(), UNREAD, "auto", Reading.LISTEN),
        (_approach(), TWO, "always", Reading.ANSWER),
        (_approach(), ALONE, "mention", Reading.LISTEN),
        (_approach(mentions_others=True), ALONE, "auto", Reading.LISTEN),
        (_approach(from_bot=True, mentions_us=True), None, "auto", Reading.IGNORE),
        (_approach(from_bot=True), ALONE, "always", Reading.LISTEN),
        (_approach(from_bot=True, in_dm=True, bot_is_allowed=True), None, "auto", Reading.IGNORE),
        (
            _approach(from_bot=True, mentions_us=True, bot_is_allowed=True),
            None,
            "auto",
            Reading.ANSWER,
        ),
    ],
)
def test_who_is_answered(
    message: Approach, company: Company | None, mode: Any, reading: Reading
) -> None:
    assert read(message, company, mode) is reading
