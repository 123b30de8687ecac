"""Pictures as the model can use them: upright, small enough, without hidden data. Pure, but CPU-bound."""

import warnings
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from bot.conversation.messages import Image
from bot.errors import UnreadableFile

pillow_heif.register_heif_opener()
Pillow.init()

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "HEIF", "TIFF", "BMP")
PAGE_PIXELS = 1_300_000
"""Of a page or a figure: print of ten points can be read, and it costs half of what a photo may."""
_SMALLEST_SIDE = 11
_MOST_STRETCHED = 200
_QUALITIES = (88, 75, 60, 45)
_FEW_COLOURS = 4_096
_PNG_ALLOWANCE = 1.5

NOT_A_PICTURE = "this is not a picture that I can open"
DAMAGED = "the file is damaged"
TOO_MANY_PIXELS = "it has {width:,} × {height:,} pixels, more than I can open"
TOO_SMALL = "it is only {width} × {height} pixels"
TOO_STRETCHED = "it is too long and narrow ({width:,} × {height:,} pixels)"
BOMB = "it has more pixels than I can open"
TOO_LARGE = "it is too large even when made smaller"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLimits:
    """What the model takes (Model Studio, "Image and video understanding")."""

    max_pixels: int = 2_621_440
    """The model would scale down to this itself."""
    max_bytes: int = 7 * 1024 * 1024
    """Base64 adds a third; a data URL may have 10 MB."""
    max_source_pixels: int = 100_000_000
    """A larger picture is not even decoded: it could fill the memory."""


def prepare(data: bytes, *, name: str, limits: PictureLimits) -> Image:
    """Turn the bytes of a shared picture into one for the model. Raises UnreadableFile.

    The first frame of an animation is taken; metadata, the place of a photo among it, is dropped.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _prepare(data, name, limits)
    except UnreadableFile:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableFile(NOT_A_PICTURE) from error
    except (Pillow.DecompressionBombError, MemoryError) as error:
        raise UnreadableFile(BOMB) from error
    except (
        Exception
    ) as error:  # Pillow's decoders raise whatever they meet: struct, value, OS errors
        raise UnreadableFile(DAMAGED) from error


def _prepare(data: bytes, name: str, limits: PictureLimits) -> Image:
    with Pillow.open(BytesIO(data), formats=FORMATS) as source:
        _check_size(*source.size, limits)
        wanted = _fitting(*source.size, limits.max_pixels)
        source.draft("RGB", wanted)  # a JPEG is then decoded at a half, a quarter or an eighth
        upright = ImageOps.exif_transpose(source)
        picture = _plain(upright)
    return from_pillow(picture, name=name, limits=limits)


def from_pillow(picture: Pillow.Image, *, name: str, limits: PictureLimits) -> Image:
    """An RGB picture, encoded for the model. Raises UnreadableFile."""
    size = _fitting(*picture.size, limits.max_pixels)
    if size != picture.size:
        picture = picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    encoded, media_type = _encode(picture, limits.max_bytes)
    return Image(
        name=name,
        media_type=media_type,
        data=encoded,
        width=picture.width,
        height=picture.height,
    )


def _check_size(width: int, height: int, limits: PictureLimits) -> None:
    if width * height > limits.max_source_pixels:
        raise UnreadableFile(TOO_MANY_PIXELS.format(width=width, height=height))
    if min(width, height) < _SMALLEST_SIDE:
        raise UnreadableFile(TOO_SMALL.format(width=width, height=height))
    if max(width, height) > _MOST_STRETCHED * min(width, height):
        raise UnreadableFile(TOO_STRETCHED.format(width=width, height=height))


def _fitting(width: int, height: int, max_pixels: int) -> tuple[int, int]:
    """The largest size of the same shape that the model takes; no side gets too small for it."""
    if width * height <= max_pixels:
        return width, height
    scale = (max_pixels / (width * height)) ** 0.5
    return max(_SMALLEST_SIDE, int(width * scale)), max(_SMALLEST_SIDE, int(height * scale))


def _plain(picture: Pillow.Image) -> Pillow.Image:
    """The picture in RGB, transparency on white: the model has no use for an alpha channel."""
    if picture.mode == "RGB":
        return picture.copy()
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Pillow.new("RGBA", layered.size, "white")
        return Pillow.alpha_composite(ground, layered).convert("RGB")
    return picture.convert("RGB")


def _encode(picture: Pillow.Image, max_bytes: int) -> tuple[bytes, str]:
    """PNG for screenshots and drawings, whose text JPEG would blur; JPEG for the rest."""
    photo = _as_jpeg(picture, _QUALITIES[0])
    if picture.getcolors(_FEW_COLOURS) is not None:
        drawing = BytesIO()
        picture.save(drawing, "PNG")
        if len(drawing.getvalue()) <= min(max_bytes, _PNG_ALLOWANCE * len(photo)):
            return drawing.getvalue(), "image/png"
    for quality in _QUALITIES[1:]:
        if len(photo) <= max_bytes:
            break
        photo = _as_jpeg(picture, quality)
    if len(photo) > max_bytes:
        raise UnreadableFile(TOO_LARGE)
    return photo, "image/jpeg"


def _as_jpeg(picture: Pillow.Image, quality: int) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()
