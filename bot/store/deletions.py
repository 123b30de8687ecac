"""Messages that were deleted before we heard of them: events come in any order ("Events API")."""

import time

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.events import MessageDeleted
from bot.conversation.thread import ts_of
from bot.store.db import Writer
from bot.store.tables import DeletionRow

_ON_THEIR_WAY = 2 * 86_400.0
"""Slack tries to deliver an event for a day at most ("Events API: delayed events")."""


async def note_deletion(connection: AsyncConnection, deletion: MessageDeleted) -> None:
    """Remember that a message we have not seen is gone, if its own event may be on its way yet."""
    is_old = deletion.ts < ts_of(time.time() - _ON_THEIR_WAY)
    if is_old or await is_deleted(connection, deletion.team_id, deletion.channel_id, deletion.ts):
        return
    await connection.execute(
        insert(DeletionRow).values(
            team_id=deletion.team_id, channel_id=deletion.channel_id, ts=deletion.ts
        )
    )


async def is_deleted(connection: AsyncConnection, team_id: str, channel_id: str, ts: str) -> bool:
    """Whether a message that comes now was deleted before."""
    found = exists().where(
        DeletionRow.team_id == team_id, DeletionRow.channel_id == channel_id, DeletionRow.ts == ts
    )
    return bool(await connection.scalar(select(found)))


async def forget_deletions(writer: Writer, now: float) -> None:
    """Delete those of messages that can't come any more; `now` is in seconds since the epoch."""
    old = DeletionRow.ts < ts_of(now - _ON_THEIR_WAY)
    await writer.run(lambda connection: connection.execute(delete(DeletionRow).where(old)))
