"""The questions that wait in line, and who of their askers knows that."""

import time
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.queueing import Fates, Queued
from bot.conversation.thread import Author, ts_of
from bot.store.claims import being_answered
from bot.store.clock import now
from bot.store.db import Writer
from bot.store.rows import key_of
from bot.store.tables import UNANSWERED, Conversation, Message

OVERDUE_SECONDS = 5.0
"""Somebody who waits longer without a word wonders."""
AGAIN_SECONDS = 100.0
"""Slack takes a status away after two minutes ("assistant.threads.setStatus")."""
MOST_OF_A_WORKSPACE = 20
"""A workspace in which many can't be told must not keep the others from it."""

_UNTOLD = or_(Message.told_at.is_(None), Message.told_at < now() - AGAIN_SECONDS)
_FIRST = (
    # Where an answer is being written, the next one is not far.
    select(func.min(Message.id).label("id"), func.min(Message.place).label("place"))
    .where(
        text(UNANSWERED),
        ~being_answered(),
    )
    .group_by(Message.conversation_id)
    .subquery()
)
_PLACED = select(
    _FIRST.c.id,
    func.row_number().over(order_by=[func.coalesce(_FIRST.c.place, 0), _FIRST.c.id]).label("place"),
).subquery()
_UNTOLD_ONES = (
    select(
        Message.id.label("message_id"),
        Message.author,
        Message.author_id,
        Message.author_team,
        Conversation.team_id,
        Conversation.channel_id,
        Conversation.thread_ts,
        _PLACED.c.place,
        func.row_number()
        .over(partition_by=Conversation.team_id, order_by=_PLACED.c.place)
        .label("of_workspace"),
    )
    .join(_PLACED, _PLACED.c.id == Message.id)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .where(
        Message.ts < bindparam("before"),
        # Asked anew, a question has an answer above it, and its age says nothing.
        Message.redo_of.is_(None),
        _UNTOLD,
    )
    .subquery()
)
_OVERDUE = (
    select(_UNTOLD_ONES)
    .where(_UNTOLD_ONES.c.of_workspace <= MOST_OF_A_WORKSPACE)
    .order_by(_UNTOLD_ONES.c.place)
)
_MARK = (
    update(Message)
    .where(Message.id == bindparam("message"), text(UNANSWERED), _UNTOLD)
    .values(told_at=now())
)
_FATES = select(
    Message.id, and_(Message.asks, ~Message.deleted).label("stands"), Message.reply_id
).where(Message.id.in_(bindparam("messages", expanding=True)))


class StoredQueue:
    """Implements `conversation.queueing.Queue`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def overdue(self) -> list[Queued]:
        """Those that have waited for long without a word, first come first."""
        before = ts_of(time.time() - OVERDUE_SECONDS)
        async with self._engine.connect() as connection:
            return [
                Queued(
                    message_id=row.message_id,
                    key=key_of(row),
                    author=Author(row.author),
                    author_id=row.author_id,
                    author_team=row.author_team,
                    place=row.place,
                )
                for row in await connection.execute(_OVERDUE, {"before": before})
            ]

    async def mark(self, message_id: int) -> bool:
        """Whether it is ours to tell: it waits still, and nobody else has told."""
        changed = await self._writer.run(
            lambda connection: connection.execute(_MARK, {"message": message_id})
        )
        return bool(changed.rowcount)

    async def fates(self, message_ids: Sequence[int]) -> Fates:
        """What became of these questions."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_FATES, {"messages": list(message_ids)})).all()
        standing = [row for row in rows if row.stands]
        return Fates(
            waiting=frozenset(row.id for row in standing if row.reply_id is None),
            begun=frozenset(row.id for row in standing if row.reply_id is not None),
        )
