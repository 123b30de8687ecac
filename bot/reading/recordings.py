"""Videos and recordings as models take them: short ones as they are, of longer ones pictures at even steps."""

import io
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from PIL import Image as Pillow

from bot.conversation.messages import Audio, Image, Video
from bot.errors import UnreadableFile
from bot.reading.pictures import PictureLimits, from_pillow

INLINE_BYTES = 7 * 1024 * 1024
"""As a data URL a third is added, and that may have 10 MB ("Image and video understanding")."""
MOST_HOURS = 2
MOST_MINUTES_OF_SOUND = 20
FRAMES = 60
"""So many pictures are looked at; at the models' own frame size that is within VIDEO_TOKENS."""
_FEWEST_FRAMES = 4
_FRAME_PIXELS = 360_000
_SHORTEST = 2.0
_SLOWEST, _USUAL = 0.1, 2.0
"""Pictures a second that may be asked for."""
_TAKEN = {"mov,mp4,m4a,3gp,3g2,mj2": "video/mp4", "avi": "video/x-msvideo", "flv": "video/x-flv"}
"""The formats that the models take, by PyAV's names."""
_PATIENCE = 20.0
"""CPU seconds, of all threads, for exact pictures; after that the nearest key frames have to do."""
_EARLY = 0.001
"""Seconds that rounding may take from a key frame's time."""
_RATE = 16_000
_BITS = 48_000

CANT_WATCH = "the model I use can't see videos"
NO_PICTURES = "there is nothing to see in it"
NO_SOUND = "there is no sound in it"
TOO_LONG = "it is longer than {limit}"
DAMAGED = "the file is damaged"


def read_video(path: Path, name: str, *, videos: bool, pictures: bool) -> Video | Image:
    """The video for the model. Raises UnreadableFile.

    Pictures with a media type are of a video that the models would take whole, were it smaller.
    """
    if not videos and not pictures:
        raise UnreadableFile(CANT_WATCH)
    with _opened(path) as container:
        if not container.streams.video:
            raise UnreadableFile(NO_PICTURES)
        seconds = _seconds(container)
        if seconds > MOST_HOURS * 3600:
            raise UnreadableFile(TOO_LONG.format(limit=f"{MOST_HOURS} hours"))
        media_type = _TAKEN.get(container.format.name, "")
        fps = min(FRAMES / max(seconds, 1.0), _USUAL)
        if not videos or seconds < _SHORTEST or fps < _SLOWEST:
            media_type = ""
        if media_type and path.stat().st_size <= INLINE_BYTES:
            return Video(name=name, media_type=media_type, data=path.read_bytes(), fps=fps)
        frames = tuple(_frames(container, seconds, name))
    if not frames:
        raise UnreadableFile(DAMAGED)
    if len(frames) < _FEWEST_FRAMES:
        return frames[0]
    rate = max(len(frames) / max(seconds, 1.0), _SLOWEST)
    return Video(name=name, media_type=media_type, frames=frames, fps=rate)


def read_sound(path: Path, name: str) -> Audio:
    """The recording as a small MP3 of one channel: every model that hears takes it.

    Raises UnreadableFile.
    """
    with _opened(path) as container:
        if not container.streams.audio:
            raise UnreadableFile(NO_SOUND)
        if _seconds(container) > MOST_MINUTES_OF_SOUND * 60:
            raise UnreadableFile(TOO_LONG.format(limit=f"{MOST_MINUTES_OF_SOUND} minutes"))
        data = _mp3(container)
    return Audio(name=name, media_type="audio/mpeg", data=data)


def is_sound_alone(path: Path) -> bool:
    """Whether a file that could be a video has only sound in it: voice clips come so."""
    with _opened(path) as container:
        return not container.streams.video and bool(container.streams.audio)


def _opened(path: Path) -> InputContainer:
    """Only the file itself is read, whatever other files and addresses it names."""
    try:
        return av.open(str(path), options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableFile(DAMAGED) from error


def _seconds(container: InputContainer) -> float:
    """How long it is; recordings of browsers do not say, then the last packet does."""
    if container.duration:
        return float(container.duration) / av.time_base
    last = 0.0
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            last = max(last, float(packet.pts * packet.time_base))
    container.seek(0)
    return last


def _frames(container: InputContainer, seconds: float, name: str) -> Iterator[Image]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    keys = _key_frames(container, stream)
    begin = float((stream.start_time or 0) * (stream.time_base or 0))
    count = max(min(FRAMES, int(seconds * _USUAL)), _FEWEST_FRAMES)
    limits = PictureLimits(max_pixels=_FRAME_PIXELS)
    wanted = _even_steps(begin, seconds, count, keys)
    for frame in _frames_at(container, stream, wanted, keys):
        picture: Pillow.Image = frame.to_image()
        at = max(int(frame.time - begin), 0)
        yield from_pillow(picture, name=f"{name} at {at // 60}:{at % 60:02d}", limits=limits)


def _key_frames(container: InputContainer, stream: Any) -> list[float]:
    """The seconds of the frames that can be shown without those before; nothing is decoded."""
    keys = sorted(
        float(packet.pts * packet.time_base)
        for packet in container.demux(stream)
        if packet.is_keyframe and packet.pts is not None
    )
    container.seek(0)
    return keys


def _even_steps(begin: float, seconds: float, count: int, keys: list[float]) -> list[float]:
    """The middles of even steps, moved to a key frame where one is near: it costs no decoding."""
    step = seconds / count
    middles = [begin + (number + 0.5) * step for number in range(count)]
    return [next(_near(keys, middle, step / 2), middle) for middle in middles]


def _near(keys: list[float], second: float, distance: float) -> Iterator[float]:
    """The key frame before and the one after, if they are within that distance."""
    at = bisect_right(keys, second)
    yield from (key for key in keys[max(at - 1, 0) : at + 1] if abs(key - second) <= distance)


def _frames_at(
    container: InputContainer, stream: Any, wanted: list[float], keys: list[float]
) -> Iterator[Any]:
    """The frames shown at these seconds; in haste only those that are key frames."""
    patient_until = time.process_time() + _PATIENCE
    frames = container.decode(stream)
    now = -1.0
    for second in wanted:
        key = keys[max(bisect_right(keys, second) - 1, 0)] if keys else 0.0
        if time.process_time() > patient_until and key < second:
            continue
        if key > now:
            container.seek(int(key / float(stream.time_base)), stream=stream)
            frames = container.decode(stream)
        frame = _first_from(frames, second - _EARLY)
        if frame is not None:
            now = frame.time
            yield frame


def _first_from(frames: Iterator[Any], second: float) -> Any:
    """The next frame from that second on; a broken stretch costs its own pictures only."""
    try:
        return next((one for one in frames if one.time is not None and one.time >= second), None)
    except av.error.FFmpegError:
        return None


def _mp3(container: InputContainer) -> bytes:
    written = io.BytesIO()
    try:
        with av.open(written, "w", format="mp3") as target:
            stream = target.add_stream("libmp3lame", rate=_RATE, layout="mono")
            stream.bit_rate = _BITS
            resampler = av.AudioResampler(format="s16p", layout="mono", rate=_RATE)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    target.mux(stream.encode(piece))
            for piece in resampler.resample(None):
                target.mux(stream.encode(piece))
            target.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        if not written.tell():
            raise UnreadableFile(DAMAGED) from error
    return written.getvalue()
