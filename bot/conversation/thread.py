"""What we know of a Slack thread: its messages, the files on them, the answers given. All frozen."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.conversation.modes import ChannelSettings


def ts_of(moment: float) -> str:
    """A moment (seconds since the epoch) as a `ts`: they are compared as text, so with as many digits."""
    return f"{moment:017.6f}"


class ChannelType(StrEnum):
    """Slack's kinds of conversation (`channel_type` of a message event)."""

    CHANNEL = "channel"
    PRIVATE = "group"
    GROUP_DM = "mpim"
    DM = "im"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey:
    """Where a conversation lives; `thread_ts` is the ts of the thread's first message."""

    team_id: str
    channel_id: str
    thread_ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A file on a message, as Slack describes it."""

    file_id: str
    name: str
    media_type: str
    size: int
    url: str
    """`url_private_download`; needs the bot token. Empty where Slack gave only a stub."""

    @property
    def is_picture(self) -> bool:
        """Whether it claims to be a picture; its bytes have the last word."""
        return self.media_type.startswith("image/")

    @property
    def is_recording(self) -> bool:
        """Whether it claims to be a video or a recording."""
        return self.media_type.startswith(("video/", "audio/"))


class Author(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    BOT = "bot"
    """Another app's bot."""
    SELF = "self"
    """Ourselves, found in history that our database does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message of a thread, in Slack's own mrkdwn."""

    id: int
    ts: str
    author: Author
    author_id: str
    author_name: str = ""
    """The name that came with the message (bots bring one); people's are looked up."""
    text: str
    files: tuple[SharedFile, ...] = ()
    is_whole: bool = True
    """False when only `app_mention` came, which leaves files out."""
    team_id: str = ""
    """The author's own workspace (another one in Slack Connect)."""
    viewing: str = ""
    """The channel that its author had open beside our messages, where Slack says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer given earlier in the thread."""

    question_ts: str
    """The newest message it answered."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One Slack message of a reply, as it is known to exist."""

    ts: str
    streamed: bool
    """Opened by chat.startStream; otherwise by chat.postMessage."""


class Outcome(StrEnum):
    """How far a reply has come."""

    WRITING = "writing"
    DONE = "done"
    STOPPED = "stopped"
    """A person pressed Stop; the text so far is kept."""
    FAILED = "failed"
    """It ended in a sentence instead of a whole answer."""
    SUPERSEDED = "superseded"
    """The question was edited: another reply rewrites these messages."""
    WITHDRAWN = "withdrawn"
    """The question was deleted, and the answer with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer to be written: claimed by one worker, the only one that may write it."""

    reply_id: int
    attempt: int
    conversation_id: int
    key: ThreadKey
    channel_type: ChannelType
    history_read: bool
    """Whether the messages from before the bot came are known."""
    messages: tuple[ThreadMessage, ...]
    """Everything known of the thread, oldest first, the questions included."""
    questions: tuple[ThreadMessage, ...]
    """The messages this turn answers, oldest first."""
    answers: tuple[Answer, ...]
    setbacks: int = 0
    """How many workers have died over it since it last got any further."""
    text_so_far: str = ""
    """What an earlier attempt had written."""
    segments: tuple[Segment, ...] = ()
    """The Slack messages an earlier attempt, or the answer to the unedited question, has left."""
    other_segments: frozenset[str] = frozenset()
    """The ts of every Slack message that belongs to another reply of this thread."""

    settings: ChannelSettings = field(default_factory=ChannelSettings)
    summary: str = ""
    """What the thread's older messages come to."""
    summary_until: str = ""
    """The ts up to which the summary reaches."""
    was_told: bool = False
    """Whether the thread may show that its question waits in line."""

    @property
    def asker(self) -> ThreadMessage:
        """The newest question: who is answered, and by whose clock."""
        return self.questions[-1]

    @property
    def question(self) -> str:
        """What is asked, in the words of all questions together."""
        return "\n".join(question.text for question in self.questions)

    @property
    def is_takeover(self) -> bool:
        """Whether another worker began this reply, or may have."""
        return self.attempt > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An answer whose question was deleted, and which still stands in Slack."""

    reply_id: int
    key: ThreadKey
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a reply has come."""

    turn: Turn
    text: str
    segments: tuple[Segment, ...]
