"""Forgets: deletes whole conversations, with every message, file and answer of theirs."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.db import Writer
from bot.store.tables import Conversation, Message


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
