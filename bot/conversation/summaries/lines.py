"""What the model is shown: messages as numbered lines, with what is in their files. Pure.

No message, file or name can end the data, begin a line, or pose as another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import count

from bot.conversation.messages import Image, Part, Text
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading, Summary
from bot.conversation.tokens import estimate, of_picture

LABEL = "[picture {number}, shared in line {line}:]"
_MOST_TEXT = 2_000
"""Characters of one message; a pasted log says no more to a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFile:
    """A file on a message's line: its name, and what the model sees of it."""

    name: str
    begun: str = ""
    """How it begins."""
    picture: Image | None = None

    @property
    def text(self) -> str:
        """What stands on the line, the picture left aside."""
        begun = f": {self.begun}" if self.begun else ""
        return f" {{file: {one_line(self.name)}{begun}}}"

    @property
    def tokens(self) -> int:
        """What it costs; a picture with its label."""
        picture = self.picture
        shown = of_picture(picture.width, picture.height) + 20 if picture else 0
        return estimate(self.text) + shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one number stands for: a message, or an earlier statement with its messages."""

    text: str
    sources: tuple[ChannelMessage, ...]
    thread_ts: str = ""
    is_reply: bool = False
    files: tuple[LineFile, ...] = ()
    tokens: int = 0

    @classmethod
    def of(cls, message: ChannelMessage, text: str, files: tuple[LineFile, ...]) -> "Line":
        """The line of a message."""
        return cls(
            text=text,
            sources=(message,),
            thread_ts=message.thread_ts,
            is_reply=message.is_reply,
            files=files,
            tokens=estimate(text) + 4 + sum(file.tokens for file in files),
        )

    @property
    def pictures(self) -> tuple[Image, ...]:
        """Those that are shown with it."""
        return tuple(file.picture for file in self.files if file.picture)


def message_lines(
    reading: ChannelReading, zone: tzinfo | None, pictures: Mapping[str, Image] | None = None
) -> list[Line]:
    """The messages as lines, replies below the message that they answer.

    `pictures` are by their file's id; each is shown with the first line that has it.
    """
    left = dict(pictures or {})
    threads: dict[str, list[ChannelMessage]] = {}
    for message in sorted(reading.messages, key=lambda one: float(one.ts)):
        threads.setdefault(message.thread_ts, []).append(message)
    return [_line(message, zone, left) for thread in threads.values() for message in thread]


def statement_lines(summaries: Iterable[Summary]) -> list[Line]:
    """What parts came to, as lines of their own."""
    return [line for summary in summaries for line in _statement_lines(summary)]


def in_parts(lines: Sequence[Line], most_tokens: int) -> list[list[Line]]:
    """The lines in parts of at most so many tokens, cut between threads wherever that is possible.

    The last thread of a part moves to the next one, unless it is longer than half a part.
    """
    parts: list[list[Line]] = []
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + line.tokens > most_tokens:
            moved = _open_thread(part, line, most_tokens)
            parts.append(part[: len(part) - len(moved)])
            part, size = moved, sum(one.tokens for one in moved)
        part.append(line)
        size += line.tokens
    return [*parts, part] if part else parts


def numbered(lines: Sequence[Line]) -> str:
    """The lines as the model reads them; pictures have their own numbers, from the first to the last."""
    pictures = count(1)
    body = "\n".join(
        f"{'> ' if line.is_reply else ''}[{number}] {line.text}"
        + "".join(_shown(file, pictures) for file in line.files)
        for number, line in enumerate(lines, start=1)
    )
    return f"<messages>\n{body}\n</messages>"


def parts_of(lines: Sequence[Line]) -> tuple[Part, ...]:
    """The lines, then their pictures, each under its number and that of its line."""
    pictures = [(at, one) for at, line in enumerate(lines, start=1) for one in line.pictures]
    parts: list[Part] = [Text(text=numbered(lines))]
    for number, (at, picture) in enumerate(pictures, start=1):
        parts += [Text(text=LABEL.format(number=number, line=at)), picture]
    return tuple(parts)


def without_pictures(lines: Sequence[Line]) -> list[Line]:
    """The same lines, with their pictures' names alone."""
    return [
        Line.of(line.sources[0], line.text, tuple(replace(one, picture=None) for one in line.files))
        for line in lines
    ]


def without_files(lines: Sequence[Line]) -> list[Line]:
    """The same lines, with their files' names alone."""
    return [
        Line.of(line.sources[0], line.text, tuple(LineFile(name=one.name) for one in line.files))
        for line in lines
    ]


def _line(message: ChannelMessage, zone: tzinfo | None, left: dict[str, Image]) -> Line:
    """A message's line; it takes its pictures out of those that are left."""
    at = datetime.fromtimestamp(float(message.ts), tz=zone or UTC)
    text = one_line(message.text)
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]}…"
    begun = {excerpt.file_id: excerpt.text for excerpt in message.excerpts}
    files = tuple(
        LineFile(
            name=file.name,
            begun=begun.get(file.file_id, ""),
            picture=left.pop(file.file_id, None),
        )
        for file in message.files
    )
    return Line.of(message, f"{one_line(message.author)} ({at:%a %H:%M}): {text}", files)


def _shown(file: LineFile, pictures: Iterator[int]) -> str:
    """What stands of a file on its line; a picture takes the next number."""
    if file.picture is None:
        return file.text
    picture = f" {{picture {next(pictures)}: {one_line(file.picture.name)}}}"
    return f"{file.text if file.begun else ''}{picture}"


def _statement_lines(summary: Summary) -> Iterator[Line]:
    if summary.headline:
        yield _said("headline", summary.headline.text, summary.headline.sources)
    for topic in summary.topics:
        for point in topic.points:
            yield _said(f"topic “{topic.title}”", point.text, point.sources)
    for decision in summary.decisions:
        yield _said("decision", decision.text, decision.sources)
    for item in summary.action_items:
        words = f"who: {item.who or '?'}; what: {item.what}; by when: {item.by_when or '?'}"
        yield _said("action item", words, item.sources)
    for question in summary.open_questions:
        yield _said("open question", question.text, question.sources)


def _said(kind: str, text: str, sources: tuple[ChannelMessage, ...]) -> Line:
    said = f"{kind}: {text}"
    return Line(text=said, sources=sources, tokens=estimate(said) + 4)


def _open_thread(part: Sequence[Line], following: Line, most_tokens: int) -> list[Line]:
    """The lines at the part's end that belong to the thread of the line that follows."""
    length = size = 0
    for line in reversed(part):
        if not line.thread_ts or line.thread_ts != following.thread_ts:
            break
        length += 1
        size += line.tokens
    if size > most_tokens // 2 or length == len(part):
        return []
    return list(part[len(part) - length :])


def one_line(text: str) -> str:
    """On one line, and unable to end the data."""
    return " ".join(
        text.replace("<messages", "‹messages").replace("</messages", "‹/messages").split()
    )
