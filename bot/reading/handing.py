"""Hands videos over to the service that are too large for a prompt, and remembers where they lie.

Addresses are in memory alone: they are good for two days, what files say is kept for longer.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from bot.conversation.messages import Video
from bot.conversation.ports import Uploader
from bot.conversation.ports_files import Piece
from bot.conversation.thread import SharedFile
from bot.errors import ModelError

_GOOD_FOR = 47 * 3600.0
"""Seconds. The service keeps an upload for 48 hours ("Upload local files"); a turn takes a while."""
_NAMES = {"video/mp4": "video.mp4", "video/x-msvideo": "video.avi", "video/x-flv": "video.flv"}
"""How people call a video is not the storage's affair."""

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Handed:
    url: str
    until: float


class HandedOver:
    """The videos that lie with the service, each for one model."""

    def __init__(
        self, uploader: Uploader | None = None, *, now: Callable[[], float] = time.time
    ) -> None:
        self._uploader = uploader
        self._now = now
        self._handed: dict[_Key, _Handed] = {}

    async def take(self, file: SharedFile, path: Path, pieces: Sequence[Piece], model: str) -> None:
        """Hand the file at that path over, if it is a video that the model would take whole.

        Where that fails, its pictures serve: the uploader has told why.
        """
        video = next(filter(_is_too_large, pieces), None)
        key = (file.file_id, file.url, model)
        self._forget_old()
        if self._uploader is None or video is None or key in self._handed:
            return
        until = self._now() + _GOOD_FOR
        try:
            name = _NAMES[video.media_type]
            url = await self._uploader.upload(path, name=name, model=model)
        except ModelError:
            return
        self._handed[key] = _Handed(url, until)

    def addressed(
        self, file: SharedFile, pieces: tuple[Piece, ...], model: str
    ) -> tuple[Piece, ...]:
        """The same pieces, with the video's address beside its pictures where it lies there still."""
        handed = self._handed.get((file.file_id, file.url, model))
        if handed is None or handed.until <= self._now():
            return pieces
        return tuple(
            replace(piece, url=handed.url, url_model=model) if _is_too_large(piece) else piece
            for piece in pieces
        )

    def _forget_old(self) -> None:
        now = self._now()
        self._handed = {key: one for key, one in self._handed.items() if one.until > now}


def _is_too_large(piece: Piece) -> TypeGuard[Video]:
    """Whether these are the pictures of a video that models would take whole, were it smaller."""
    return isinstance(piece, Video) and bool(piece.frames) and piece.media_type in _NAMES
