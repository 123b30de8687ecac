"""What happened in Slack, as far as a conversation is concerned: past facts, all frozen."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.conversation.thread import Author, ChannelType, SharedFile, ThreadKey


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted:
    """Somebody wrote a message where we can see it."""

    key: ThreadKey
    ts: str
    channel_type: ChannelType
    author: Author
    author_id: str
    author_name: str = ""
    author_team: str = ""
    text: str
    files: tuple[SharedFile, ...] = ()
    is_whole: bool = True
    """False when only `app_mention` came, which leaves files out."""
    mentions_us: bool = False
    mentions_others: bool = False
    bot_is_allowed: bool = False
    may_ask: bool = True
    """False for somebody whom the admin's rules refuse: they are listened to at most."""
    is_late: bool = False
    """Whether Slack could not deliver it at once: what was said after it may have come before."""
    viewing: str = ""
    """The channel that its author had open beside our messages, where Slack says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """The text of a message is another one now."""

    message: MessagePosted
    edited_ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """A message is gone."""

    team_id: str
    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """A person wants the answer that is being written in this thread to end."""

    key: ThreadKey


class Again(StrEnum):
    """In which way a person may ask for an answer once more."""

    RETRY = "retry"
    """It failed: from the beginning, in the same message."""
    REGENERATE = "regenerate"
    """It is there, and another one is wanted in its place."""
    CONTINUE = "continue"
    """It broke off: from its last character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainAsked:
    """A person wants an answer once more, in the same message."""

    reply_id: int
    team_id: str
    channel_id: str
    how: Again


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A person has said what they think of an answer."""

    reply_id: int
    team_id: str
    channel_id: str
    user_id: str
    is_good: bool


Happening = MessagePosted | MessageEdited | MessageDeleted | StopAsked | AgainAsked | Rated


class Interruption(StrEnum):
    """What becomes of the reply that is being written."""

    STOP = "stop"
    """It ends here; the text so far stays."""
    GIVE_WAY = "give way"
    """Another turn goes on with its Slack messages, or takes them away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """Look at this conversation; and first, where set, interrupt what is running in it."""

    conversation_id: int
    interruption: Interruption | None = None
    place: float = field(default=0.0, compare=False)
    """Where it stands in line: the smallest is next (bot/store/places.py)."""
