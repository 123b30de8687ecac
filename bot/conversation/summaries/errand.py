"""Does what people want with summaries: made, made differently, shared, handed over as a file.

Every way this can end is a sentence for the person who asked, and for nobody else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.conversation.context import zone_of
from bot.conversation.errands import Errand, Keep
from bot.conversation.ports import Person
from bot.conversation.summaries.drafts import Wish
from bot.conversation.summaries.kept import KeptSummaries, KeptSummary
from bot.conversation.summaries.orders import Address, Deed, SummaryOrder, order_of
from bot.conversation.summaries.request import SummaryRequest, span_of
from bot.conversation.summaries.summarizer import Progress, Summarizer
from bot.conversation.summaries.text import as_markdown
from bot.conversation.summaries.timespans import Span, in_words
from bot.errors import (
    FileFailed,
    LostTurn,
    ModelError,
    NotForYou,
    NotInChannel,
    SlackLimited,
    SlackUnreachable,
    UnclearRequest,
    UnreadableChannel,
)

KIND = "summary"
READING = "_Reading {title}… {count:,} messages so far._"
WRITING = "_Summing up {count:,} messages of {title}: {done} of {parts} parts are done._"
OUR_FAULT = "Something went wrong on my side. It has been logged."
SLACK_SILENT = (
    "Slack did not answer me, or lets me do no more at present. Please try again in a minute."
)
NOT_KEPT = "I don't have that summary any more. Please ask for it anew."
SHARED = "Shared in {place}."
HANDED_OVER = "I have sent you the document in our direct messages."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel that the person may have read to them."""

    channel_id: str
    name: str
    """As people call it: `#general`, or in words."""
    is_public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What a button beneath a failure does: the same once more, after joining where it helps."""

    request: SummaryRequest
    joins: bool = False


class Whisper(Protocol):
    """Something that one person is told, and nobody else."""

    async def progress(self, markdown: str) -> None:
        """Show how far it is, if there is still a way to show it; never raises."""
        ...

    async def show(self, summary: KeptSummary, *, shares_in: str) -> None:
        """The summary with its buttons; `shares_in` is the channel it may be shared in."""
        ...

    async def say(self, sentence: str, remedy: Remedy | None = None) -> None:
        """One sentence. Raises SlackError."""
        ...


class SummaryRoom(Protocol):
    """What Slack is asked for around a summary, in one workspace."""

    async def person(self, user_id: str) -> Person:
        """Who asks, and by which clock."""
        ...

    async def place(self, user_id: str, channel_id: str) -> Place:
        """The channel, if the person may have it read to them and we can read it.

        Raises NotForYou, UnreadableChannel and SlackError.
        """
        ...

    async def join(self, channel_id: str) -> None:
        """Join a public channel. Raises UnreadableChannel."""
        ...

    async def share(self, summary: KeptSummary, person: Person, *, channel_id: str) -> None:
        """Post it in a channel, in the name of the person. Raises NotForYou and SlackError.

        Posted once, however often this is called.
        """
        ...

    async def hand_over(
        self, summary: KeptSummary, *, begun: str, on_begin: Callable[[str], Awaitable[None]]
    ) -> None:
        """Send it as a document to whoever asked. Raises FileFailed and SlackError.

        Sent once: what `on_begin` was told in an earlier attempt comes back as `begun`.
        """
        ...

    def whisper(self, address: Address) -> Whisper:
        """A word to one person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryDesk:
    """Everything that summaries of one workspace are made with."""

    team_id: str
    room: SummaryRoom
    summarizer: Summarizer
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class SummaryDesks(Protocol):
    """Finds the desk of a workspace."""

    async def of(self, team_id: str) -> SummaryDesk:
        """Where the summaries of that workspace are made."""
        ...


class SummaryErrands:
    """Implements `conversation.errands.Handler`.

    A fault of ours is raised: the runner logs it and calls `give_up`.
    """

    def __init__(self, desks: SummaryDesks, kept: KeptSummaries) -> None:
        self._desks = desks
        self._kept = kept

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Do it, and tell the person how it ended. Raises LostTurn and SlackError."""
        order = order_of(errand.payload)
        desk = await self._desks.of(errand.team_id)
        whisper = desk.room.whisper(order.address)
        work = _Work(desk, self._kept, order, whisper, errand, keep)
        try:
            await work.do()
        except LostTurn:
            raise
        except NotInChannel as error:
            await work.fail(str(error), joins=True)
        except (NotForYou, UnclearRequest, UnreadableChannel, FileFailed) as error:
            await work.fail(str(error))
        except ModelError as error:
            await work.fail(error.sentence, can_retry=error.can_retry)
        except (SlackUnreachable, SlackLimited):
            await work.fail(SLACK_SILENT, can_retry=True)

    async def give_up(self, errand: Errand) -> None:
        """Say that it can't be done."""
        order = order_of(errand.payload)
        desk = await self._desks.of(errand.team_id)
        if order.deed is Deed.MAKE:
            whisper = desk.room.whisper(order.address)
            await whisper.say(OUR_FAULT, Remedy(request=order.request))
        else:
            await desk.room.whisper(replace(order.address, replaces=False)).say(OUR_FAULT)


class _Work:
    """One errand under way."""

    def __init__(
        self,
        desk: SummaryDesk,
        kept: KeptSummaries,
        order: SummaryOrder,
        whisper: Whisper,
        errand: Errand,
        keep: Keep,
    ) -> None:
        self._desk = desk
        self._room = desk.room
        self._kept = kept
        self._order = order
        self._whisper = whisper
        self._keep = keep
        self._noted = dict(errand.kept)
        """What has been done, by earlier attempts too."""
        self._user_id = order.address.user_id
        self._before: tuple[KeptSummary, Place] | None = None
        """The summary that is to be made anew."""

    async def fail(self, sentence: str, *, can_retry: bool = False, joins: bool = False) -> None:
        """Say why not; a summary that was to be made anew is put back in its place.

        Raises LostTurn: a process that was frozen while it worked has nothing to say any more.
        """
        await self._note()
        if self._order.deed is not Deed.MAKE:
            if self._before is not None:
                summary, place = self._before
                await self._whisper.show(summary, shares_in=_shares_in(summary, place))
            await self._whisper.say(sentence)
            return
        offers = can_retry or joins
        remedy = Remedy(request=self._order.request, joins=joins) if offers else None
        await self._whisper.say(sentence, remedy)

    async def do(self) -> None:
        """Whatever was ordered."""
        match self._order.deed:
            case Deed.MAKE:
                await self._make()
            case Deed.REMAKE:
                await self._remake()
            case Deed.SHARE:
                await self._share()
            case Deed.DOCUMENT:
                seen = await self._seen()
                await self._room.place(self._user_id, seen.channel_id)
                await self._hand_over(seen)

    async def _make(self) -> None:
        request, address = self._order.request, self._order.address
        channel_id = request.channel_id or address.channel_id
        if self._order.joins:
            await self._room.join(channel_id)
        place = await self._room.place(self._user_id, channel_id)
        now = await self._now()
        last_end = await self._kept.last_end(self._desk.team_id, self._user_id, channel_id)
        span = span_of(request, now=now, last_end=last_end)
        wanted = KeptSummary(
            team_id=self._desk.team_id,
            user_id=self._user_id,
            channel_id=channel_id,
            thread_ts=request.thread_ts,
            asked_in=address.channel_id,
            span=span,
            focus=request.focus,
            language=request.language,
            length=request.length,
            title=_title(place, request.thread_ts, span, now),
        )
        await self._write(wanted, place, now)

    async def _remake(self) -> None:
        seen = await self._seen()
        request = self._order.request
        place = await self._room.place(self._user_id, seen.channel_id)
        self._before = seen, place
        wanted = seen.otherwise(length=request.length, language=request.language)
        await self._write(wanted, place, await self._now())

    async def _write(self, wanted: KeptSummary, place: Place, now: datetime) -> None:
        """Make it, unless an earlier attempt has, and show it."""
        summary = await self._made_before()
        if summary is None:
            markdown = await self._summarize(wanted, now)
            summary = replace(wanted, markdown=markdown)
            summary = replace(summary, id=await self._kept.add(summary))
            await self._note(summary=summary.id)
        await self._whisper.show(summary, shares_in=_shares_in(summary, place))

    async def _note(self, **done: Any) -> None:
        """Keep what has been done. Raises LostTurn where another worker is at it now."""
        self._noted.update(done)
        await self._keep(self._noted)

    async def _made_before(self) -> KeptSummary | None:
        summary_id = int(self._noted.get("summary", 0))
        if not summary_id:
            return None
        return await self._kept.load(self._desk.team_id, summary_id, user_id=self._user_id)

    async def _summarize(self, wanted: KeptSummary, now: datetime) -> str:
        telling = _Telling(self._whisper, wanted.title)
        try:
            summary = await self._desk.summarizer.summarize(
                wanted.channel_id,
                span=wanted.span,
                thread_ts=wanted.thread_ts,
                wish=Wish(
                    focus=wanted.focus,
                    language=wanted.language,
                    length=wanted.length,
                    zone=now.tzinfo,
                ),
                on_progress=telling.heard,
            )
        finally:
            await telling.end()
        return as_markdown(summary, now=now, is_thread=bool(wanted.thread_ts))

    async def _share(self) -> None:
        seen = await self._seen()
        place = await self._room.place(self._user_id, seen.channel_id)
        channel_id = _shares_in(seen, place)
        shown = await self._room.place(self._user_id, channel_id)
        person = await self._room.person(self._user_id)
        await self._room.share(seen, person, channel_id=channel_id)
        await self._whisper.say(SHARED.format(place=shown.name))

    async def _hand_over(self, seen: KeptSummary) -> None:
        async def note(file_id: str) -> None:
            await self._note(file=file_id)

        await self._room.hand_over(seen, begun=str(self._noted.get("file", "")), on_begin=note)
        await self._whisper.say(HANDED_OVER)

    async def _seen(self) -> KeptSummary:
        """The summary with the button. Raises NotForYou where it is gone, or another's."""
        seen = await self._kept.load(
            self._desk.team_id, self._order.summary_id, user_id=self._user_id
        )
        if seen is None:
            raise NotForYou(NOT_KEPT)
        return seen

    async def _now(self) -> datetime:
        person = await self._room.person(self._user_id)
        return self._desk.clock().astimezone(zone_of(person.time_zone))


class _Telling:
    """Passes the progress on, one word at a time: the newest one when the last has been said."""

    def __init__(self, whisper: Whisper, title: str) -> None:
        self._whisper = whisper
        self._title = title
        self._words = ""
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._tell(), name="summary progress")

    def heard(self, progress: Progress) -> None:
        """Something has happened; never waits."""
        template = WRITING if progress.parts > 1 else READING
        self._words = template.format(
            title=self._title,
            count=progress.messages,
            done=progress.parts_done,
            parts=progress.parts,
        )
        self._words += "".join(f"\n- {headline}" for headline in progress.headlines)
        self._news.set()

    async def end(self) -> None:
        """Nothing more will be said about the progress."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._whisper.progress(self._words)


def _title(place: Place, thread_ts: str, span: Span | None, now: datetime) -> str:
    """Such as "#general, Mon 9:00 to Fri 17:30"."""
    name = f"a thread in {place.name}" if thread_ts else place.name
    return f"{name}, {in_words(span, now=now)}" if span else name


def _shares_in(summary: KeptSummary, place: Place) -> str:
    """Where it may be shared: what is private never leaves its channel.

    Where they asked, if that is a channel; else the channel itself. Empty for direct messages.
    """
    if summary.asked_in[:1] in {"C", "G"} and place.is_public:
        return summary.asked_in
    return summary.channel_id if summary.channel_id[:1] in {"C", "G"} else ""
