"""Rows of the database as values of the conversation, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from bot.conversation.modes import ChannelSettings
from bot.conversation.thread import (
    Author,
    Segment,
    SharedFile,
    ThreadKey,
    ThreadMessage,
)


def key_of(row: Row[Any]) -> ThreadKey:
    """The thread of a conversation's row."""
    return ThreadKey(team_id=row.team_id, channel_id=row.channel_id, thread_ts=row.thread_ts)


def settings_of(row: Row[Any]) -> ChannelSettings:
    """A channel's settings, from a conversation's row joined with them."""
    return ChannelSettings(
        preset=row.preset or "",
        thinking=row.thinking or "",
        reply_in_threads=row.reply_in_threads or "",
        instructions=row.instructions or "",
    )


def segments_of(rows: Sequence[dict[str, Any]]) -> tuple[Segment, ...]:
    """A reply's Slack messages, from their JSON."""
    return tuple(Segment(ts=str(row["ts"]), streamed=bool(row["streamed"])) for row in rows)


def as_json(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """A reply's Slack messages, as their JSON."""
    return [{"ts": segment.ts, "streamed": segment.streamed} for segment in segments]


def messages_of(rows: Iterable[Row[Any]]) -> list[ThreadMessage]:
    """Messages from rows joined with their files: one row a file, or one without any."""
    messages: dict[int, Row[Any]] = {}
    files: dict[int, list[SharedFile]] = {}
    for row in rows:
        messages[row.id] = row
        if row.file_id is not None:
            files.setdefault(row.id, []).append(_file(row))
    return [_message(row, tuple(files.get(row.id, ()))) for row in messages.values()]


def _file(row: Row[Any]) -> SharedFile:
    return SharedFile(
        file_id=row.file_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        url=row.url,
    )


def _message(row: Row[Any], files: tuple[SharedFile, ...]) -> ThreadMessage:
    return ThreadMessage(
        id=row.id,
        ts=row.ts,
        author=Author(row.author),
        author_id=row.author_id,
        author_name=row.author_name,
        team_id=row.author_team,
        text=row.text,
        files=files,
        is_whole=row.whole,
        viewing=row.viewing,
    )
