"""Small videos and recordings, made for the tests that read them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image as Pillow


def film(path: Path, *, seconds: int = 6, codec: str = "libx264", noise: bool = False) -> Path:
    """A video whose colour goes from black to red."""
    with av.open(str(path), "w") as target:
        stream: Any = target.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(seconds * 10):
            red = 255 * number // (seconds * 10)
            picture = Pillow.new("RGB", (320, 240), (red, 0, 0))
            if noise:
                picture = Pillow.effect_noise((320, 240), 90).convert("RGB")
            target.mux(stream.encode(_frame(picture)))
        target.mux(stream.encode(None))
    return path


def _frame(picture: Pillow.Image) -> Any:
    return av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]


def speech(path: Path, *, seconds: int = 3, codec: str = "aac") -> Path:
    """A recording; there is silence in it."""
    with av.open(str(path), "w") as target:
        stream: Any = target.add_stream(codec, rate=48_000, layout="mono")
        for number in range(seconds * 50):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=960)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.rate, frame.pts, frame.time_base = 48_000, number * 960, Fraction(1, 48_000)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path
