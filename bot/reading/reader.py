"""Makes the files of a thread readable for the model, and keeps what came out for the next question."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bot.conversation.documents import Document
from bot.conversation.ports import Download, Model, Piece, Shown, Watch
from bot.conversation.thread import SharedFile
from bot.errors import UnreadableFile
from bot.reading.kept import Kept, size
from bot.reading.product import CANT_SEE, Order
from bot.reading.workshop import Workshop

TOO_LARGE = "it is larger than {limit} MB"
TOO_MANY = "there is no room for more of it in one question"
_AT_ONCE = 4
_CPU_SECONDS = 45


class FileReader:
    """Implements `conversation.ports.Reader`."""

    def __init__(
        self,
        workshop: Workshop,
        model: Model,
        *,
        folder: Path,
        most_bytes: int,
        request_bytes: int,
    ) -> None:
        """`folder` takes files while they are read; `request_bytes` is what a prompt may carry."""
        self._workshop = workshop
        self._model = model
        self._folder = folder
        self._most_bytes = most_bytes
        self._request_bytes = request_bytes
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._kept = Kept()

    async def read(
        self, files: Sequence[SharedFile], download: Download, model: str, watch: Watch
    ) -> Shown:
        """Open these files; the first come first where there are too many for one request."""
        pictures = self._model.abilities(model).pictures
        results = await asyncio.gather(
            *(self._opened(file, download, pictures, partial(watch, file)) for file in files)
        )
        by_file: dict[str, tuple[Piece, ...]] = {}
        unreadable: dict[str, str] = {}
        room = self._request_bytes
        for file, result in zip(files, results, strict=True):
            if isinstance(result, str):
                unreadable[file.file_id] = result
                continue
            fitting, room = _within(result, room)
            if len(fitting) < len(result):
                unreadable[file.file_id] = TOO_MANY
            if fitting:
                by_file[file.file_id] = fitting
        return Shown(by_file=by_file, unreadable=unreadable)

    async def _opened(
        self,
        file: SharedFile,
        download: Download,
        pictures: bool,
        watch: Callable[[int, int], None],
    ) -> tuple[Piece, ...] | str:
        """What a file becomes, or in words why nothing."""
        key = (file.file_id, file.url, pictures)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        try:
            async with self._at_once:
                pieces = await self._open(file, download, pictures, watch)
        except UnreadableFile as error:
            return error.reason
        self._kept.put(key, pieces)
        return pieces

    async def _open(
        self,
        file: SharedFile,
        download: Download,
        pictures: bool,
        watch: Callable[[int, int], None],
    ) -> tuple[Piece, ...]:
        if file.is_picture and not pictures:
            raise UnreadableFile(CANT_SEE)
        if file.size > self._most_bytes:
            raise UnreadableFile(TOO_LARGE.format(limit=self._most_bytes // 1024 // 1024))
        path = self._folder / secrets.token_hex(8)
        try:
            await download(file, path, most=self._most_bytes)
            order = Order(
                path=str(path),
                name=file.name,
                media_type=file.media_type,
                pictures=pictures,
                seconds=_CPU_SECONDS,
            )
            return tuple(await self._workshop.make(order, watch))
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


def _within(pieces: Sequence[Piece], room: int) -> tuple[tuple[Piece, ...], int]:
    """The pieces that a request still has room for, and the room that is left."""
    fitting: list[Piece] = []
    for piece in pieces:
        carried = 0 if isinstance(piece, Document) else size(piece)
        if carried <= room:
            fitting.append(piece)
            room -= carried
    return tuple(fitting), room
