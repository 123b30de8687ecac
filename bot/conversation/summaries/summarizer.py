"""Makes a summary: the messages are read by code, then asked about in parts, joined and checked."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.conversation.messages import Prompt, UserTurn
from bot.conversation.ports import ChannelReader, Model
from bot.conversation.summaries.drafts import Draft, Wish, checked, system_for
from bot.conversation.summaries.lines import (
    Line,
    in_parts,
    message_lines,
    parts_of,
    statement_lines,
    without_files,
    without_pictures,
)
from bot.conversation.summaries.shared_files import Enriched, SharedFiles, named
from bot.conversation.summaries.summary import ChannelReading, FileShared, Summary
from bot.conversation.summaries.timespans import Span
from bot.errors import ContentRefused, ModelError, PromptRefused, PromptTooLong, UnfitAnswer

T = TypeVar("T")

PART_TOKENS = 24_000
"""Of the lines in one request: more, and a model begins to overlook what stands in the middle."""
AT_ONCE = 4
FILE_TOKENS = 100_000
"""What is in files may cost so much, where a summary has no limit of its own."""
MOST_FILES = 30
FILTERED = "The model's content filter refused {count} of the messages."
UNSEEN = "The model would not look at {files}."
UNFIT = "The model made nothing sensible of {count} of the messages."
_HALVINGS = 3
"""So often a part that the model refuses is halved, to lose no more than an eighth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a summary has come."""

    messages: int = 0
    """Read so far."""
    parts: int = 0
    """Into so many parts they are divided; 0 while they are still being read."""
    parts_done: int = 0
    headlines: tuple[str, ...] = ()
    """What the parts that are done come to, in their order."""


OnProgress = Callable[[Progress], None]
AS_USUAL = Wish()


def _quietly(progress: Progress) -> None:
    """Nobody watches."""


class Summarizer:
    """Summaries of one workspace. Costs one request for every 24,000 tokens, and one to join them."""

    def __init__(
        self,
        model: Model,
        reader: ChannelReader,
        *,
        model_name: str,
        workspace: str = "",
        files: SharedFiles | None = None,
    ) -> None:
        """Without `files`, what people share counts by its name only."""
        self._model = model
        self._reader = reader
        self._model_name = model_name
        self._workspace = workspace
        self._files = files

    async def summarize(
        self,
        channel_id: str,
        *,
        span: Span | None = None,
        thread_ts: str = "",
        wish: Wish = AS_USUAL,
        on_progress: OnProgress = _quietly,
    ) -> Summary:
        """What was said in a channel in that span, or in a thread of it.

        Nobody's rights are checked here: do that first (bot/slack/access.py). Raises
        UnreadableChannel, SlackError and ModelError.
        """
        reading = await self._reader.read(
            channel_id,
            span=span,
            thread_ts=thread_ts,
            on_read=lambda count: on_progress(Progress(messages=count)),
        )
        return await self.summarize_reading(reading, wish=wish, on_progress=on_progress)

    async def summarize_reading(
        self,
        reading: ChannelReading,
        *,
        wish: Wish = AS_USUAL,
        on_progress: OnProgress = _quietly,
        most_tokens: int = 0,
    ) -> Summary:
        """What these messages and their files come to.

        With `most_tokens`, files have what the messages leave of them. Raises ModelError where the
        model answers nothing at all.
        """
        enriched = await self._enriched(reading, most_tokens)
        reading = enriched.reading
        lines = message_lines(reading, wish.zone, enriched.pictures)
        if not lines:
            return Summary(reading=reading)
        work = _Work(self._model, self._prompt, reading, wish)
        parts = in_parts(lines, PART_TOKENS)
        headlines: dict[int, str] = {}

        async def do(number: int, part: Sequence[Line]) -> list[Summary]:
            found = await work.part(part)
            headlines[number] = " ".join(one.headline.text for one in found if one.headline)
            on_progress(_progress(lines, parts, headlines))
            return found

        on_progress(_progress(lines, parts, headlines))
        found = await _together(do(number, part) for number, part in enumerate(parts))
        joined = await work.join([summary for summaries in found for summary in summaries])
        return replace(
            joined,
            files=_files(reading),
            gaps=(*enriched.gaps, *work.gaps()),
            dropped=work.dropped,
            documents=enriched.documents - len(work.unread),
            pictures=len(enriched.pictures) - len(work.unseen),
        )

    async def _enriched(self, reading: ChannelReading, most_tokens: int) -> Enriched:
        """The messages with what is in their files, before any of them is shown to the model."""
        if self._files is None:
            return Enriched(reading=reading)
        room = FILE_TOKENS
        if most_tokens:
            room = most_tokens - sum(line.tokens for line in message_lines(reading, None))
        return await self._files.enrich(reading, room=room)

    def _prompt(self, lines: Sequence[Line], wish: Wish, *, joining: bool) -> Prompt:
        return Prompt(
            system=system_for(wish, joining=joining),
            entries=(UserTurn(parts=parts_of(lines)),),
            model=self._model_name,
            workspace=self._workspace,
            temperature=0.2,
        )


class _Work:
    """The requests of one summary, some at a time, and what the model refused on the way."""

    def __init__(
        self,
        model: Model,
        prompt: Callable[..., Prompt],
        reading: ChannelReading,
        wish: Wish,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._reading = reading
        self._wish = wish
        self._room = asyncio.Semaphore(AT_ONCE)
        self.dropped = 0
        self.unseen: list[str] = []
        """The names of the pictures that the model would not look at."""
        self.unread: list[str] = []
        """The names of the documents that it would not read."""
        self._filtered = 0
        self._unfit = 0
        self._refusal: ModelError | None = None

    async def part(self, lines: Sequence[Line], halvings: int = _HALVINGS) -> list[Summary]:
        """The summary of a part; of its halves where the model refuses the whole.

        Pictures are left out first, and documents before a message is: no file costs what people
        said.
        """
        try:
            return [await self._ask(lines, joining=False)]
        except (ContentRefused, PromptRefused, PromptTooLong, UnfitAnswer) as refusal:
            files = [file for line in lines for file in line.files]
            if pictures := [file.name for file in files if file.picture]:
                self.unseen += pictures
                return await self.part(without_pictures(lines), halvings)
            if isinstance(refusal, PromptRefused):
                raise
            if halvings and len(lines) > 1:
                middle = len(lines) // 2
                first = await self.part(lines[:middle], halvings - 1)
                return [*first, *await self.part(lines[middle:], halvings - 1)]
            if documents := [file.name for file in files if file.begun]:
                self.unread += documents
                return await self.part(without_files(lines), 0)
            self._note(refusal, len(lines))
            return []

    async def join(self, summaries: Sequence[Summary]) -> Summary:
        """One summary of all. Raises the model's own refusal where there is nothing to join."""
        if not summaries and self._refusal is not None:
            raise self._refusal
        level = list(summaries)
        while len(level) > 1:
            groups = in_parts(statement_lines(level), PART_TOKENS)
            joined = await _together(self._ask(group, joining=True) for group in groups)
            if len(joined) >= len(level):
                break
            level = joined
        return level[0] if len(level) == 1 else _side_by_side(level)

    def gaps(self) -> tuple[str, ...]:
        """What is missing from the summary, in sentences."""
        counts = {FILTERED: self._filtered, UNFIT: self._unfit}
        refused = tuple(dict.fromkeys((*self.unseen, *self.unread)))
        unseen = [UNSEEN.format(files=named(refused))] if refused else []
        said = [sentence.format(count=count) for sentence, count in counts.items() if count]
        return (*unseen, *said)

    async def _ask(self, lines: Sequence[Line], *, joining: bool) -> Summary:
        async with self._room:
            prompt = self._prompt(lines, self._wish, joining=joining)
            draft = await self._model.complete(prompt, into=Draft)
        summary = checked(draft, lines, self._reading)
        self.dropped += summary.dropped
        return summary

    def _note(self, refusal: ModelError, count: int) -> None:
        self._refusal = refusal
        if isinstance(refusal, ContentRefused):
            self._filtered += count
        else:
            self._unfit += count


def _progress(
    lines: Sequence[Line], parts: Sequence[Sequence[Line]], headlines: Mapping[int, str]
) -> Progress:
    return Progress(
        messages=len(lines),
        parts=len(parts),
        parts_done=len(headlines),
        headlines=tuple(headlines[number] for number in sorted(headlines) if headlines[number]),
    )


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order; the first error ends all the others and is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _side_by_side(summaries: Sequence[Summary]) -> Summary:
    """All that the parts say, where they can't be joined."""
    return replace(
        summaries[0],
        topics=tuple(topic for one in summaries for topic in one.topics),
        decisions=tuple(said for one in summaries for said in one.decisions),
        action_items=tuple(item for one in summaries for item in one.action_items),
        open_questions=tuple(said for one in summaries for said in one.open_questions),
    )


def _files(reading: ChannelReading) -> tuple[FileShared, ...]:
    """The files, each once, the newest kept where there are too many."""
    found = {
        file.file_id or file.name: FileShared(file=file, message=message)
        for message in reading.messages
        for file in message.files
    }
    return tuple(found.values())[-MOST_FILES:]
