"""Forgets: deletes whole conversations, with every message, file and answer of theirs."""

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.db import Writer
from bot.store.tables import Base, Conversation, ErrandRow, Message

FORGET = "forget"
"""The kind of errand that forgets: it outlives what it deletes."""
_AT_ONCE = 200
"""Conversations in one transaction: nobody else waits long."""


async def forget_before(writer: Writer, moment: float) -> int:
    """Delete the conversations whose newest message is older; returns how many.

    `moment` is in seconds since the epoch.
    """
    newest = f"{moment:017.6f}"  # a ts is compared as text: as many digits as Slack's

    async def change(connection: AsyncConnection) -> int:
        alive = select(Message.conversation_id).where(Message.ts >= newest)
        gone = await connection.execute(
            delete(Conversation).where(
                Conversation.created_at < moment, Conversation.id.not_in(alive)
            )
        )
        return gone.rowcount

    return await writer.run(change)


async def forget_team(writer: Writer, team_id: str, *, before: float) -> int:
    """Delete everything of a workspace that was there at a moment; returns how many conversations.

    `before` is in seconds since the epoch. It may be repeated, and broken off anywhere.
    """
    total = 0
    old = (
        select(Conversation.id)
        .where(Conversation.team_id == team_id, Conversation.created_at < before)
        .limit(_AT_ONCE)
    )
    while True:
        gone = await writer.run(
            lambda connection: connection.execute(
                delete(Conversation).where(Conversation.id.in_(old.scalar_subquery()))
            )
        )
        if not gone.rowcount:
            break
        total += gone.rowcount

    async def change(connection: AsyncConnection) -> None:
        for table in _of_teams():
            statement = delete(table).where(table.c.team_id == team_id)
            if table.name == ErrandRow.__tablename__:
                statement = statement.where(table.c.kind != FORGET)
            await connection.execute(statement)

    await writer.run(change)
    return total


def _of_teams() -> list[Table]:
    """The tables that hang on a workspace alone; the others go with the row they belong to."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if "team_id" in table.c
        and not table.foreign_keys
        and table.name != Conversation.__tablename__
    ]
