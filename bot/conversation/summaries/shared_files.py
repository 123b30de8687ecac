"""What is in the files that were shared among the messages of a summary: how they begin, and pictures.

Only files of messages that were read are opened, the newest first and for a minute at most. What
they say becomes data on their messages' lines, pictures follow the lines; a file that can't be read costs its own name in the
footer, and nothing else.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.conversation.ports_files import FileSource, Reader
from bot.conversation.summaries.lines import one_line
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading, Excerpt
from bot.conversation.thread import SharedFile
from bot.conversation.tokens import estimate, of_picture

BEGINNING_TOKENS = 600
"""Of one document: what it is about stands on its first page."""
MOST_DOCUMENTS = 30
MOST_PICTURES = 20
"""A request may have 250 (Model Studio, "Image understanding"), but a large one costs as much as a
hundred messages."""
SECONDS = 60.0
AT_ONCE = 2
"""For all summaries of a process: its reader opens four at a time, and people's questions wait for it."""

UNREAD = "I could not read {files}."
NOT_IN_TIME = "there was no time left"
NO_ROOM = "there was no room left"
OLDER = "I open only the newest ones"
_MOST_LETTERS = 10 * BEGINNING_TOKENS
_MOST_NAMED = 5
_MOST_NAME = 80
_BRACES = str.maketrans("{}", "()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """A reading with what its files say."""

    reading: ChannelReading
    documents: int = 0
    """Files whose text is in it."""
    pictures: Mapping[str, Image] = field(default_factory=dict)
    """By their file's id: those that the model is to see."""
    gaps: tuple[str, ...] = ()
    """What could not be read, in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glimpse:
    """What was to be had of one file; nothing at all of a video that nobody speaks in."""

    text: str = ""
    picture: Image | None = None
    """The file itself, or the first page of a scan."""
    missing: str = ""
    """Why it could not be read."""

    @property
    def tokens(self) -> int:
        """What it costs."""
        picture = self.picture
        return estimate(self.text) + (of_picture(picture.width, picture.height) if picture else 0)

    @property
    def bytes(self) -> int:
        """What a request has to carry of it, beside its text."""
        return len(self.picture.data) if self.picture else 0


class SharedFiles:
    """The files of one workspace, for its summaries."""

    def __init__(
        self,
        reader: Reader,
        source: FileSource,
        *,
        model_name: str,
        picture_bytes: int,
        at_once: asyncio.Semaphore,
        seconds: float = SECONDS,
    ) -> None:
        """`picture_bytes` is what one request may carry; `seconds` how long it may all take.

        `at_once` is shared by all summaries of a process: many digests are due at nine.
        """
        self._reader = reader
        self._source = source
        self._model_name = model_name
        self._picture_bytes = picture_bytes
        self._at_once = at_once
        self._seconds = seconds

    async def enrich(self, reading: ChannelReading, *, room: int) -> Enriched:
        """The messages with what their files say, in as many tokens as there is room for."""
        wanted = _newest_first(reading.messages)
        if not wanted:
            return Enriched(reading=reading)
        opened, older = _to_open(wanted)
        found = await self._glimpses(opened)
        taken, missing = _fitting(opened, found, room, self._picture_bytes)
        if older:
            missing[OLDER] = [file.name for file in older]
        texts = {file_id: one.text for file_id, one in taken.items() if one.text}
        messages = tuple(_with_excerpts(reading.messages, texts))
        return Enriched(
            reading=replace(reading, messages=messages),
            documents=len(texts),
            pictures={file_id: one.picture for file_id, one in taken.items() if one.picture},
            gaps=(_unread(missing),) if missing else (),
        )

    async def _glimpses(self, files: Sequence[SharedFile]) -> Mapping[str, _Glimpse]:
        """What is to be had of each in time, by its id."""

        async def look(file: SharedFile) -> _Glimpse:
            async with self._at_once:
                return await self._glimpse(file)

        tasks = {
            file.file_id: asyncio.create_task(look(file), name="file of a summary")
            for file in files
        }
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=self._seconds)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return {
            file_id: _Glimpse(missing=NOT_IN_TIME) if task.cancelled() else task.result()
            for file_id, task in tasks.items()
        }

    async def _glimpse(self, file: SharedFile) -> _Glimpse:
        if file.is_recording:
            # To watch or hear it would take minutes; what Slack has written down is there already.
            forms = await self._source.other_forms(file)
            return _Glimpse(text=_beginning(forms.said))
        shown = await self._reader.read(
            [file], self._source, self._model_name, _quietly, only_beginning=True
        )
        pieces = shown.by_file.get(file.file_id, ())
        if not pieces:
            return _Glimpse(missing=shown.unreadable.get(file.file_id, ""))
        pictures = [piece for piece in pieces if isinstance(piece, Image)]
        document = next((piece for piece in pieces if isinstance(piece, Document)), None)
        if document is None:
            return _Glimpse(picture=pictures[0] if pictures else None)
        return _of_document(document, pictures)


def _quietly(_file: SharedFile, _done: int, _count: int) -> None:
    """Nobody watches."""


def _newest_first(messages: Sequence[ChannelMessage]) -> list[SharedFile]:
    """Each file once."""
    found = {file.file_id: file for message in reversed(messages) for file in message.files}
    return list(found.values())


def _to_open(files: Sequence[SharedFile]) -> tuple[list[SharedFile], list[SharedFile]]:
    """Those that are opened, and the older ones that are not."""
    pictures = [file for file in files if file.is_picture]
    documents = [file for file in files if not file.is_picture]
    chosen = {file.file_id for file in (*pictures[:MOST_PICTURES], *documents[:MOST_DOCUMENTS])}
    opened = [file for file in files if file.file_id in chosen]
    return opened, [file for file in files if file.file_id not in chosen]


def _fitting(
    files: Sequence[SharedFile], found: Mapping[str, _Glimpse], room: int, most_bytes: int
) -> tuple[dict[str, _Glimpse], dict[str, list[str]]]:
    """What there is room for, by the files' ids, and by its reason what is missing."""
    taken: dict[str, _Glimpse] = {}
    missing: dict[str, list[str]] = {}
    for file in files:
        glimpse = found[file.file_id]
        fits = glimpse.tokens <= room and glimpse.bytes <= most_bytes
        if glimpse.missing or not fits:
            missing.setdefault(glimpse.missing or NO_ROOM, []).append(file.name)
            continue
        taken[file.file_id] = glimpse
        room -= glimpse.tokens
        most_bytes -= glimpse.bytes
    return taken, missing


def _of_document(document: Document, pictures: Sequence[Image]) -> _Glimpse:
    """How much there is of it, and how it begins; the pages that are pictures are not in its text."""
    places = [picture.name.removeprefix(f"{document.name}, ") for picture in pictures]
    written = [passage for passage in document.passages if passage.place not in places]
    is_scan = document.passages[:1] != tuple(written[:1])
    count = cost = 0
    while count < len(written) and cost <= BEGINNING_TOKENS:
        cost += written[count].cost
        count += 1
    begun = replace(document, passages=tuple(written[:count]))
    extent = f"[{document.extent}] " if document.extent else ""
    return _Glimpse(
        text=_beginning(f"{extent}{begun.markdown}", is_all=begun == document),
        picture=pictures[0] if is_scan and pictures else None,
    )


def _beginning(text: str, *, is_all: bool = True) -> str:
    """On one line, not too long, and unable to end its place in the message's line."""
    line = one_line(text).translate(_BRACES)
    lengths = range(min(len(line), _MOST_LETTERS) + 1)
    most = bisect_right(lengths, BEGINNING_TOKENS, key=lambda length: estimate(line[:length])) - 1
    return line if is_all and most == len(line) else f"{line[:most].rstrip()}…"


def _with_excerpts(
    messages: Sequence[ChannelMessage], texts: Mapping[str, str]
) -> Iterator[ChannelMessage]:
    """A file's text stands where it was shared first."""
    left = dict(texts)
    for message in messages:
        excerpts = tuple(
            Excerpt(file_id=file.file_id, text=left.pop(file.file_id))
            for file in message.files
            if file.file_id in left
        )
        yield replace(message, excerpts=excerpts) if excerpts else message


def _unread(missing: Mapping[str, Sequence[str]]) -> str:
    """Such as "I could not read `a.pdf` (the file is damaged); `b.pdf` (it is empty)."."""
    return UNREAD.format(
        files="; ".join(f"{named(names)} ({reason})" for reason, names in missing.items())
    )


def named(names: Sequence[str]) -> str:
    """The first of these files by their names, and how many more there are."""
    shown = [f"`{_bare(name)}`" for name in names[:_MOST_NAMED]]
    more = len(names) - len(shown)
    return f"{', '.join(shown)} and {more:,} more" if more else ", ".join(shown)


def _bare(name: str) -> str:
    return one_line(name).replace("`", "'")[:_MOST_NAME]
