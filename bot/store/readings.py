"""What files of threads became when they were read: kept with the messages they are on, and gone with them."""

from contextlib import suppress

from sqlalchemy import exists, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.store.db import Writer
from bot.store.sealing import Sealed
from bot.store.tables import Attachment, Message, ReadingRow


class StoredReadings:
    """Implements `conversation.ports_files.Readings`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def load(self, conversation_id: int, file_id: str, form: str) -> str | None:
        """What was kept of a file in this form; None where nothing was."""
        query = (
            select(ReadingRow.content)
            .join(Attachment, Attachment.id == ReadingRow.attachment_id)
            .join(Message, Message.id == Attachment.message_id)
            .where(
                Message.conversation_id == conversation_id,
                Attachment.file_id == file_id,
                ReadingRow.form == form,
            )
            .limit(1)
        )
        async with self._engine.connect() as connection:
            content: str | None = await connection.scalar(query)
        return content

    async def keep(self, conversation_id: int, file_id: str, form: str, content: str) -> None:
        """Keep this for as long as the file's message; nothing where that is gone already."""
        is_kept = exists().where(ReadingRow.attachment_id == Attachment.id, ReadingRow.form == form)
        row = (
            select(Attachment.id, literal(form), literal(content, Sealed))
            .join(Message, Message.id == Attachment.message_id)
            .where(
                Message.conversation_id == conversation_id,
                Attachment.file_id == file_id,
                ~is_kept,
            )
            .limit(1)
        )
        statement = insert(ReadingRow).from_select(["attachment_id", "form", "content"], row)

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        with suppress(IntegrityError):  # another process was first
            await self._writer.run(change)
