"""Checks of a summary that need no judge: do its sources exist, and do they say what it says? Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from bot.conversation.summaries.summary import ChannelMessage, ChannelReading, Statement, Summary

TALKED_ABOUT = 4
"""A thread with so many messages should be mentioned."""
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_QUOTED = re.compile(r"[“«„\"]([^“”«»„\"]{3,}?)[”»“\"]")
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A statement with something in it that its sources do not say."""

    statement: Statement
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the checks have found in one summary."""

    statements: int
    foreign: int
    """Sources that were not among the messages that were read."""
    outside: int
    """Sources from outside of the window."""
    unsupported: tuple[Unsupported, ...]
    threads: int
    """Threads of some length."""
    threads_told: int
    """Those of them that a statement rests on."""
    dropped: int
    """Statements of the model that rested on nothing, and were not said."""


def check(summary: Summary, *, zone: tzinfo = UTC) -> Findings:
    """Look at every statement and its sources; `zone` is that of the wish."""
    reading = summary.reading
    statements = list(summary.statements())
    cited = [source for statement in statements for source in statement.sources]
    known = {message.ts: message for message in reading.messages}
    long_threads = set(_long_threads(reading))
    return Findings(
        statements=len(statements),
        foreign=sum(known.get(source.ts) != source for source in cited),
        outside=sum(reading.span is not None and not reading.span.holds(one.ts) for one in cited),
        unsupported=tuple(_unsupported(statements, reading, zone)),
        threads=len(long_threads),
        threads_told=len(long_threads & {source.thread_ts for source in cited}),
        dropped=summary.dropped,
    )


def _long_threads(reading: ChannelReading) -> Iterator[str]:
    counts: dict[str, int] = {}
    for message in reading.messages:
        counts[message.thread_ts] = counts.get(message.thread_ts, 0) + 1
    return (thread_ts for thread_ts, count in counts.items() if count >= TALKED_ABOUT)


def _unsupported(
    statements: Sequence[Statement], reading: ChannelReading, zone: tzinfo
) -> Iterator[Unsupported]:
    authors = {message.author for message in reading.messages}
    for statement in statements:
        words = tuple(_missing(statement, authors, zone))
        if words:
            yield Unsupported(statement=statement, words=words)


def _missing(statement: Statement, authors: set[str], zone: tzinfo) -> Iterator[str]:
    """The names, figures and quoted words of a statement that its sources do not have."""
    said = _plain(" ".join(_all_of(source, zone) for source in statement.sources))
    text = statement.text
    for author in authors:
        if _names(author, text) and _plain(author) not in said:
            yield author
    figures = set(_FIGURE.findall(said))
    for figure in _FIGURE.findall(text):
        if figure not in figures and figure not in said:
            yield figure
    for quoted in _QUOTED.findall(text):
        pieces = [_plain(piece) for piece in quoted.split(_ELLIPSIS) if piece.strip()]
        if any(piece not in said for piece in pieces):
            yield quoted


def _all_of(message: ChannelMessage, zone: tzinfo) -> str:
    """All that a line shows of a message."""
    at = datetime.fromtimestamp(float(message.ts), zone)
    files = " ".join(file.name for file in message.files)
    return f"{message.author} ({at:%a %H:%M}): {message.said} {files}"


def _names(author: str, text: str) -> bool:
    """Whether a text names this person; names that are also words count with their capital."""
    return len(author) > 2 and bool(re.search(rf"(?<!\w){re.escape(author)}(?!\w)", text))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
