"""Reads a channel with its threads, or one thread, for a summary: whole where Slack lets us.

Left out are joins and other notices, our own posts, and bots' posts that nobody has answered. What
Slack does not give in time is named, and filled from what we have kept of our own conversations.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.conversation.ports import Names
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import Author, ThreadMessage, ts_of
from bot.errors import NotInChannel, SlackError, SlackLimited, SlackRefused, UnreadableChannel
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.directory import Directory
from bot.slack.inbound import Identity, Payload, thread_message
from bot.slack.markdown.rendering import plain
from bot.slack.paced import PacedReads

READ_SECONDS = 600.0
"""Threads come one call each, 45 a minute: 5,000 messages take this long. What has not come by then
is named as missing."""
MOST_MESSAGES = 10_000
LIMITED = (
    "Slack lets apps like this one read only 15 messages a minute here, so I read the newest ones "
    "and what I had kept of my own conversations. An internal app has no such limit."
)
TOO_MANY = "There are more than {most:,} messages; I read the newest."
THREADS_LEFT = (
    "{threads} with {replies} could not be read in time; I read the longest threads first."
)
OLDER_LEFT = "New replies in threads that began before {day} are not among them."
NOT_ALL = "Slack stopped answering before I had read everything."
ABSENT = "I am not in that channel."
GONE = "That thread does not exist any more."
MISSING_SCOPE = (
    "I lack the permission `{scope}`. An admin can add it to the app and install it again."
)
CANT_READ = "Slack doesn't let me read that conversation ({code})."
_PAGE = 200
"""Slack advises no more than 200 messages a page ("conversations.history")."""
_FEW = 15
"""What apps that are limited are shown a page ("Rate limits: non-Marketplace apps")."""
_PATIENCE = 20.0
"""Seconds: after pages so small, a pause longer than this is that limit of one call a minute."""
_LOOK_BACK = timedelta(days=14)
"""A thread that began so long before may have new replies."""
_LOOK_PAGE = 999
_LOOK_PAGES = 4
"""So much of what stands there is looked through for them: pages as long as Slack has them, since
the minute's calls are few."""
_FARTHEST_BACK = timedelta(days=90)
"""As far as the first page goes."""
_SCOPES = {"C": "channels:history", "G": "groups:history", "D": "im:history"}

OnRead = Callable[[int], None]


class Recollections(Protocol):
    """What we have kept of a channel: the messages of threads that we are part of."""

    async def within(
        self, team_id: str, channel_id: str, *, oldest: str, latest: str
    ) -> Sequence[tuple[ThreadMessage, str]]:
        """Those between two ts, oldest first, each with the ts of its thread."""
        ...


@dataclass(slots=True)
class _Raw:
    """What one reading has brought so far, by ts."""

    found: dict[str, tuple[ThreadMessage, str]] = field(default_factory=dict)
    """Each message with the ts of its thread."""
    unread: dict[str, int] = field(default_factory=dict)
    """How many replies Slack speaks of, by the ts of threads that were not read to their end."""
    gaps: list[str] = field(default_factory=list)
    is_cut: bool = False
    """Some of it could not be read in time."""

    def missing(self) -> int:
        """How many replies were not read, and not kept by us either."""
        found = Counter(thread_ts for ts, (_, thread_ts) in self.found.items() if ts != thread_ts)
        return sum(max(0, count - found[thread_ts]) for thread_ts, count in self.unread.items())


class SlackChannelReader:
    """One workspace. Implements `conversation.ports.ChannelReader`."""

    def __init__(
        self,
        api: SlackApi,
        identity: Identity,
        directory: Directory,
        budget: Budget,
        recollections: Recollections,
        *,
        seconds: float = READ_SECONDS,
    ) -> None:
        self._api = api
        self._identity = identity
        self._directory = directory
        self._budget = budget
        self._recollections = recollections
        self._seconds = seconds
        self._address = ""

    async def read(
        self,
        channel_id: str,
        *,
        span: Span | None,
        thread_ts: str = "",
        on_read: OnRead,
    ) -> ChannelReading:
        """The messages of that span with their threads, or of one thread; None: all of it.

        Raises UnreadableChannel where nothing can be read, and SlackError.
        """
        reads = PacedReads(self._api, self._budget, seconds=self._seconds)
        work = _Work(reads, self._identity, channel_id, span, on_read)
        try:
            await (work.thread(thread_ts) if thread_ts else work.channel())
        except SlackRefused as refusal:
            raise _unreadable(refusal, channel_id) from refusal
        raw = work.raw
        if raw.is_cut and not thread_ts:
            await self._recollect(raw, channel_id, span)
        return await self._in_words(raw, channel_id, span)

    async def _recollect(self, raw: _Raw, channel_id: str, span: Span | None) -> None:
        if span is None:
            return
        kept = await self._recollections.within(
            self._identity.team_id,
            channel_id,
            oldest=ts_of(span.start.timestamp()),
            latest=ts_of(span.end.timestamp()),
        )
        for message, thread_ts in kept:
            raw.found.setdefault(message.ts, (message, thread_ts))

    async def _in_words(self, raw: _Raw, channel_id: str, span: Span | None) -> ChannelReading:
        """Names in the place of ids, and where each message can be found."""
        told = _told(raw.found)
        names = await self._directory.names([message for message, _ in told], channel_id)
        base = await self._base(channel_id)
        called = {person.id: person.name for person in names.people.values()}
        messages = tuple(
            _channel_message(message, thread_ts, names, called, base) for message, thread_ts in told
        )
        return ChannelReading(
            channel_id=channel_id,
            channel_name=names.channels.get(channel_id, ""),
            messages=messages,
            total=len(messages) + raw.missing(),
            span=span,
            gaps=tuple(raw.gaps),
        )

    async def _base(self, channel_id: str) -> str:
        """What the permalinks of a channel begin with; Slack is asked for its address once."""
        if not self._address:
            self._address = str((await self._api.write("auth.test")).get("url") or "")
        return f"{self._address.rstrip('/')}/archives/{channel_id}/p"


class _Work:
    """The calls of one reading."""

    def __init__(
        self,
        reads: PacedReads,
        identity: Identity,
        channel_id: str,
        span: Span | None,
        on_read: OnRead,
    ) -> None:
        self.raw = _Raw()
        self._reads = reads
        self._identity = identity
        self._channel_id = channel_id
        self._on_read = on_read
        self._bounds: dict[str, str] = {}
        if span is not None:
            start, end = ts_of(span.start.timestamp()), ts_of(span.end.timestamp())
            self._bounds = {"oldest": start, "latest": end, "inclusive": "true"}
        self._span = span

    async def channel(self) -> None:
        """The span's messages, then its threads, those that began before it among them."""
        tops = await self._tops()
        threads = [top for top in tops if top.get("reply_count")]
        if self.raw.is_cut:
            self.raw.unread = {str(top["ts"]): int(top["reply_count"]) for top in threads}
            return
        if self._span is not None and not self.raw.gaps:
            threads += await self._older_threads(self._span)
        threads.sort(key=lambda top: -int(top["reply_count"]))
        await asyncio.gather(*(self._replies(top) for top in threads))
        if unread := self.raw.unread:
            self.raw.is_cut = True
            missing = self.raw.missing()
            self.raw.gaps.append(
                THREADS_LEFT.format(
                    threads=_count(len(unread), "thread"), replies=_count(missing, "reply")
                )
            )

    async def thread(self, thread_ts: str) -> None:
        """One thread, its first message included. Raises UnreadableChannel where it is gone."""
        try:
            await self._thread(thread_ts, keep_first=True)
            # The link may have been one to a reply: Slack shows that alone.
            roots = {root for _, root in self.raw.found.values()} - {thread_ts}
            for root in roots:
                await self._thread(root, keep_first=True)
        except SlackRefused as refusal:
            if refusal.code == "thread_not_found":
                raise UnreadableChannel(GONE) from refusal
            raise
        except SlackError:
            self._cut(NOT_ALL)

    async def _tops(self) -> list[Payload]:
        """What stands in the channel itself, newest first; the first page has to come."""
        found: list[Payload] = []
        try:
            async for page in self._reads.pages("conversations.history", **self._arguments()):
                messages = page.get("messages") or []
                found += messages
                self._take(messages)
                # Slack may make any page small; whether this is the limit, the next call tells.
                is_small = page.get("has_more") and len(messages) <= _FEW
                self._reads.patience = _PATIENCE if is_small else math.inf
                if len(self.raw.found) >= MOST_MESSAGES:
                    self.raw.gaps.append(TOO_MANY.format(most=MOST_MESSAGES))
                    self._reads.patience = math.inf
                    break
        except SlackRefused:
            raise
        except SlackError as error:
            if not found:
                raise
            is_limit = isinstance(error, SlackLimited) and self._reads.patience == _PATIENCE
            self._cut(LIMITED if is_limit else NOT_ALL)
        return found

    async def _older_threads(self, span: Span) -> list[Payload]:
        """Threads from before the span with replies within it, as far as some pages show them."""
        since = ts_of((span.start - _FARTHEST_BACK).timestamp())
        bounds = {"oldest": since, "latest": self._bounds["oldest"], "limit": _LOOK_PAGE}
        enough = ts_of((span.start - _LOOK_BACK).timestamp())
        pages = self._reads.pages("conversations.history", channel=self._channel_id, **bounds)
        seen: list[Payload] = []
        is_whole = False
        self._reads.patience = _PATIENCE  # where Slack limits us, each of them is a minute
        with suppress(SlackError):
            for _ in range(_LOOK_PAGES):
                page = await anext(pages)
                seen += page.get("messages") or []
                is_far = bool(seen) and seen[-1]["ts"] < enough
                if is_whole := is_far or not page.get("has_more"):
                    break
        self._reads.patience = math.inf
        if not is_whole:
            day = datetime.fromtimestamp(float(seen[-1]["ts"]), UTC) if seen else span.start
            self.raw.gaps.append(OLDER_LEFT.format(day=f"{day.day} {day:%b}"))
        return [
            top
            for top in seen
            if top.get("reply_count")
            and str(top.get("latest_reply") or "") >= self._bounds["oldest"]
        ]

    async def _replies(self, top: Payload) -> None:
        """Read a thread, or note how many replies it has."""
        try:
            await self._thread(str(top["ts"]))
        except SlackError:
            self.raw.unread[str(top["ts"])] = int(top["reply_count"])

    async def _thread(self, thread_ts: str, *, keep_first: bool = False) -> None:
        arguments = self._arguments()
        async for page in self._reads.pages("conversations.replies", ts=thread_ts, **arguments):
            # The first message comes with every thread, within the span or not.
            messages = page.get("messages") or []
            self._take(one for one in messages if keep_first or one.get("ts") != thread_ts)

    def _take(self, messages: Iterable[Payload]) -> None:
        for raw in messages:
            message = thread_message(raw, self._identity)
            if message is not None:
                thread_ts = str(raw.get("thread_ts") or message.ts)
                self.raw.found[message.ts] = (message, thread_ts)
        self._on_read(len(self.raw.found))

    def _cut(self, sentence: str) -> None:
        self.raw.is_cut = True
        self.raw.gaps.append(sentence)

    def _arguments(self) -> dict[str, Any]:
        return {"channel": self._channel_id, "limit": _PAGE, **self._bounds}


def _told(found: Mapping[str, tuple[ThreadMessage, str]]) -> list[tuple[ThreadMessage, str]]:
    """What people have said, oldest first; a bot's post counts where people have answered it."""
    ordered = sorted(found.values(), key=lambda one: float(one[0].ts))
    answered = {
        thread_ts
        for message, thread_ts in ordered
        if message.author is Author.PERSON and thread_ts != message.ts
    }
    return [
        (message, thread_ts)
        for message, thread_ts in ordered
        if message.author is Author.PERSON
        or (message.author is Author.BOT and message.ts in answered)
    ]


def _channel_message(
    message: ThreadMessage,
    thread_ts: str,
    names: Names,
    called: Mapping[str, str],
    base: str,
) -> ChannelMessage:
    author = message.author_name or names.person(message.author_id).name
    return ChannelMessage(
        ts=message.ts,
        thread_ts=thread_ts,
        author_id=message.author_id,
        author=author,
        text=plain(message.text, called, names.channels),
        permalink=_permalink(base, message.ts, thread_ts),
        files=message.files,
    )


def _permalink(base: str, ts: str, thread_ts: str) -> str:
    """As chat.getPermalink makes it, without a call for each."""
    link = base + ts.replace(".", "")
    if thread_ts == ts:
        return link
    channel_id = base.split("/archives/")[1].split("/")[0]
    return f"{link}?thread_ts={thread_ts}&cid={channel_id}"


def _unreadable(refusal: SlackRefused, channel_id: str) -> UnreadableChannel:
    if refusal.code in {"not_in_channel", "channel_not_found"}:
        return NotInChannel(ABSENT)
    if refusal.code == "missing_scope":
        return UnreadableChannel(MISSING_SCOPE.format(scope=_SCOPES.get(channel_id[:1], "…")))
    return UnreadableChannel(CANT_READ.format(code=refusal.code))


def _count(number: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
