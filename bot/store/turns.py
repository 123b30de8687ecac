"""A turn's own queries: claiming it, keeping how far it has come, ending it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.events import MessagePosted
from bot.conversation.ports import Ending, Held
from bot.conversation.thread import (
    Answer,
    Author,
    ChannelType,
    Outcome,
    Progress,
    Segment,
    SharedFile,
    ThreadKey,
    ThreadMessage,
    Turn,
    Withdrawal,
)
from bot.errors import LostTurn
from bot.store.db import Writer
from bot.store.intake import add_files, add_message
from bot.store.tables import Attachment, Conversation, Message, Reply, UsageRecord

LEASE_SECONDS = 15.0
"""A reply whose worker has not been heard of for so long is taken over."""
_REMEMBERED = 300
"""Messages of a thread that a turn is given; longer threads begin later."""


class Turns:
    """The conversations as a worker sees them. Implements `conversation.ports.Conversations`."""

    def __init__(self, engine: AsyncEngine, writer: Writer, *, worker: str) -> None:
        self._engine = engine
        self._writer = writer
        self._worker = worker

    async def unfinished(self) -> list[int]:
        """The conversations in which something waits that no living worker is at."""
        stale = time.time() - LEASE_SECONDS
        waiting = select(Message.conversation_id).where(
            Message.asks, Message.reply_id.is_(None), ~Message.deleted
        )
        orphaned = select(Reply.conversation_id).where(
            or_(
                and_(Reply.outcome == Outcome.WRITING.value, Reply.heartbeat_at < stale),
                and_(Reply.outcome == Outcome.WITHDRAWN.value, Reply.finished_at.is_(None)),
            )
        )
        async with self._engine.connect() as connection:
            found = await connection.execute(waiting.union(orphaned))
            return [row[0] for row in found]

    async def release_all(self) -> None:
        """Declare every worker dead: the only process that there is has just started."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply).where(Reply.outcome == Outcome.WRITING.value).values(heartbeat_at=0.0)
            )
        )

    async def release(self, turn: Turn) -> None:
        """Hand a turn that is half done to whoever takes it next."""
        await self._change(turn, heartbeat_at=0.0)

    async def claim(self, conversation_id: int) -> Turn | None:
        """Take the next turn of this conversation, or None where nothing is left to answer."""
        try:
            reply = await self._writer.run(
                lambda connection: _claim(connection, conversation_id, self._worker)
            )
        except IntegrityError:
            return None  # another worker began a reply at the same moment
        return None if reply is None else await self._load(reply)

    async def withdrawals(self, conversation_id: int) -> list[Withdrawal]:
        """The answers of this conversation that are to be taken away."""
        query = (
            select(Reply.id, Reply.segments, *_KEY)
            .join(Conversation, Conversation.id == Reply.conversation_id)
            .where(
                Reply.conversation_id == conversation_id,
                Reply.outcome == Outcome.WITHDRAWN.value,
                Reply.finished_at.is_(None),
            )
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Withdrawal(reply_id=row.id, key=_key(row), segments=_segments(row.segments))
            for row in rows
        ]

    async def withdrawn(self, reply_id: int) -> None:
        """Keep that an answer is gone from Slack, and its text with it."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply)
                .where(Reply.id == reply_id)
                .values(text="", segments=[], finished_at=time.time())
            )
        )

    async def add_history(self, turn: Turn, messages: Sequence[ThreadMessage]) -> Turn:
        """Keep messages from before the bot came; the turn with them in place."""
        known = {message.ts for message in turn.messages}
        new = [message for message in messages if message.ts not in known]

        async def change(connection: AsyncConnection) -> None:
            for message in new:
                await _add_if_new(connection, turn, message)
            await connection.execute(
                update(Conversation)
                .where(Conversation.id == turn.conversation_id)
                .values(history_read=True)
            )

        await self._writer.run(change)
        together = sorted([*turn.messages, *new], key=lambda message: message.ts)
        return replace(turn, messages=tuple(together), history_read=True)

    async def complete(self, turn: Turn, message: ThreadMessage) -> Turn:
        """Keep the files that a message's event had left out; the turn with them in place."""

        async def change(connection: AsyncConnection) -> None:
            changed = await connection.execute(
                update(Message).where(Message.id == message.id, ~Message.whole).values(whole=True)
            )
            if changed.rowcount:
                await add_files(connection, message.id, message.files)

        await self._writer.run(change)
        return replace(
            turn,
            messages=_with(turn.messages, message),
            questions=_with(turn.questions, message),
        )

    async def files_of(self, message_id: int) -> tuple[SharedFile, ...] | None:
        """A message's files, once its whole event has come; None before."""
        query = select(Message.whole).where(Message.id == message_id)
        async with self._engine.connect() as connection:
            if not await connection.scalar(query):
                return None
            return (await _files(connection, [message_id])).get(message_id, ())

    async def save_progress(self, all_progress: Sequence[Progress]) -> Held:
        """Keep how far these replies have come, and that their worker lives.

        Returns which of them are still ours, and which a person has stopped.
        """
        return await self._writer.run(lambda connection: _save(connection, all_progress))

    async def leave(self, turn: Turn, segments: tuple[Segment, ...]) -> None:
        """Keep which Slack messages exist, for whoever goes on or takes them away."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply)
                .where(Reply.id == turn.reply_id, Reply.attempt == turn.attempt)
                .values(segments=_as_json(segments))
            )
        )

    async def finish(self, turn: Turn, ending: Ending) -> None:
        """Keep the reply's end; its questions are answered. Raises LostTurn."""

        async def change(connection: AsyncConnection) -> int:
            changed = await connection.execute(
                update(Reply)
                .where(*_mine(turn))
                .values(
                    outcome=ending.outcome.value,
                    text=ending.text,
                    segments=_as_json(ending.segments),
                    failure=ending.failure,
                    finished_at=time.time(),
                )
            )
            if changed.rowcount and ending.usage is not None:
                await connection.execute(insert(UsageRecord), _usage(turn, ending))
            return changed.rowcount

        if not await self._writer.run(change):
            raise LostTurn

    async def _change(self, turn: Turn, **values: object) -> None:
        async def change(connection: AsyncConnection) -> int:
            changed = await connection.execute(update(Reply).where(*_mine(turn)).values(values))
            return changed.rowcount

        if not await self._writer.run(change):
            raise LostTurn

    async def _load(self, reply: "_Claimed") -> Turn:
        async with self._engine.connect() as connection:
            conversation = (
                await connection.execute(
                    select(Conversation).where(Conversation.id == reply.conversation_id)
                )
            ).one()
            messages = await _messages(connection, reply.conversation_id)
            answers = await _answers(connection, reply)
            others = await _other_segments(connection, reply)
        questions = tuple(known for known, answered_by in messages if answered_by == reply.id)
        return Turn(
            reply_id=reply.id,
            attempt=reply.attempt,
            conversation_id=reply.conversation_id,
            key=_key(conversation),
            channel_type=ChannelType(conversation.channel_type),
            history_read=conversation.history_read,
            messages=tuple(known for known, _ in messages),
            questions=questions,
            answers=answers,
            text_so_far=reply.text,
            segments=reply.segments,
            other_segments=others,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """A reply that is ours to write."""

    id: int
    attempt: int
    conversation_id: int
    text: str = ""
    segments: tuple[Segment, ...] = ()


_SAVE = (
    update(Reply)
    .where(
        Reply.id == bindparam("its_id"),
        Reply.attempt == bindparam("its_attempt"),
        Reply.outcome == Outcome.WRITING.value,
    )
    .values(
        text=bindparam("its_text"),
        segments=bindparam("its_segments"),
        heartbeat_at=bindparam("now"),
    )
)


async def _save(connection: AsyncConnection, all_progress: Sequence[Progress]) -> Held:
    now = time.time()
    attempts = {item.turn.reply_id: item.turn.attempt for item in all_progress}
    rows = [
        {
            "its_id": item.turn.reply_id,
            "its_attempt": item.turn.attempt,
            "its_text": item.text,
            "its_segments": _as_json(item.segments),
            "now": now,
        }
        for item in all_progress
    ]
    await connection.execute(_SAVE, rows)
    found = await connection.execute(
        select(Reply.id, Reply.attempt, Reply.stop_requested).where(
            Reply.id.in_(list(attempts)), Reply.outcome == Outcome.WRITING.value
        )
    )
    ours = [row for row in found if attempts[row.id] == row.attempt]
    return Held(
        reply_ids=frozenset(row.id for row in ours),
        stopped=frozenset(row.id for row in ours if row.stop_requested),
    )


_KEY = (Conversation.team_id, Conversation.channel_id, Conversation.thread_ts)


def _mine(turn: Turn) -> tuple[ColumnElement[bool], ...]:
    """A turn's writes change nothing once another attempt, or another outcome, has come."""
    return (
        Reply.id == turn.reply_id,
        Reply.attempt == turn.attempt,
        Reply.outcome == Outcome.WRITING.value,
    )


async def _claim(connection: AsyncConnection, conversation_id: int, worker: str) -> _Claimed | None:
    found = await connection.execute(
        select(Reply).where(
            Reply.conversation_id == conversation_id, Reply.outcome == Outcome.WRITING.value
        )
    )
    running = found.one_or_none()
    if running is not None:
        return await _take_over(connection, running, worker)
    return await _begin(connection, conversation_id, worker)


async def _take_over(
    connection: AsyncConnection, running: Row[Any], worker: str
) -> _Claimed | None:
    now = time.time()
    if running.heartbeat_at > now - LEASE_SECONDS:
        return None
    changed = await connection.execute(
        update(Reply)
        .where(Reply.id == running.id, Reply.attempt == running.attempt)
        .values(attempt=running.attempt + 1, worker=worker, heartbeat_at=now)
    )
    if not changed.rowcount:
        return None
    return _Claimed(
        id=running.id,
        attempt=running.attempt + 1,
        conversation_id=running.conversation_id,
        text=running.text,
        segments=_segments(running.segments),
    )


async def _begin(connection: AsyncConnection, conversation_id: int, worker: str) -> _Claimed | None:
    found = await connection.execute(
        select(Message.id, Message.ts, Message.redo_of)
        .where(
            Message.conversation_id == conversation_id,
            Message.asks,
            Message.reply_id.is_(None),
            ~Message.deleted,
        )
        .order_by(Message.ts)
    )
    waiting = found.all()
    if not waiting:
        return None
    # An edited question is answered in its old place, and not together with newer ones.
    redo_of = waiting[0].redo_of
    group = [message for message in waiting if message.redo_of == redo_of]
    segments = await _left_by(connection, redo_of)
    now = time.time()
    added = await connection.execute(
        insert(Reply).returning(Reply.id),
        {
            "conversation_id": conversation_id,
            "question_ts": group[-1].ts,
            "outcome": Outcome.WRITING.value,
            "attempt": 1,
            "worker": worker,
            "heartbeat_at": now,
            "stop_requested": False,
            "text": "",
            "segments": segments,
            "failure": "",
            "started_at": now,
        },
    )
    reply_id = int(added.scalar_one())
    await connection.execute(
        update(Message)
        .where(Message.id.in_([message.id for message in group]))
        .values(reply_id=reply_id)
    )
    return _Claimed(
        id=reply_id, attempt=1, conversation_id=conversation_id, segments=_segments(segments)
    )


async def _left_by(connection: AsyncConnection, reply_id: int | None) -> list[dict[str, object]]:
    if reply_id is None:
        return []
    found = await connection.scalar(select(Reply.segments).where(Reply.id == reply_id))
    return found or []


async def _messages(
    connection: AsyncConnection, conversation_id: int
) -> list[tuple[ThreadMessage, int | None]]:
    """The newest messages of a conversation, oldest first, each with the reply it belongs to."""
    found = await connection.execute(
        select(Message)
        .where(Message.conversation_id == conversation_id, ~Message.deleted)
        .order_by(Message.ts.desc())
        .limit(_REMEMBERED)
    )
    rows = found.all()[::-1]
    files = await _files(connection, [row.id for row in rows])
    return [(_message(row, files.get(row.id, ())), row.reply_id) for row in rows]


async def _files(
    connection: AsyncConnection, message_ids: list[int]
) -> dict[int, tuple[SharedFile, ...]]:
    found = await connection.execute(
        select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.id)
    )
    files: dict[int, tuple[SharedFile, ...]] = {}
    for row in found:
        file = SharedFile(
            file_id=row.file_id,
            name=row.name,
            media_type=row.media_type,
            size=row.size,
            url=row.url,
        )
        files[row.message_id] = (*files.get(row.message_id, ()), file)
    return files


async def _answers(connection: AsyncConnection, reply: _Claimed) -> tuple[Answer, ...]:
    kept = (Outcome.DONE.value, Outcome.STOPPED.value, Outcome.FAILED.value)
    found = await connection.execute(
        select(Reply.question_ts, Reply.text)
        .where(
            Reply.conversation_id == reply.conversation_id,
            Reply.outcome.in_(kept),
            Reply.text != "",
        )
        .order_by(Reply.question_ts.desc())
        .limit(_REMEMBERED)
    )
    rows = found.all()[::-1]
    return tuple(Answer(question_ts=row.question_ts, text=row.text) for row in rows)


async def _other_segments(connection: AsyncConnection, reply: _Claimed) -> frozenset[str]:
    """Needed only by who takes over: to tell a message nobody knows of from all the others."""
    if reply.attempt == 1:
        return frozenset()
    found = await connection.scalars(
        select(Reply.segments).where(
            Reply.conversation_id == reply.conversation_id, Reply.id != reply.id
        )
    )
    return frozenset(segment.ts for row in found for segment in _segments(row))


async def _add_if_new(connection: AsyncConnection, turn: Turn, message: ThreadMessage) -> None:
    known = await connection.scalar(
        select(Message.id).where(
            Message.team_id == turn.key.team_id,
            Message.channel_id == turn.key.channel_id,
            Message.ts == message.ts,
        )
    )
    if known is not None:
        return
    posted = MessagePosted(
        key=turn.key,
        ts=message.ts,
        channel_type=turn.channel_type,
        author=message.author,
        author_id=message.author_id,
        author_name=message.author_name,
        author_team=message.team_id,
        text=message.text,
    )
    message_id = await add_message(connection, turn.conversation_id, posted, asks=False)
    await add_files(connection, message_id, message.files)


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
    )


def _key(row: Row[Any]) -> ThreadKey:
    return ThreadKey(team_id=row.team_id, channel_id=row.channel_id, thread_ts=row.thread_ts)


def _with(messages: tuple[ThreadMessage, ...], changed: ThreadMessage) -> tuple[ThreadMessage, ...]:
    return tuple(changed if message.id == changed.id else message for message in messages)


def _segments(rows: Sequence[dict[str, object]]) -> tuple[Segment, ...]:
    return tuple(Segment(ts=str(row["ts"]), streamed=bool(row["streamed"])) for row in rows)


def _as_json(segments: tuple[Segment, ...]) -> list[dict[str, object]]:
    return [{"ts": segment.ts, "streamed": segment.streamed} for segment in segments]


def _usage(turn: Turn, ending: Ending) -> dict[str, object]:
    usage = ending.usage
    assert usage is not None  # noqa: S101  the caller has looked
    return {
        "reply_id": turn.reply_id,
        "model": ending.model,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "seconds": ending.seconds,
        "request_id": ending.request_id,
    }
