"""What was accepted and has no answer, for an admin to see: questions that wait, run, or have failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.thread import Outcome
from bot.store.again import ask_again
from bot.store.clock import now
from bot.store.db import Writer
from bot.store.tables import UNANSWERED, Conversation, Message, Reply

MOST = 500
"""Questions in one list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A question without an answer. Its words are not part of it: they are not the admin's."""

    id: int
    team_id: str
    channel_id: str
    thread_ts: str
    ts: str
    """When it was asked, as Slack says it: seconds since the epoch."""
    author_id: str
    outcome: Outcome | None
    """`WRITING` or `FAILED`; None while it waits."""
    failure: str = ""
    """Why the last answer failed, by the error's name."""
    attempt: int = 0
    worker: str = ""
    silent_seconds: float = 0.0
    """How long its worker has not been heard of."""


class Inbox:
    """The questions that are open, in all conversations of the database."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def open(self, *, team_id: str = "", failed_within: float) -> Sequence[Open]:
        """The questions that wait or run, and those that failed within so many seconds, oldest first."""
        wanted = _open(failed_within).order_by(Message.ts).limit(MOST)
        if team_id:
            wanted = wanted.where(Message.team_id == team_id)
        async with self._engine.connect() as connection:
            return [
                Open(
                    **{
                        **row._asdict(),
                        "outcome": Outcome(row.outcome) if row.outcome else None,
                        "failure": row.failure or "",
                        "attempt": row.attempt or 0,
                        "worker": row.worker or "",
                        "silent_seconds": row.silent_seconds or 0.0,
                    }
                )
                for row in await connection.execute(wanted)
            ]

    async def retry(self, question_id: int) -> bool:
        """Have a failed question answered anew, in the same Slack message; False if it has not failed."""

        async def change(connection: AsyncConnection) -> bool:
            reply_id = await connection.scalar(_reply(question_id, Outcome.FAILED))
            if reply_id is None:
                return False
            where = select(Message.conversation_id).where(Message.id == question_id)
            conversation_id = (await connection.execute(where)).scalar_one()
            await ask_again(connection, conversation_id, reply_id)
            return True

        return await self._writer.run(change)

    async def drop(self, question_id: int) -> bool:
        """Let a question that waits go unanswered, and end the answer to one that runs.

        False if it does neither.
        """

        async def change(connection: AsyncConnection) -> bool:
            waiting = await connection.execute(
                update(Message)
                .where(Message.id == question_id, text(UNANSWERED))
                .values(asks=False)
            )
            stopped = await connection.execute(
                update(Reply)
                .where(Reply.id.in_(_reply(question_id, Outcome.WRITING).scalar_subquery()))
                .values(stop_requested=True)
            )
            return bool(waiting.rowcount or stopped.rowcount)

        return await self._writer.run(change)


def _open(failed_within: float) -> Select[*tuple[object, ...]]:
    return (
        select(
            Message.id,
            Message.team_id,
            Message.channel_id,
            Conversation.thread_ts,
            Message.ts,
            Message.author_id,
            Reply.outcome,
            Reply.failure,
            Reply.attempt,
            Reply.worker,
            (now() - Reply.heartbeat_at).label("silent_seconds"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Reply, Reply.id == Message.reply_id)
        .where(
            Message.asks,
            ~Message.deleted,
            or_(
                Message.reply_id.is_(None),
                Reply.outcome == Outcome.WRITING.value,
                and_(
                    Reply.outcome == Outcome.FAILED.value,
                    Reply.finished_at > now() - failed_within,
                ),
            ),
        )
    )


def _reply(question_id: int, outcome: Outcome) -> Select[*tuple[int]]:
    """The id of the reply to a question, if it has come to that."""
    return (
        select(Reply.id)
        .join(Message, Message.reply_id == Reply.id)
        .where(Message.id == question_id, Reply.outcome == outcome.value)
    )
