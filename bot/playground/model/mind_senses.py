"""What the rehearsal model can measure of pictures, videos and recordings."""

import io
import re
import wave
from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.model.asked import Message
from bot.playground.model.strictness import data_of, picture_of

_NAMED = re.compile(r"\[\w+(?: \d+)? '([^']+)'")
_PART = re.compile(r"\[([^\[\]]+, (?:picture|page) \d+[^\[\]]*):\]\s*$")
"""The label right before a picture that is a part of a document."""
_DARK, _BRIGHT = 240, 480
_KINDS = (
    (b"ftyp", 4, "MP4"),
    (b"\x1aE\xdf\xa3", 0, "Matroska or WebM"),
    (b"AVI ", 8, "AVI"),
    (b"WAVE", 8, "WAV"),
    (b"OggS", 0, "Ogg"),
    (b"ID3", 0, "MP3"),
    (b"\xff\xfb", 0, "MP3"),
)
Find = Callable[[str], bytes | None]
"""What is behind an `oss://` address."""


def perceive(message: Message, find: Find) -> str:
    """What there is to see and hear in a message; empty where it is only text."""
    content = message.get("content")
    if not isinstance(content, list):
        return ""
    seen = list(_seen(content, find))
    pictures = sum(kind == "picture" for kind, _ in seen)
    lines = "\n".join(line for _, line in seen)
    if pictures and pictures == len(seen):
        return f"I see {pictures} picture{'s' * (pictures > 1)}:\n\n{lines}"
    return f"I was shown this:\n\n{lines}" if seen else ""


def _seen(content: list[dict[str, Any]], find: Find) -> Iterator[tuple[str, str]]:
    name = "picture"
    for part in content:
        kind = part["type"]
        match kind:
            case "text":
                inside = _PART.search(part["text"])
                names = [inside[1]] if inside else _NAMED.findall(part["text"])
                name = names[-1] if names else name
            case "image_url":
                if line := _picture(name, part["image_url"]["url"]):
                    yield "picture", line
            case "video":
                frames = [picture_of(url) for url in part["video"]]
                first = next(frame for frame in frames if frame)
                size = f"{first.width} × {first.height}"
                yield "video", f"- **{name}**: a video in {len(frames)} pictures of {size} pixels"
            case "video_url" | "input_audio":
                source = part[kind].get("url") or part[kind].get("data")
                yield kind, _file(name, kind, source, find)
            case _:
                pass


def _picture(name: str, url: str) -> str:
    picture = picture_of(url)
    if picture is None:
        return ""
    small = picture.convert("RGB").resize((1, 1))
    red, green, blue = small.getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel
    total = red + green + blue
    light = "bright" if total > _BRIGHT else "dark" if total < _DARK else "medium"
    return (
        f"- **{name}**: {picture.format}, {picture.width} × {picture.height} pixels, "
        f"{light}, on average #{red:02x}{green:02x}{blue:02x}"
    )


def _file(name: str, kind: str, url: str, find: Find) -> str:
    what = "a recording" if kind == "input_audio" else "a video"
    data = find(url) if url.startswith("oss://") else data_of(url)
    if data is None:
        return f"- **{name}**: {what} at {url[:60]}"
    container = next(
        (word for sign, at, word in _KINDS if data[at : at + 4][: len(sign)] == sign), ""
    )
    seconds = _seconds(data)
    about = ", ".join(part for part in (container, f"{len(data):,} bytes", seconds) if part)
    return f"- **{name}**: {what}, {about}"


def _seconds(data: bytes) -> str:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            return f"{sound.getnframes() / sound.getframerate():.1f} s"
    except (wave.Error, EOFError, ZeroDivisionError):
        return ""
