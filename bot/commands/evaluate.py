"""`bot evaluate`: how good the summaries of a model are, by checks that need no judge.

Material is a folder with chat logs: `*.jsonl` with one message a line (`ts`, `thread_ts`, `author`,
`text`), IRC logs `*.ascii.txt` beside `*.annotation.txt` that says which line answers which (the
disentanglement corpus of Kummerfeld and others), or `*.jsonl` of meetings with one a line
(`meeting_transcripts`, the QMSum corpus). A small sample comes with the program.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bot.config import ModelAccess
from bot.conversation.ports import Model
from bot.conversation.summaries.checks import Findings, check
from bot.conversation.summaries.summarizer import Summarizer
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading, Summary
from bot.conversation.summaries.timespans import Span
from bot.errors import ModelError, UnreadableChannel
from bot.model.client import ModelClient
from bot.model.connection import make_http

SAMPLE = Path(__file__).parent / "samples"
_START = 1_764_000_000.0
_STEP = 20.0
"""Seconds between two messages of a log that has no times of its own."""
_IRC = re.compile(r"^\[\d\d:\d\d\] <([^>]+)> (.*)$")
_IRC_DEED = re.compile(r"^\[\d\d:\d\d\] \* (\S+) (.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """One conversation, and what became of it."""

    name: str
    messages: int
    seconds: float
    findings: Findings | None
    """None where the model gave no summary."""
    failure: str = ""
    summary: Summary | None = None


class Material:
    """Reads from memory what was loaded. Implements `conversation.ports.ChannelReader`."""

    async def read(self, *_: object, **__: object) -> ChannelReading:
        """There is no Slack here."""
        raise UnreadableChannel("There is no Slack here.")


async def evaluate(
    model: Model, readings: Iterable[ChannelReading], *, model_name: str
) -> list[Evaluated]:
    """Summarise every conversation, and look at the summaries."""
    summarizer = Summarizer(model, Material(), model_name=model_name)
    return [await _evaluated(summarizer, reading) for reading in readings]


async def _evaluated(summarizer: Summarizer, reading: ChannelReading) -> Evaluated:
    began = time.monotonic()
    summary, failure = None, ""
    try:
        summary = await summarizer.summarize_reading(reading)
    except ModelError as error:
        failure = error.sentence
    return Evaluated(
        name=reading.channel_name,
        messages=len(reading.messages),
        seconds=time.monotonic() - began,
        findings=check(summary) if summary else None,
        failure=failure,
        summary=summary,
    )


async def evaluate_all(
    access: ModelAccess, folder: Path, model_name: str, most_messages: int
) -> list[Evaluated]:
    """Summarise what is in a folder with the model that the settings give access to."""
    async with make_http() as http:
        model = ModelClient(http, base_url=access.base_url, api_key=access.api_key)
        readings = load(folder, most_messages=most_messages)
        return await evaluate(model, readings, model_name=model_name)


def load(folder: Path, *, most_messages: int = 0) -> Iterator[ChannelReading]:
    """The conversations in a folder, in the order of their names; 0 takes them whole."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".ascii.txt"):
            yield _reading(path.name.removesuffix(".ascii.txt"), _irc(path), most_messages)
        elif path.suffix == ".jsonl":
            yield from _jsonl(path, most_messages)


def report(all_evaluated: Iterable[Evaluated]) -> Table:
    """The figures as a table, one conversation a row."""
    shown = Table(title="Summaries", title_justify="left", show_edge=False)
    shown.add_column("conversation")
    for column in (
        "messages",
        "seconds",
        "statements",
        "dropped",
        "foreign",
        "outside",
        "supported",
        "threads told",
    ):
        shown.add_column(column, justify="right")
    for one in all_evaluated:
        shown.add_row(one.name, f"{one.messages:,}", f"{one.seconds:.1f}", *_cells(one))
    return shown


def doubts(all_evaluated: Iterable[Evaluated]) -> Iterator[str]:
    """Each statement with something in it that its sources do not say."""
    for one in all_evaluated:
        for bad in one.findings.unsupported if one.findings else ():
            yield f"{one.name}: {', '.join(bad.words)} is not in the sources of: {bad.statement.text}"


def _cells(one: Evaluated) -> list[str]:
    found = one.findings
    if found is None:
        return [one.failure]
    supported = found.statements - len(found.unsupported)
    return [
        str(found.statements),
        str(found.dropped),
        str(found.foreign),
        str(found.outside),
        f"{supported} of {found.statements}",
        f"{found.threads_told} of {found.threads}",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A line of a log."""

    author: str
    text: str
    thread: int
    """The position of its thread's first line."""


def _irc(path: Path) -> list[_Said]:
    """An IRC log; a line belongs to the thread of the line that it answers."""
    annotation = path.with_name(path.name.replace(".ascii.txt", ".annotation.txt"))
    answers: dict[int, int] = {}
    if annotation.exists():
        for line in annotation.read_text(encoding="utf-8").splitlines():
            first, second = (int(number) for number in line.split()[:2])
            if first != second:
                answers[max(first, second)] = min(first, second)
    roots: dict[int, int] = {}
    positions: dict[int, int] = {}
    said: list[_Said] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines()):
        found = _IRC.match(line) or _IRC_DEED.match(line)
        if found is None:
            continue
        positions[number] = len(said)
        answered = answers.get(number)
        root = roots.get(answered, number) if answered is not None else number
        roots[number] = root if root in positions else number
        said.append(_Said(author=found[1], text=found[2], thread=positions[roots[number]]))
    return said


def _jsonl(path: Path, most_messages: int) -> Iterator[ChannelReading]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    if lines and "meeting_transcripts" in lines[0]:
        for number, meeting in enumerate(lines, start=1):
            said = [
                _Said(author=one["speaker"], text=one["content"], thread=position)
                for position, one in enumerate(meeting["meeting_transcripts"])
            ]
            yield _reading(f"meeting {number}", said, most_messages)
        return
    messages = tuple(
        _message(str(one["ts"]), str(one.get("thread_ts") or one["ts"]), one["author"], one["text"])
        for one in lines
    )
    yield _of(path.stem, messages[:most_messages] if most_messages else messages)


def _reading(name: str, said: list[_Said], most_messages: int) -> ChannelReading:
    kept = said[-most_messages:] if most_messages else said
    gone = len(said) - len(kept)
    messages = []
    for position, one in enumerate(kept):
        root = one.thread - gone
        ts = _ts(position)
        messages.append(_message(ts, _ts(root) if root >= 0 else ts, one.author, one.text))
    return _of(name, tuple(messages))


def _of(name: str, messages: tuple[ChannelMessage, ...]) -> ChannelReading:
    span = Span.between_ts(messages[0].ts, messages[-1].ts) if messages else None
    return ChannelReading(
        channel_id=name, channel_name=name, messages=messages, total=len(messages), span=span
    )


def _message(ts: str, thread_ts: str, author: str, text: str) -> ChannelMessage:
    return ChannelMessage(
        ts=ts,
        thread_ts=thread_ts,
        author_id=author,
        author=author,
        text=text,
        permalink=f"https://example.com/p{ts.replace('.', '')}",
    )


def _ts(position: int) -> str:
    return f"{_START + position * _STEP:.6f}"
