"""What we have kept of a channel: for when Slack shows us less of it than we know."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.thread import ThreadMessage
from bot.store.rows import messages_of
from bot.store.tables import Attachment, Conversation, Message

_MOST = 5_000


class StoredRecollections:
    """Implements `slack.channel_reader.Recollections`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def within(
        self, team_id: str, channel_id: str, *, oldest: str, latest: str
    ) -> Sequence[tuple[ThreadMessage, str]]:
        """The messages between two ts, oldest first, each with the ts of its thread."""
        query = (
            select(
                *Message.__table__.columns,
                Conversation.thread_ts,
                Attachment.file_id,
                Attachment.name,
                Attachment.media_type,
                Attachment.size,
                Attachment.url,
            )
            .join(Conversation, Conversation.id == Message.conversation_id)
            .outerjoin(Attachment, Attachment.message_id == Message.id)
            .where(
                Message.team_id == team_id,
                Message.channel_id == channel_id,
                Message.ts.between(oldest, latest),
                ~Message.deleted,
            )
            .order_by(Message.ts, Attachment.id)
            .limit(_MOST)
        )
        async with self._engine.connect() as connection:
            rows: Sequence[Any] = (await connection.execute(query)).all()
        threads = {row.ts: row.thread_ts for row in rows}
        return [(message, threads[message.ts]) for message in messages_of(rows)]
