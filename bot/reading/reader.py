"""Makes the files of a thread readable for the model, and keeps what came out for the next question."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath

from bot.conversation.documents import showing
from bot.conversation.documents.document import Document
from bot.conversation.messages import Audio
from bot.conversation.ports import Abilities, Model, Uploader
from bot.conversation.ports_files import FileSource, OtherForms, Piece, Readings, Shown, Watch
from bot.conversation.thread import SharedFile
from bot.errors import DatabaseUnreachable, UnreadableFile
from bot.reading.handing import HandedOver
from bot.reading.hearing import write_down
from bot.reading.kept import Kept, Result, size
from bot.reading.packing import form_of, pack, unpack
from bot.reading.product import CANT_SEE, Order
from bot.reading.subtitles import beginning, read_subtitles
from bot.reading.workshop import Workshop

TOO_LARGE = "it is larger than {limit} MB"
TOO_MANY = "there is no room for more of it in one question"
CANT_HEAR = "the model I use can't hear, and Slack has no transcript of it"
MOST_SHOWN = 20
"""Pictures in one document that one request takes."""
_AT_ONCE = 4
CPU_SECONDS = 45
_MOST_SUBTITLES = 4 * 1024 * 1024
_HEARING_LOOKS = 8
_HEARING_PAUSE = 2.0
"""Slack takes some seconds to write down a clip that was recorded a moment ago."""
_OLD_OFFICE = frozenset({".doc", ".dot", ".ppt", ".pps", ".pot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What files may cost."""

    file_bytes: int
    """The largest file that is downloaded."""
    request_bytes: int
    """What one prompt may carry beside its text."""


class FileReader:
    """Implements `conversation.ports_files.Reader`."""

    def __init__(
        self,
        workshop: Workshop,
        model: Model,
        *,
        folder: Path,
        limits: ReadingLimits,
        audio_model: str = "",
        readings: Readings | None = None,
        uploader: Uploader | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`folder` takes files while they are read; `audio_model` writes down what is said.

        Without `readings` what files say is kept in memory alone; without an `uploader` videos that
        are too large for a prompt are shown as pictures.
        """
        self.sleep = sleep
        self.handed = HandedOver(uploader)
        self._workshop = workshop
        self._model = model
        self._folder = folder
        self._limits = limits
        self._audio_model = audio_model
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._kept = Kept()
        self._readings = readings

    async def read(
        self,
        files: Sequence[SharedFile],
        source: FileSource,
        model: str,
        watch: Watch,
        *,
        conversation_id: int = 0,
        workspace: str = "",
        question: str = "",
        only_beginning: bool = False,
    ) -> Shown:
        """Open these files; the first come first where there are too many for one request.

        What they say is kept for as long as that conversation. Of pictures in documents those that
        the question names come first; none is taken where only their beginning is wanted.
        """
        openings = (
            _Opening(
                self,
                file,
                source,
                model,
                partial(watch, file),
                workspace=workspace,
                only_beginning=only_beginning,
            )
            for file in files
        )
        results = await asyncio.gather(*(self._opened(one, conversation_id) for one in openings))
        by_file: dict[str, tuple[Piece, ...]] = {}
        unreadable: dict[str, str] = {}
        room = self._limits.request_bytes
        for file, result in zip(files, results, strict=True):
            if isinstance(result, str):
                unreadable[file.file_id] = result
                continue
            best = showing.best(result, question, MOST_SHOWN)
            fitting, room = _within(best, room, question)
            if len(fitting) < len(best):
                unreadable[file.file_id] = TOO_MANY
            if fitting:
                by_file[file.file_id] = self.handed.addressed(file, fitting, model)
        return Shown(by_file=by_file, unreadable=unreadable)

    async def _opened(self, opening: "_Opening", conversation_id: int) -> Result:
        """What a file becomes, or in words why nothing."""
        file, abilities = opening.file, opening.abilities
        key = (file.file_id, file.url, abilities, opening.only_beginning)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        where = (conversation_id, file.file_id, form_of(abilities, hears=self.hears(abilities)))
        pieces = await self._from_before(*where)
        if pieces is None:
            try:
                async with self._at_once:
                    pieces = await opening.pieces()
            except UnreadableFile as error:
                if opening.is_hopeless:
                    self._kept.put(key, error.reason)
                return error.reason
            if not opening.is_final:
                return pieces
            await self._keep(pieces, *where)
        self._kept.put(key, pieces)
        return pieces

    async def _from_before(
        self, conversation_id: int, file_id: str, form: str
    ) -> tuple[Piece, ...] | None:
        """What the file became for an earlier question, in whichever process."""
        if self._readings is None or not conversation_id:
            return None
        packed = await self._readings.load(conversation_id, file_id, form)
        return await asyncio.to_thread(unpack, packed) if packed else None

    async def _keep(
        self, pieces: tuple[Piece, ...], conversation_id: int, file_id: str, form: str
    ) -> None:
        if self._readings is None or not conversation_id:
            return
        packed = await asyncio.to_thread(pack, pieces)
        if packed:
            with suppress(DatabaseUnreachable):  # it is read again, that is all
                await self._readings.keep(conversation_id, file_id, form, packed)

    async def make(
        self,
        file: SharedFile,
        path: Path,
        abilities: Abilities,
        watch: Callable[[int, int], None],
        *,
        only_beginning: bool = False,
    ) -> list[Piece]:
        """Have a file on the disk opened. Raises UnreadableFile."""
        order = Order(
            path=str(path),
            name=file.name,
            media_type=file.media_type,
            pictures=abilities.pictures,
            only_beginning=only_beginning,
            videos=abilities.videos,
            seconds=CPU_SECONDS,
        )
        return await self._workshop.make(order, watch)

    def abilities(self, model: str) -> Abilities:
        """What that model can take."""
        return self._model.abilities(model)

    def hears(self, abilities: Abilities) -> bool:
        """Whether there is a model that hears recordings."""
        return abilities.sound or bool(self._audio_model)

    async def heard(self, piece: Piece, abilities: Abilities, workspace: str) -> Piece:
        """The same, but the words of a recording that the model itself can't hear.

        Raises UnreadableFile.
        """
        if not isinstance(piece, Audio) or abilities.sound:
            return piece
        if not self._audio_model:
            raise UnreadableFile(CANT_HEAR)
        return await write_down(self._model, self._audio_model, piece, workspace=workspace)

    @asynccontextmanager
    async def downloaded(
        self, file: SharedFile, source: FileSource, *, most: int = 0
    ) -> AsyncIterator[Path]:
        """The file on the disk, for as long as it is read. Raises UnreadableFile."""
        most = most or self._limits.file_bytes
        if file.size > most:
            raise UnreadableFile(TOO_LARGE.format(limit=most // 1024 // 1024))
        path = self._folder / secrets.token_hex(8)
        try:
            await source.download(file, path, most=most)
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


class _Opening:
    """One file being opened, by the best of the forms in which Slack has it."""

    def __init__(
        self,
        reader: FileReader,
        file: SharedFile,
        source: FileSource,
        model: str,
        watch: Callable[[int, int], None],
        *,
        workspace: str,
        only_beginning: bool,
    ) -> None:
        self._reader = reader
        self._workspace = workspace
        self.only_beginning = only_beginning
        self.file = file
        self.abilities = reader.abilities(model)
        self._model = model
        self._source = source
        self._watch = watch
        self.is_final = True
        """Whether Slack will not have more of the file in a while."""
        self.is_hopeless = False
        """Whether its bytes came, and can't be opened: they will not get better."""

    async def pieces(self) -> tuple[Piece, ...]:
        """Raises UnreadableFile."""
        file = self.file
        if file.is_picture and not self.abilities.pictures:
            raise UnreadableFile(CANT_SEE)
        if not file.is_recording and PurePath(file.name).suffix.lower() not in _OLD_OFFICE:
            return await self._made(file)
        forms = await self._source.other_forms(file)
        if not file.is_recording:
            return await self._made(_in_form(file, forms.pdf, "application/pdf"))
        return await self._recording(await self._written_down(forms))

    async def _written_down(self, forms: OtherForms) -> OtherForms:
        """The forms with what is said, waited for where nobody else could tell what that is."""
        is_sound = self.file.media_type.startswith("audio/")
        for _ in range(_HEARING_LOOKS):
            if not forms.is_being_heard or not is_sound or self._reader.hears(self.abilities):
                break
            await self._reader.sleep(_HEARING_PAUSE)
            forms = await self._source.other_forms(self.file)
        self.is_final = not forms.is_being_heard
        return forms

    async def _recording(self, forms: OtherForms) -> tuple[Piece, ...]:
        """What is said in it, as far as Slack has written it down, and what is to be seen."""
        said = await self._said(forms)
        if said and self.file.media_type.startswith("audio/"):
            return said
        try:
            return (*await self._made(_in_form(self.file, forms.mp4, "video/mp4")), *said)
        except UnreadableFile:
            if said:
                return said
            raise

    async def _said(self, forms: OtherForms) -> tuple[Piece, ...]:
        known = beginning(forms.said, self.file.name, is_all=forms.is_all_said)
        if not forms.subtitles:
            return (known,) if known.passages else ()
        file = replace(_in_form(self.file, forms.subtitles, "text/vtt"), size=0)
        try:
            async with self._reader.downloaded(file, self._source, most=_MOST_SUBTITLES) as path:
                text = await asyncio.to_thread(path.read_text, "utf-8", "replace")
        except UnreadableFile:
            return (known,) if known.passages else ()
        return (read_subtitles(text, self.file.name),)

    async def _made(self, file: SharedFile) -> tuple[Piece, ...]:
        async with self._reader.downloaded(file, self._source) as path:
            self.is_hopeless = True
            pieces = await self._reader.make(
                file, path, self.abilities, self._watch, only_beginning=self.only_beginning
            )
            self.is_hopeless = False
            await self._reader.handed.take(self.file, path, pieces, self._model)
        reader, abilities, workspace = self._reader, self.abilities, self._workspace
        return tuple([await reader.heard(piece, abilities, workspace) for piece in pieces])


def _in_form(file: SharedFile, url: str, media_type: str) -> SharedFile:
    """The same file in another form, whose size nobody knows; itself where there is none."""
    return replace(file, url=url, media_type=media_type, size=0) if url else file


def _within(pieces: Sequence[Piece], room: int, question: str) -> tuple[tuple[Piece, ...], int]:
    """The pieces that a request still has room for, and the room that is left."""
    fitting: set[int] = set()
    for position in sorted(
        range(len(pieces)), key=lambda position: showing.rank(pieces[position], question)
    ):
        piece = pieces[position]
        carried = 0 if isinstance(piece, Document) else size(piece)
        if carried <= room:
            fitting.add(position)
            room -= carried
    return tuple(pieces[position] for position in sorted(fitting)), room
