"""Answers asked for once more, and what people think of them."""

import time
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.events import Again, AgainAsked, Interruption, Rated, Wake
from bot.conversation.thread import Outcome
from bot.store.tables import Conversation, Message, Rating, Reply

_FROM = {
    Again.RETRY: (Outcome.FAILED.value,),
    Again.REGENERATE: (Outcome.DONE.value, Outcome.STOPPED.value),
    Again.CONTINUE: (Outcome.DONE.value, Outcome.STOPPED.value, Outcome.FAILED.value),
}
"""What an answer has to be for the wish to make sense; a second click comes too late."""


async def again(connection: AsyncConnection, asked: AgainAsked) -> Wake | None:
    """Let the newest answer of a thread be written once more, or go on; None if it is not that."""
    reply = (await connection.execute(_of(asked))).one_or_none()
    if reply is None or reply.outcome not in _FROM[asked.how]:
        return None
    if asked.how is Again.CONTINUE and not reply.text:
        return None
    if asked.how is not Again.RETRY and not await _is_newest(
        connection, reply.conversation_id, reply.question_ts
    ):
        return None
    if asked.how is Again.CONTINUE:
        await connection.execute(update(Reply).where(Reply.id == reply.id).values(continued=True))
    return await ask_again(connection, reply.conversation_id, reply.id)


async def ask_again(connection: AsyncConnection, conversation_id: int, reply_id: int) -> Wake:
    """Let the next turn answer a reply's questions anew, in the reply's own Slack messages."""
    await connection.execute(
        update(Reply).where(Reply.id == reply_id).values(outcome=Outcome.SUPERSEDED.value)
    )
    await connection.execute(
        update(Message).where(Message.reply_id == reply_id).values(reply_id=None, redo_of=reply_id)
    )
    return Wake(conversation_id=conversation_id, interruption=Interruption.GIVE_WAY)


async def rate(connection: AsyncConnection, rated: Rated) -> None:
    """Keep what a person thinks of an answer, in place of what they thought before."""
    if (await connection.execute(_of(rated))).one_or_none() is None:
        return
    await connection.execute(
        delete(Rating).where(Rating.reply_id == rated.reply_id, Rating.user_id == rated.user_id)
    )
    await connection.execute(
        insert(Rating).values(
            reply_id=rated.reply_id,
            user_id=rated.user_id,
            is_good=rated.is_good,
            rated_at=time.time(),
        )
    )


def _of(clicked: AgainAsked | Rated) -> Select[*tuple[Any, ...]]:
    """The reply under which somebody clicked, if it is in the place where they clicked."""
    return (
        select(Reply.id, Reply.conversation_id, Reply.question_ts, Reply.outcome, Reply.text)
        .join(Conversation, Conversation.id == Reply.conversation_id)
        .where(
            Reply.id == clicked.reply_id,
            Conversation.team_id == clicked.team_id,
            Conversation.channel_id == clicked.channel_id,
        )
    )


async def _is_newest(connection: AsyncConnection, conversation_id: int, question_ts: str) -> bool:
    newer = await connection.scalar(
        select(func.count()).where(
            Message.conversation_id == conversation_id,
            Message.asks,
            ~Message.deleted,
            Message.ts > question_ts,
        )
    )
    return not newer
