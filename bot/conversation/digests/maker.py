"""Makes an edition of a digest: what is new in each of its channels, within a limit of tokens.

A channel that can't be read now is named and leaves the others alone; it is read next time.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo

from bot.conversation.digests.digest import ChannelNote, Plan, Stretch, TopicNote, stretch
from bot.conversation.ports import ChannelReader
from bot.conversation.summaries.drafts import Wish
from bot.conversation.summaries.lines import message_lines
from bot.conversation.summaries.summarizer import Summarizer
from bot.conversation.summaries.summary import ChannelReading, Statement, Summary
from bot.conversation.summaries.timespans import Span
from bot.errors import ModelError, NotForYou, SlackError, UnreadableChannel

OVER_LIMIT = "A digest may read so much and no more: the oldest {count:,} messages are left out."
NOT_THIS_TIME = "could not be read this time; the next digest makes up for it."
_MOST_NOTED = 5

Permit = Callable[[str], Awaitable[None]]
"""Raises NotForYou unless this channel may be read for this digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdition:
    """What one channel has in it."""

    channel_id: str
    summary: Summary | None = None
    stretch: Stretch | None = None
    missing: str = ""
    """Why there is none, in words that follow the channel's name."""

    @property
    def is_quiet(self) -> bool:
        """Whether it was read, and nobody had said anything."""
        return self.summary is not None and not self.summary.reading.messages

    def note(self) -> ChannelNote | None:
        """What later editions must know of this one; None where nothing was read."""
        if self.summary is None or self.stretch is None:
            return None
        headline = self.summary.headline
        return ChannelNote(
            channel_id=self.channel_id,
            read_from=self.stretch.read_from,
            read_until=self.stretch.read_until,
            messages=len(self.summary.reading.messages),
            threads=self.summary.reading.threads,
            headline=headline.text if headline else "",
            topics=tuple(
                TopicNote(title=topic.title, link=_link(topic.points[0]))
                for topic in self.summary.topics[:_MOST_NOTED]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One run of a digest."""

    plan: Plan
    made_at: datetime
    """In the digest's own time zone."""
    channels: tuple[ChannelEdition, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell of any channel."""
        return all(one.is_quiet for one in self.channels)

    def notes(self) -> list[ChannelNote]:
        """What later editions must know of this one."""
        return [note for one in self.channels if (note := one.note())]

    def activity(self) -> dict[str, Counter[date]]:
        """For each channel that was read: how many messages on which day, by the digest's clock."""
        zone = self.made_at.tzinfo
        return {
            one.channel_id: Counter(
                _day(message.ts, zone) for message in one.summary.reading.messages
            )
            for one in self.channels
            if one.summary is not None
        }


class DigestMaker:
    """Editions of one workspace's digests."""

    def __init__(self, summarizer: Summarizer, reader: ChannelReader, *, tokens: int) -> None:
        self._summarizer = summarizer
        self._reader = reader
        self._tokens = tokens

    async def make(
        self, plan: Plan, notes: Sequence[ChannelNote], *, now: datetime, permit: Permit
    ) -> Edition:
        """What is new since what `notes` tell of. `now` is in the digest's time zone.

        Raises SlackError or ModelError where that left nothing to tell at all.
        """
        parts = {
            channel_id: stretch(
                plan.window,
                now.astimezone(UTC),
                tuple(note for note in notes if note.channel_id == channel_id),
            )
            for channel_id in plan.channels
        }
        return await self._edition(plan, parts, now=now, permit=permit)

    async def retell(
        self, plan: Plan, notes: Sequence[ChannelNote], *, now: datetime, permit: Permit
    ) -> Edition:
        """What an edition told, by its notes, told anew by another plan. Raises as `make`."""
        parts = {
            note.channel_id: Stretch(read_from=note.read_from, read_until=note.read_until)
            for note in notes
        }
        return await self._edition(plan, parts, now=now, permit=permit)

    async def _edition(
        self, plan: Plan, parts: Mapping[str, Stretch], *, now: datetime, permit: Permit
    ) -> Edition:
        channels: list[ChannelEdition] = []
        failures: list[SlackError | ModelError] = []
        for channel_id, part in parts.items():
            try:
                await permit(channel_id)
                channels.append(await self._channel(plan, channel_id, part, now.tzinfo))
            except (NotForYou, UnreadableChannel) as refusal:
                channels.append(ChannelEdition(channel_id=channel_id, missing=str(refusal)))
            except (SlackError, ModelError) as failure:
                failures.append(failure)
                channels.append(ChannelEdition(channel_id=channel_id, missing=NOT_THIS_TIME))
        if failures and all(one.missing or one.is_quiet for one in channels):
            raise failures[0]
        return Edition(plan=plan, made_at=now, channels=tuple(channels))

    async def _channel(
        self, plan: Plan, channel_id: str, part: Stretch, zone: tzinfo | None
    ) -> ChannelEdition:
        span = Span(start=part.read_from, end=part.read_until)
        reading = await self._reader.read(channel_id, span=span, on_read=lambda _: None)
        wish = Wish(focus=plan.focus, language=plan.language, length=plan.length, zone=zone)
        most = self._tokens // len(plan.channels)
        summary = await self._summarizer.summarize_reading(
            within(reading, most), wish=wish, most_tokens=most
        )
        return ChannelEdition(channel_id=channel_id, summary=summary, stretch=part)


def within(reading: ChannelReading, tokens: int) -> ChannelReading:
    """The newest messages that are so long together; what is left out is named."""
    sizes = {line.sources[0].ts: line.tokens for line in message_lines(reading, None)}
    room, kept = tokens, len(reading.messages)
    for number, message in enumerate(reversed(reading.messages)):
        room -= sizes[message.ts]
        if room < 0:
            kept = number
            break
    left = len(reading.messages) - kept
    if not left:
        return reading
    return replace(
        reading,
        messages=reading.messages[left:],
        gaps=(*reading.gaps, OVER_LIMIT.format(count=left)),
    )


def _link(statement: Statement) -> str:
    return statement.sources[0].permalink


def _day(ts: str, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(float(ts), zone).date()
