"""What people have set, ordered and been given: settings, digests, summaries, and the errands for them."""

from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.sealing import Sealed, SealedJson
from bot.store.tables.base import Base


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
