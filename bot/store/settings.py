"""What people have set for their channels."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.modes import ChannelSettings
from bot.store.db import Writer
from bot.store.tables import ChannelSetting


class ChannelSettingsStore:
    """Implements `conversation.ports.Channels`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def load(self, team_id: str, channel_id: str) -> ChannelSettings:
        """A channel's settings; empty ones where nobody has set any."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(ChannelSetting).where(
                    ChannelSetting.team_id == team_id, ChannelSetting.channel_id == channel_id
                )
            )
            row = found.one_or_none()
        if row is None:
            return ChannelSettings()
        return ChannelSettings(
            preset=row.preset,
            thinking=row.thinking,
            reply_in_threads=row.reply_in_threads,
            instructions=row.instructions,
        )

    async def save(self, team_id: str, channel_id: str, settings: ChannelSettings) -> None:
        """Keep a channel's settings in place of those before."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(ChannelSetting).where(
                    ChannelSetting.team_id == team_id, ChannelSetting.channel_id == channel_id
                )
            )
            await connection.execute(
                insert(ChannelSetting).values(
                    team_id=team_id,
                    channel_id=channel_id,
                    preset=settings.preset,
                    thinking=settings.thinking,
                    reply_in_threads=settings.reply_in_threads,
                    instructions=settings.instructions,
                )
            )

        await self._writer.run(change)
