"""Claiming a turn: in one transaction, find what is unanswered and make it this worker's.

The statements are built once: building one costs more than running it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from bot.conversation.thread import (
    Answer,
    ChannelType,
    Outcome,
    Segment,
    ThreadMessage,
    Turn,
    Withdrawal,
)
from bot.store.clock import now
from bot.store.rows import key_of, messages_of, segments_of, settings_of
from bot.store.tables import Attachment, ChannelSetting, Conversation, Message, Reply

LEASE_SECONDS = 15.0
"""A reply whose worker has not been heard of for so long is taken over."""
LET_GO = 0.0
"""The heartbeat of a reply that nobody is at, because its worker has let it go."""
LOST = 1.0
"""The heartbeat of a reply that nobody is at, because its worker has died."""
_TOLD_SECONDS = 150.0
_REMEMBERED = 1_000
"""Messages of a thread that a turn is given, behind those that its summary covers."""


def in_hands() -> ColumnElement[bool]:
    """Whether a living worker may be about to touch this reply's Slack messages."""
    return and_(Reply.heartbeat_at > now() - LEASE_SECONDS, ~is_ahead(Reply.heartbeat_at))


def being_answered() -> ColumnElement[bool]:
    """Whether a living worker is at the conversation of this message: it does not stand in line."""
    return exists().where(Reply.conversation_id == Message.conversation_id, in_hands())


def is_ahead(heartbeat: InstrumentedAttribute[float]) -> ColumnElement[bool]:
    """Whether a heartbeat is from before the clock was put back: it says nothing about its worker."""
    return heartbeat > now() + LEASE_SECONDS


def lately_told() -> ColumnElement[bool]:
    """Whether a question's thread may show that it waits: Slack shows it for two minutes."""
    return and_(Message.told_at.is_not(None), Message.told_at > now() - _TOLD_SECONDS)


_CONVERSATION = (
    select(
        *Conversation.__table__.columns,
        ChannelSetting.preset,
        ChannelSetting.thinking,
        ChannelSetting.reply_in_threads,
        ChannelSetting.instructions,
    )
    .outerjoin(
        ChannelSetting,
        and_(
            ChannelSetting.team_id == Conversation.team_id,
            ChannelSetting.channel_id == Conversation.channel_id,
        ),
    )
    .where(Conversation.id == bindparam("conversation"))
)
_OPEN_REPLIES = (
    select(
        *Reply.__table__.columns,
        in_hands().label("in_hands"),
        is_ahead(Reply.heartbeat_at).label("is_ahead"),
    )
    .where(
        Reply.conversation_id == bindparam("conversation"),
        or_(
            Reply.outcome == Outcome.WRITING.value,
            and_(Reply.outcome == Outcome.WITHDRAWN.value, Reply.finished_at.is_(None)),
            and_(
                Reply.outcome == Outcome.SUPERSEDED.value,
                Reply.heartbeat_at > now() - LEASE_SECONDS,
            ),
        ),
    )
    .order_by(Reply.id)
)
_ITS_MESSAGES = (
    select(
        *Message.__table__.columns,
        lately_told().label("is_told"),
        Attachment.file_id,
        Attachment.name,
        Attachment.media_type,
        Attachment.size,
        Attachment.url,
    )
    .outerjoin(Attachment, Attachment.message_id == Message.id)
    .where(Message.conversation_id == bindparam("conversation"), ~Message.deleted)
    .order_by(Message.ts.desc(), Attachment.id.desc())
)
_ASKED = or_(
    and_(Message.asks, Message.reply_id.is_(None)), Message.reply_id == bindparam("running")
)
_MESSAGES = _ITS_MESSAGES.where(
    or_(and_(Message.ts > bindparam("since"), ~Message.left_out), _ASKED)
).limit(_REMEMBERED)
_QUESTIONS = _ITS_MESSAGES.where(_ASKED)
_ANSWERS = (
    select(Reply.id, Reply.question_ts, Reply.text, Reply.segments, Reply.outcome)
    .where(Reply.conversation_id == bindparam("conversation"), Reply.id != bindparam("ours"))
    .order_by(Reply.question_ts.desc())
    .limit(_REMEMBERED)
)
_TAKE_OVER = (
    update(Reply)
    .where(
        Reply.id == bindparam("its_id"),
        Reply.attempt == bindparam("its_attempt"),
        ~in_hands(),
    )
    .values(
        attempt=bindparam("next_attempt"),
        setbacks=bindparam("its_setbacks"),
        reached=bindparam("its_reached"),
        worker=bindparam("by"),
        heartbeat_at=now(),
    )
)
_BEGIN_LEASE = (
    update(Reply).where(Reply.id.in_(bindparam("ahead", expanding=True))).values(heartbeat_at=now())
)
_LEFT = select(Reply.segments, Reply.text, Reply.continued).where(Reply.id == bindparam("reply"))
_BEGIN = insert(Reply).values(heartbeat_at=now(), started_at=now()).returning(Reply.id)
_ASSIGN = (
    update(Message)
    .where(Message.id.in_(bindparam("questions", expanding=True)))
    .values(reply_id=bindparam("reply"))
)
_KEPT = frozenset({Outcome.DONE.value, Outcome.STOPPED.value, Outcome.FAILED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A reply that is ours to write."""

    id: int
    attempt: int
    question_ids: frozenset[int]
    setbacks: int = 0
    text: str = ""
    segments: tuple[Segment, ...] = ()


async def claim(
    connection: AsyncConnection, conversation_id: int, worker: str
) -> Turn | Withdrawal | None:
    """Take the next thing to do in a conversation; None where there is nothing to do."""
    given = {"conversation": conversation_id}
    open_replies: Sequence[Any] = (await connection.execute(_OPEN_REPLIES, given)).all()
    if any(reply.in_hands for reply in open_replies):
        return None  # whoever has it looks again afterwards
    if ahead := [reply.id for reply in open_replies if reply.is_ahead]:
        # From now on their workers have a lease to be heard of by the clock as it goes now.
        await connection.execute(_BEGIN_LEASE, {"ahead": ahead})
        return None
    for reply in open_replies:
        if reply.outcome == Outcome.WITHDRAWN.value:
            return await _withdrawal(connection, reply)
    running = [reply for reply in open_replies if reply.outcome == Outcome.WRITING.value]
    conversation: Any = (await connection.execute(_CONVERSATION, given)).one_or_none()
    if conversation is None:
        return None
    shown = {
        **given,
        "since": conversation.summary_until,
        "running": running[0].id if running else 0,
    }
    rows = await _messages(connection, shown)
    if running:
        held = await _take_over(connection, running[0], rows, worker)
    else:
        held = await _begin(connection, conversation_id, rows, worker)
    return None if held is None else await _turn(connection, conversation, held, rows)


async def _messages(connection: AsyncConnection, shown: Mapping[str, Any]) -> list[Any]:
    """The messages that a turn is given, the oldest first, a row for each of their files."""
    rows: list[Any] = list(await connection.execute(_MESSAGES, shown))
    if len(rows) == _REMEMBERED:
        # A question that Slack has delivered late may be older than all of these.
        newest = {row.id for row in rows}
        rows += [row for row in await connection.execute(_QUESTIONS, shown) if row.id not in newest]
    return rows[::-1]


async def _withdrawal(connection: AsyncConnection, reply: Row[Any]) -> Withdrawal:
    given = {"conversation": reply.conversation_id}
    conversation: Any = (await connection.execute(_CONVERSATION, given)).one()
    return Withdrawal(
        reply_id=reply.id, key=key_of(conversation), segments=segments_of(reply.segments)
    )


async def _take_over(
    connection: AsyncConnection, reply: Row[Any], rows: Sequence[Any], worker: str
) -> _Held | None:
    setbacks, reached = _setbacks(reply)
    changed = await connection.execute(
        _TAKE_OVER,
        {
            "its_id": reply.id,
            "its_attempt": reply.attempt,
            "next_attempt": reply.attempt + 1,
            "its_setbacks": setbacks,
            "its_reached": reached,
            "by": worker,
        },
    )
    if not changed.rowcount:
        return None
    return _Held(
        id=reply.id,
        attempt=reply.attempt + 1,
        question_ids=frozenset(row.id for row in rows if row.reply_id == reply.id),
        setbacks=setbacks,
        text=reply.text,
        segments=segments_of(reply.segments),
    )


def _setbacks(reply: Row[Any]) -> tuple[int, int]:
    """How many workers have died without getting any further, and how far the reply was then.

    A worker that is asked to end hands over, which is no setback; nor does it speak against a
    reply that workers die while they write more and more of it.
    """
    if reply.heartbeat_at == LET_GO:
        return reply.setbacks, reply.reached
    if len(reply.text) > reply.reached:
        return 1, len(reply.text)
    return reply.setbacks + 1, reply.reached


async def _begin(
    connection: AsyncConnection, conversation_id: int, rows: Sequence[Any], worker: str
) -> _Held | None:
    waiting = [row for row in rows if row.asks and row.reply_id is None]
    if not waiting:
        return None
    # An edited question is answered in its old place, and not together with newer ones.
    redo_of = waiting[0].redo_of
    group = [row for row in waiting if row.redo_of == redo_of]
    segments: list[dict[str, Any]] = []
    text = ""
    if redo_of is not None:
        left = (await connection.execute(_LEFT, {"reply": redo_of})).one()
        segments, text = left.segments, left.text if left.continued else ""
    begun = await connection.execute(
        _BEGIN,
        {
            "conversation_id": conversation_id,
            "question_ts": group[-1].ts,
            "outcome": Outcome.WRITING.value,
            "attempt": 1,
            "worker": worker,
            "stop_requested": False,
            "text": text,
            "segments": segments,
            "failure": "",
        },
    )
    reply_id = int(begun.scalar_one())
    question_ids = frozenset(row.id for row in group)
    await connection.execute(_ASSIGN, {"questions": list(question_ids), "reply": reply_id})
    return _Held(
        id=reply_id,
        attempt=1,
        question_ids=question_ids,
        text=text,
        segments=segments_of(segments),
    )


async def _turn(
    connection: AsyncConnection, conversation: Any, held: _Held, rows: Sequence[Any]
) -> Turn:
    given = {"conversation": conversation.id}
    messages = tuple(messages_of(rows))
    others: Sequence[Row[Any]] = ()
    if any(row.reply_id not in {None, held.id} or row.redo_of is not None for row in rows):
        asked = {**given, "ours": held.id}
        others = (await connection.execute(_ANSWERS, asked)).all()[::-1]
    return Turn(
        reply_id=held.id,
        attempt=held.attempt,
        setbacks=held.setbacks,
        conversation_id=conversation.id,
        key=key_of(conversation),
        channel_type=ChannelType(conversation.channel_type),
        history_read=conversation.history_read,
        messages=messages,
        questions=_questions(messages, held),
        answers=tuple(
            Answer(question_ts=row.question_ts, text=row.text)
            for row in others
            if row.outcome in _KEPT and row.text
        ),
        text_so_far=held.text,
        segments=held.segments,
        settings=settings_of(conversation),
        summary=conversation.summary,
        summary_until=conversation.summary_until,
        other_segments=frozenset(
            segment.ts for row in others for segment in segments_of(row.segments)
        ),
        was_told=any(row.is_told for row in rows if row.id in held.question_ids),
    )


def _questions(messages: Sequence[ThreadMessage], held: _Held) -> tuple[ThreadMessage, ...]:
    return tuple(message for message in messages if message.id in held.question_ids)
