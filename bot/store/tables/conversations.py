"""What people said, and what we answered."""

from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.sealing import Sealed
from bot.store.tables.base import Base

UNANSWERED = "asks AND reply_id IS NULL AND NOT deleted"
WRITING = "outcome = 'writing'"
WITHDRAWING = "outcome = 'withdrawn' AND finished_at IS NULL"
"""What the few rows have in common that wait for something, in the words of the indexes that keep
them: a query that says it in the same words need not look at all the others."""


class Conversation(Base):
    """A Slack thread we are part of."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("team_id", "channel_id", "thread_ts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(String(32))
    thread_ts: Mapped[str] = mapped_column(String(32))
    channel_type: Mapped[str] = mapped_column(String(16))
    history_read: Mapped[bool]
    created_at: Mapped[float]
    summary: Mapped[str] = mapped_column(Sealed, server_default="")
    """What the older messages come to."""
    summary_until: Mapped[str] = mapped_column(String(32), server_default="")
    """The ts up to which the summary reaches."""


class Message(Base):
    """A message somebody wrote in a conversation; our own answers are replies."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("team_id", "channel_id", "ts"),
        Index("ix_messages_conversation_id_ts", "conversation_id", "ts"),
        Index(
            "ix_messages_unanswered",
            "conversation_id",
            sqlite_where=text(UNANSWERED),
            postgresql_where=text(UNANSWERED),
        ),
        Index(
            "ix_messages_place",
            "place",
            sqlite_where=text(UNANSWERED),
            postgresql_where=text(UNANSWERED),
        ),
        Index(
            "ix_messages_place_of_channel",
            "team_id",
            "channel_id",
            "place",
            sqlite_where=text(UNANSWERED),
            postgresql_where=text(UNANSWERED),
        ),
        Index(
            "ix_messages_reply_id",
            "reply_id",
            sqlite_where=text("reply_id IS NOT NULL"),
            postgresql_where=text("reply_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(String(32))
    ts: Mapped[str] = mapped_column(String(32))
    author: Mapped[str] = mapped_column(String(8))
    author_id: Mapped[str] = mapped_column(String(32))
    author_name: Mapped[str] = mapped_column(String(200))
    author_team: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Sealed)
    edited_ts: Mapped[str] = mapped_column(String(32))
    deleted: Mapped[bool]
    asks: Mapped[bool]
    """Whether it is a question to us."""
    whole: Mapped[bool]
    """False when only `app_mention` came, which leaves files out."""
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("replies.id", ondelete="SET NULL"))
    """The reply that answers it; none as long as it waits."""
    redo_of: Mapped[int | None]
    """The reply whose Slack messages its next answer rewrites."""
    left_out: Mapped[bool] = mapped_column(server_default=false())
    """Content inspection refused it: it is not shown to the model again."""
    told_at: Mapped[float | None]
    """When its thread was last told that it waits in line."""
    place: Mapped[float | None]
    """Where the question stands in line (bot/store/places.py)."""
    viewing: Mapped[str] = mapped_column(String(32), server_default="")
    """The channel that its author had open beside our messages; empty where Slack does not say."""


class DeletionRow(Base):
    """A message that was deleted before we heard of it (bot/store/deletions.py)."""

    __tablename__ = "deletions"
    __table_args__ = (UniqueConstraint("team_id", "channel_id", "ts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(String(32))
    ts: Mapped[str] = mapped_column(String(32))


class Attachment(Base):
    """A file on a message. It stays in Slack; what it says is a reading."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("message_id", "file_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    file_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Sealed)
    media_type: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    url: Mapped[str] = mapped_column(Sealed)


class ReadingRow(Base):
    """What a file became when it was read (bot/reading/packing.py)."""

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("attachment_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachments.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(String(16))
    """For which abilities of a model."""
    content: Mapped[str] = mapped_column(Sealed)


class Reply(Base):
    """An answer: one turn's work, and the Slack messages it consists of."""

    __tablename__ = "replies"
    __table_args__ = (
        Index("ix_replies_conversation_id", "conversation_id"),
        Index(
            "uq_replies_writing",
            "conversation_id",
            unique=True,
            sqlite_where=text(WRITING),
            postgresql_where=text(WRITING),
        ),
        Index(
            "ix_replies_withdrawing",
            "conversation_id",
            sqlite_where=text(WITHDRAWING),
            postgresql_where=text(WITHDRAWING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    question_ts: Mapped[str] = mapped_column(String(32))
    """The newest message it answers."""
    outcome: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    """Grows when another worker takes over: a write with an older number changes nothing."""
    setbacks: Mapped[int] = mapped_column(server_default="0")
    """How many workers have died over it since it last got any further."""
    reached: Mapped[int] = mapped_column(server_default="0")
    """How many characters it had then."""
    worker: Mapped[str] = mapped_column(String(64))
    heartbeat_at: Mapped[float]
    stop_requested: Mapped[bool]
    text: Mapped[str] = mapped_column(Sealed)
    segments: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`[{"ts": …, "streamed": …}]`"""
    failure: Mapped[str] = mapped_column(String(64))
    continued: Mapped[bool] = mapped_column(server_default=false())
    """The reply that rewrites this one goes on from its text."""
    started_at: Mapped[float]
    finished_at: Mapped[float | None]


class UsageRecord(Base):
    """What a reply cost."""

    __tablename__ = "usage"

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), index=True)
    model: Mapped[str] = mapped_column(String(100))
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    reasoning_tokens: Mapped[int]
    seconds: Mapped[float]
    request_id: Mapped[str] = mapped_column(String(100))
    preset: Mapped[str] = mapped_column(String(16), server_default="")
    searches: Mapped[int] = mapped_column(server_default="0")
    cost: Mapped[float | None]
    """By the catalogue's prices; none where they are not known."""
    currency: Mapped[str] = mapped_column(String(3), server_default="")


class Rating(Base):
    """What a person thinks of an answer."""

    __tablename__ = "ratings"
    __table_args__ = (UniqueConstraint("reply_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(String(32))
    is_good: Mapped[bool]
    rated_at: Mapped[float]
