"""A summary as a value: statements, each with the messages it rests on. All frozen."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import SharedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What a document that somebody shared begins with, or what is said in a recording."""

    file_id: str
    text: str
    """On one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMessage:
    """A message as a summary needs it, in words: names where Slack has ids."""

    ts: str
    thread_ts: str
    """The first message of its thread: its own ts where it has no thread."""
    author_id: str
    author: str
    """The name that Slack shows."""
    text: str
    permalink: str
    files: tuple[SharedFile, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    """Of its files; those that another message brought before are not repeated."""

    @property
    def said(self) -> str:
        """Everything in it that a statement may rest on: its text, and that of its files."""
        return "\n".join([self.text, *(excerpt.text for excerpt in self.excerpts)])

    @property
    def is_reply(self) -> bool:
        """Whether it stands inside a thread."""
        return self.thread_ts != self.ts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReading:
    """What was read of a channel or a thread, and what was not."""

    channel_id: str
    channel_name: str = ""
    """Without the `#`; empty for a conversation without a name."""
    messages: tuple[ChannelMessage, ...]
    """Oldest first. Joins, bots' noise and our own posts are not among them."""
    total: int
    """How many there are, as far as Slack says; those that could not be read included."""
    span: Span | None = None
    """None for a whole thread."""
    gaps: tuple[str, ...] = ()
    """What could not be read, a sentence each."""

    @property
    def threads(self) -> int:
        """In how many threads there are replies."""
        return len({message.thread_ts for message in self.messages if message.is_reply})

    def within(self) -> Span | None:
        """From the first message to the last; the span that was asked for where there is none."""
        if not self.messages:
            return self.span
        return Span.between_ts(self.messages[0].ts, self.messages[-1].ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Something a summary says, and the messages it comes from: one at least."""

    text: str
    sources: tuple[ChannelMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What was talked about."""

    title: str
    points: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something that somebody is to do."""

    what: str
    sources: tuple[ChannelMessage, ...]
    who: str = ""
    """A name; empty where nobody has taken it yet."""
    by_when: str = ""
    """In the words of the messages; empty where nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShared:
    """A file, and the message that brought it. Found by code, not by the model."""

    file: SharedFile
    message: ChannelMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a channel or a thread comes to. Without a headline there was nothing to say."""

    headline: Statement | None = None
    topics: tuple[Topic, ...] = ()
    """In order of weight."""
    decisions: tuple[Statement, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    open_questions: tuple[Statement, ...] = ()
    files: tuple[FileShared, ...] = ()
    reading: ChannelReading
    language: str = ""
    """What it is written in, by its English name."""
    gaps: tuple[str, ...] = ()
    """What was read and could not be summarised, a sentence each; besides `reading.gaps`."""
    dropped: int = 0
    """Statements of the model that rested on no message: they are left out."""
    documents: int = 0
    """Files of whose text the model was shown the beginning."""
    pictures: int = 0
    """Pictures that the model was shown."""

    def statements(self) -> Iterator[Statement]:
        """Everything it says, each with its sources; action items as one sentence."""
        if self.headline:
            yield self.headline
        for topic in self.topics:
            yield from topic.points
        yield from self.decisions
        for item in self.action_items:
            said = " ".join(part for part in (item.who, item.what, item.by_when) if part)
            yield Statement(text=said, sources=item.sources)
        yield from self.open_questions
