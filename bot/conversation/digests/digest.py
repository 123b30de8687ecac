"""A digest: what happened in some channels, told on a schedule, to one person or in a channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from html import escape
from typing import Any, Protocol

from bot.conversation.digests.recurrence import Recurrence
from bot.conversation.listing import in_words
from bot.conversation.summaries.request import Length

MOST_CHANNELS = 10
"""Of one digest: more is a report nobody reads."""
MOST_DIGESTS = 15
"""Of one person: as many as a message can list."""
MOST_FOCUS = 500
"""Characters."""
FAILURES_TOLD = 3
"""So many failures in a row are told to the owner."""


class Window(Enum):
    """How far back a digest looks."""

    SINCE_LAST = "since_last"
    DAY = "day"
    WEEK = "week"

    @property
    def words(self) -> str:
        """For people."""
        return {
            Window.SINCE_LAST: "since the last digest",
            Window.DAY: "the last 24 hours",
            Window.WEEK: "the last 7 days",
        }[self]


class Quiet(Enum):
    """What becomes of a digest where nothing is new."""

    SKIP = "skip"
    """Nothing is posted."""
    SAY = "say"
    """One line says so."""


class Pause(Enum):
    """Why a digest does not come at present."""

    NOT = ""
    BY_OWNER = "owner"
    OWNER_LEFT = "owner_left"
    NO_ACCESS = "no_access"
    """The owner, or we, are not in its channels any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a person has ordered."""

    channels: tuple[str, ...]
    """The ids of the channels it is about."""
    place: str = ""
    """The channel it is posted in; empty for a direct message to its owner."""
    recurrence: Recurrence
    window: Window = Window.SINCE_LAST
    focus: str = ""
    language: str = ""
    """Its English name; empty for the channels' own."""
    length: Length = Length.NORMAL
    quiet: Quiet = Quiet.SKIP

    def as_json(self) -> dict[str, Any]:
        """The plan as it is kept and carried; `plan_of` reads it."""
        return {
            "channels": list(self.channels),
            "place": self.place,
            "days": sorted(self.recurrence.days),
            "at": self.recurrence.at.isoformat(),
            "zone": self.recurrence.zone,
            "window": self.window.value,
            "focus": self.focus,
            "language": self.language,
            "length": self.length.value,
            "quiet": self.quiet.value,
        }

    @property
    def channels_in_words(self) -> str:
        """In Slack's mrkdwn: `<#C1> and <#C2>`."""
        return in_words([f"<#{channel}>" for channel in self.channels])

    @property
    def words(self) -> str:
        """In Slack's mrkdwn: `<#C1> here, every weekday at 9:00 (Europe/Berlin)`."""
        where = f"in <#{self.place}>" if self.place else "in a direct message"
        details = [
            f"{self.channels_in_words} {where} {self.recurrence.words}",
            self.window.words,
            *([f"about {escape(self.focus, quote=False)}"] if self.focus else []),
            *([f"in {self.language}"] if self.language else []),
            *([self.length.value] if self.length is not Length.NORMAL else []),
        ]
        return ", ".join(details)


def plan_of(raw: Mapping[str, Any]) -> Plan:
    """A plan from what `Plan.as_json` made of it."""
    return Plan(
        channels=tuple(raw["channels"]),
        place=raw["place"],
        recurrence=Recurrence(
            days=frozenset(raw["days"]), at=time.fromisoformat(raw["at"]), zone=raw["zone"]
        ),
        window=Window(raw["window"]),
        focus=raw["focus"],
        language=raw["language"],
        length=Length(raw["length"]),
        quiet=Quiet(raw["quiet"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A plan that somebody has saved."""

    id: int
    team_id: str
    owner_id: str
    plan: Plan
    pause: Pause = Pause.NOT
    failures: int = 0
    """How often in a row it could not be made."""
    fired_until: datetime
    """The last time at which it was due and was taken care of; at first, when it was saved."""

    def due(self, now: datetime, grace: timedelta) -> datetime | None:
        """The time that calls for it now: the last one missed, unless it is too long ago."""
        if self.pause is not Pause.NOT:
            return None
        latest = self.plan.recurrence.latest_between(self.fired_until, now)
        return latest if latest is not None and now - latest <= grace else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicNote:
    """A topic that a digest has told of, and the message to read on at."""

    title: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNote:
    """What a digest has told of a channel: enough not to read it again."""

    channel_id: str
    read_from: datetime
    read_until: datetime
    messages: int = 0
    threads: int = 0
    headline: str = ""
    topics: tuple[TopicNote, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The note as it is kept; `note_of` reads it."""
        return {
            "channel_id": self.channel_id,
            "read_from": self.read_from.timestamp(),
            "read_until": self.read_until.timestamp(),
            "messages": self.messages,
            "threads": self.threads,
            "headline": self.headline,
            "topics": [{"title": topic.title, "link": topic.link} for topic in self.topics],
        }


def note_of(raw: Mapping[str, Any]) -> ChannelNote:
    """A note from what `ChannelNote.as_json` made of it."""
    return ChannelNote(
        channel_id=raw["channel_id"],
        read_from=datetime.fromtimestamp(raw["read_from"], UTC),
        read_until=datetime.fromtimestamp(raw["read_until"], UTC),
        messages=raw["messages"],
        threads=raw["threads"],
        headline=raw["headline"],
        topics=tuple(TopicNote(**topic) for topic in raw["topics"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is to be told of a channel: the part to read, and the notes on what was read before."""

    read_from: datetime
    read_until: datetime
    earlier: tuple[ChannelNote, ...] = field(default=())


_FIRST = {
    Window.SINCE_LAST: timedelta(days=1),
    Window.DAY: timedelta(days=1),
    Window.WEEK: timedelta(days=7),
}
_FARTHEST = timedelta(days=31)


def stretch(window: Window, now: datetime, notes: tuple[ChannelNote, ...]) -> Stretch:
    """What a digest reads of a channel now, given the notes of its earlier runs, oldest first.

    What was read once is not read twice: of the window's older part, the notes tell.
    """
    read_until = max((note.read_until for note in notes), default=None)
    if window is Window.SINCE_LAST:
        start = now - _FIRST[window] if read_until is None else max(read_until, now - _FARTHEST)
        return Stretch(read_from=start, read_until=now)
    start = now - _FIRST[window]
    return Stretch(
        read_from=start if read_until is None else max(start, read_until),
        read_until=now,
        earlier=tuple(note for note in notes if note.read_until > start and note.messages),
    )


class Digests(Protocol):
    """The digests of all workspaces, and what their runs have told."""

    async def add(self, team_id: str, owner_id: str, plan: Plan, now: datetime) -> Digest | None:
        """Keep a new one, which is due after `now`; None where its owner has too many."""
        ...

    async def load(self, team_id: str, digest_id: int) -> Digest | None:
        """One digest of a workspace; None where it is gone."""
        ...

    async def owned_by(self, team_id: str, owner_id: str) -> Sequence[Digest]:
        """A person's digests, the oldest first."""
        ...

    async def replan(self, digest_id: int, plan: Plan, now: datetime) -> None:
        """Change what was ordered; it is due by the new plan, after `now`."""
        ...

    async def pause(self, digest_id: int, why: Pause) -> None:
        """Let it rest."""
        ...

    async def resume(self, digest_id: int, now: datetime) -> None:
        """Let it come again, after `now`: what it missed in between does not count."""
        ...

    async def delete(self, digest_id: int) -> None:
        """Forget it, and what it has told."""
        ...

    async def changed_within(self, seconds: float | None) -> Sequence[Digest]:
        """Those that were saved or changed in the last so many seconds; None stands for all."""
        ...

    async def fired(self, digest_id: int, due: datetime) -> None:
        """Note that it has been taken care of for this time, and all before."""
        ...

    async def notes(self, digest_id: int) -> Sequence[ChannelNote]:
        """What its runs have told, oldest first."""
        ...

    async def told_at(self, digest_id: int, due: datetime) -> Sequence[ChannelNote]:
        """What the run of that time has told."""
        ...

    async def told(self, digest_id: int, due: datetime, notes: Sequence[ChannelNote]) -> None:
        """Keep what a run has told; it has not failed, then."""
        ...

    async def failed(self, digest_id: int, due: datetime) -> int:
        """Count a run that could not be made; returns how many in a row."""
        ...
