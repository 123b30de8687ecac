"""The tables. Times are seconds since the epoch; a Slack `ts` stays the string Slack gave."""

from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.sealing import Sealed, SealedJson

UNANSWERED = "asks AND reply_id IS NULL AND NOT deleted"
WRITING = "outcome = 'writing'"
WITHDRAWING = "outcome = 'withdrawn' AND finished_at IS NULL"
"""What the few rows have in common that wait for something, in the words of the indexes that keep
them: a query that says it in the same words need not look at all the others."""


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of it on either database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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


class ChannelSetting(Base):
    """What people have set for one channel; empty where the team's settings hold."""

    __tablename__ = "channel_settings"
    __table_args__ = (UniqueConstraint("team_id", "channel_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(String(32))
    preset: Mapped[str] = mapped_column(String(16))
    thinking: Mapped[str] = mapped_column(String(8))
    reply_in_threads: Mapped[str] = mapped_column(String(8))
    instructions: Mapped[str] = mapped_column(Sealed)


class ErrandRow(Base):
    """Work that is no answer in a thread (bot/conversation/errands.py)."""

    __tablename__ = "errands"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "ix_errands_waiting",
            "due_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_errands_team_id", "team_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str | None] = mapped_column(String(200))
    """What makes it the same errand as another; only one of them is done."""
    payload: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    kept: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    attempt: Mapped[int]
    """Grows when another worker takes over: a write with an older number changes nothing."""
    setbacks: Mapped[int] = mapped_column(server_default="0")
    """How many workers have died over it."""
    worker: Mapped[str] = mapped_column(String(64))
    heartbeat_at: Mapped[float]
    due_at: Mapped[float]
    created_at: Mapped[float]
    finished_at: Mapped[float | None]
    failure: Mapped[str] = mapped_column(String(64))


class DigestRow(Base):
    """What somebody wants to be told on a schedule (bot/conversation/digests/digest.py)."""

    __tablename__ = "digests"
    __table_args__ = (
        Index("ix_digests_team_id_owner_id", "team_id", "owner_id"),
        Index("ix_digests_changed_at", "changed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[str] = mapped_column(String(32))
    plan: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    pause: Mapped[str] = mapped_column(String(16))
    """Why it rests; empty while it comes."""
    failures: Mapped[int]
    """Runs in a row that could not be made."""
    failed_until: Mapped[float]
    """The due time of the last of them: a run that is repeated counts once."""
    fired_until: Mapped[float]
    changed_at: Mapped[float]


class DigestRun(Base):
    """What a digest has told: counts, headlines and links, so that nothing is read twice."""

    __tablename__ = "digest_runs"
    __table_args__ = (UniqueConstraint("digest_id", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id", ondelete="CASCADE"))
    due_at: Mapped[float]
    told: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    """`{"notes": [a note for each channel]}`"""


class SummaryRow(Base):
    """A summary that somebody has been shown (bot/conversation/summaries/kept.py)."""

    __tablename__ = "summaries"
    __table_args__ = (
        Index("ix_summaries_team_id_user_id_channel_id", "team_id", "user_id", "channel_id"),
        Index("ix_summaries_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(String(32))
    thread_ts: Mapped[str] = mapped_column(String(32))
    asked_in: Mapped[str] = mapped_column(String(32))
    span_start: Mapped[float | None]
    span_end: Mapped[float | None]
    focus: Mapped[str] = mapped_column(Sealed)
    language: Mapped[str] = mapped_column(String(32))
    length: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Sealed)
    """Markdown; empty once it was forgotten."""
    title: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[float]


class InstallationRow(Base):
    """The bot in a workspace, or in an organisation for all its workspaces."""

    __tablename__ = "installations"
    __table_args__ = (UniqueConstraint("place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(32))
    """`T…`, or `E…` for an organisation."""
    name: Mapped[str] = mapped_column(String(200))
    token: Mapped[str] = mapped_column(Sealed)
    bot_user_id: Mapped[str] = mapped_column(String(32))
    bot_id: Mapped[str] = mapped_column(String(32))
    bot_name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[str] = mapped_column(Text)
    installed_by: Mapped[str] = mapped_column(String(32))
    installed_at: Mapped[float]


class OrganisationTeam(Base):
    """A workspace that is reached by its organisation's installation."""

    __tablename__ = "organisation_teams"
    __table_args__ = (
        UniqueConstraint("team_id"),
        Index("ix_organisation_teams_enterprise_id", "enterprise_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    enterprise_id: Mapped[str] = mapped_column(String(32))


class CommonRow(Base):
    """What all processes share, and what each of them has of it (bot/conversation/sharing.py)."""

    __tablename__ = "commons"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    """Empty for what all workspaces share."""
    name: Mapped[str] = mapped_column(String(100))
    stakes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`{process: {"at": seconds, "stake": {…}}}`"""


class OAuthState(Base):
    """An installation that has begun in somebody's browser."""

    __tablename__ = "oauth_states"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[float]
