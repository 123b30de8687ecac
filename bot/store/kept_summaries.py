"""Summaries as they are kept: their texts for some days, how far they reach for longer."""

import time
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.request import Length
from bot.conversation.summaries.timespans import Span
from bot.store.db import Writer
from bot.store.tables import SummaryRow

TEXT_SECONDS = 7 * 86_400.0
"""For so long the buttons beneath a summary work."""
ROW_SECONDS = 90 * 86_400.0
"""For so long "since I last asked" is known."""


class StoredSummaries:
    """Implements `conversation.kept_summaries.KeptSummaries`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def add(self, summary: KeptSummary) -> int:
        """Keep one; returns its id."""
        span = summary.span
        row = {
            "team_id": summary.team_id,
            "user_id": summary.user_id,
            "channel_id": summary.channel_id,
            "thread_ts": summary.thread_ts,
            "asked_in": summary.asked_in,
            "span_start": span.start.timestamp() if span else None,
            "span_end": span.end.timestamp() if span else None,
            "focus": summary.focus,
            "language": summary.language,
            "length": summary.length.value,
            "text": summary.markdown,
            "title": summary.title,
            "created_at": time.time(),
        }

        async def change(connection: AsyncConnection) -> int:
            added = await connection.execute(insert(SummaryRow).returning(SummaryRow.id), row)
            return int(added.scalar_one())

        return await self._writer.run(change)

    async def load(self, team_id: str, summary_id: int, *, user_id: str) -> KeptSummary | None:
        """A person's own summary; None where there is none of that id, or not any more."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(SummaryRow.__table__).where(
                    SummaryRow.id == summary_id,
                    SummaryRow.team_id == team_id,
                    SummaryRow.user_id == user_id,
                )
            )
            row = found.one_or_none()
        if row is None or not row.text:
            return None
        return KeptSummary(
            id=row.id,
            team_id=row.team_id,
            user_id=row.user_id,
            channel_id=row.channel_id,
            thread_ts=row.thread_ts,
            asked_in=row.asked_in,
            span=_span(row.span_start, row.span_end),
            focus=row.focus,
            language=row.language,
            length=Length(row.length),
            markdown=row.text,
            title=row.title,
        )

    async def last_end(self, team_id: str, user_id: str, channel_id: str) -> datetime | None:
        """Up to when this person has had this channel summarised; threads of it don't count."""
        async with self._engine.connect() as connection:
            end = await connection.scalar(
                select(func.max(SummaryRow.span_end)).where(
                    SummaryRow.team_id == team_id,
                    SummaryRow.user_id == user_id,
                    SummaryRow.channel_id == channel_id,
                    SummaryRow.thread_ts == "",
                )
            )
        return None if end is None else datetime.fromtimestamp(end, UTC)

    async def sweep(self, now: float, *, text_seconds: float = TEXT_SECONDS) -> int:
        """Delete old texts, and at last the rows; returns how many texts."""

        async def change(connection: AsyncConnection) -> int:
            forgotten = await connection.execute(
                update(SummaryRow)
                .where(SummaryRow.created_at < now - text_seconds, SummaryRow.text != "")
                .values(text="", focus="", title="")
            )
            await connection.execute(
                delete(SummaryRow).where(SummaryRow.created_at < now - ROW_SECONDS)
            )
            return forgotten.rowcount

        return await self._writer.run(change)


def _span(start: float | None, end: float | None) -> Span | None:
    if start is None or end is None:
        return None
    return Span(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))
