"""Digests as they are kept: what was ordered, when they were due, what they have told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.digests.digest import (
    MOST_DIGESTS,
    ChannelNote,
    Digest,
    Pause,
    Plan,
    note_of,
    plan_of,
)
from bot.store import clock
from bot.store.db import Writer
from bot.store.tables import DigestRow, DigestRun

_KEPT_SECONDS = 35 * 86_400.0
"""Notes of older runs are of no use: no digest looks so far back."""


class StoredDigests:
    """Implements `conversation.digests.Digests`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def add(self, team_id: str, owner_id: str, plan: Plan, now: datetime) -> Digest | None:
        """Keep a new one, which is due after `now`; None where its owner has too many."""

        async def change(connection: AsyncConnection) -> int | None:
            has = await connection.scalar(
                select(func.count()).where(
                    DigestRow.team_id == team_id, DigestRow.owner_id == owner_id
                )
            )
            if (has or 0) >= MOST_DIGESTS:
                return None
            added = await connection.execute(
                insert(DigestRow).values(changed_at=clock.now()).returning(DigestRow.id),
                {
                    "team_id": team_id,
                    "owner_id": owner_id,
                    "plan": plan.as_json(),
                    "pause": Pause.NOT.value,
                    "failures": 0,
                    "failed_until": 0.0,
                    "fired_until": now.timestamp(),
                },
            )
            return int(added.scalar_one())

        digest_id = await self._writer.run(change)
        if digest_id is None:
            return None
        return Digest(id=digest_id, team_id=team_id, owner_id=owner_id, plan=plan, fired_until=now)

    async def load(self, team_id: str, digest_id: int) -> Digest | None:
        """One digest of a workspace; None where it is gone."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(DigestRow.__table__).where(
                    DigestRow.team_id == team_id, DigestRow.id == digest_id
                )
            )
            row = found.one_or_none()
        return None if row is None else _digest(row)

    async def owned_by(self, team_id: str, owner_id: str) -> Sequence[Digest]:
        """A person's digests, the oldest first."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(DigestRow.__table__)
                .where(DigestRow.team_id == team_id, DigestRow.owner_id == owner_id)
                .order_by(DigestRow.id)
            )
            return [_digest(row) for row in found]

    async def changed_within(self, seconds: float | None) -> Sequence[Digest]:
        """Those that were saved or changed in the last so many seconds; None stands for all.

        By the database's clock: those of the machines that save differ.
        """
        lately = true() if seconds is None else DigestRow.changed_at >= clock.now() - seconds
        async with self._engine.connect() as connection:
            found = await connection.execute(select(DigestRow.__table__).where(lately))
            return [_digest(row) for row in found]

    async def replan(self, digest_id: int, plan: Plan, now: datetime) -> None:
        """Change what was ordered; it is due by the new plan, after `now`."""
        await self._change(digest_id, plan=plan.as_json(), fired_until=now.timestamp())

    async def pause(self, digest_id: int, why: Pause) -> None:
        """Let it rest."""
        await self._change(digest_id, pause=why.value)

    async def resume(self, digest_id: int, now: datetime) -> None:
        """Let it come again, after `now`: what it missed in between does not count."""
        await self._change(
            digest_id, pause=Pause.NOT.value, failures=0, fired_until=now.timestamp()
        )

    async def delete(self, digest_id: int) -> None:
        """Forget it, and what it has told."""
        await self._writer.run(
            lambda connection: connection.execute(
                delete(DigestRow).where(DigestRow.id == digest_id)
            )
        )

    async def fired(self, digest_id: int, due: datetime) -> None:
        """Note that it has been taken care of for this time, and all before."""
        moment = due.timestamp()
        await self._writer.run(
            lambda connection: connection.execute(
                update(DigestRow)
                .where(DigestRow.id == digest_id, DigestRow.fired_until < moment)
                .values(fired_until=moment)
            )
        )

    async def notes(self, digest_id: int) -> Sequence[ChannelNote]:
        """What its runs have told, oldest first."""
        async with self._engine.connect() as connection:
            runs = await connection.scalars(
                select(DigestRun.told)
                .where(DigestRun.digest_id == digest_id)
                .order_by(DigestRun.due_at)
            )
            return [note_of(raw) for told in runs for raw in told["notes"]]

    async def told_at(self, digest_id: int, due: datetime) -> Sequence[ChannelNote]:
        """What the run of that time has told."""
        async with self._engine.connect() as connection:
            told = await connection.scalar(
                select(DigestRun.told).where(
                    DigestRun.digest_id == digest_id, DigestRun.due_at == due.timestamp()
                )
            )
        return [note_of(raw) for raw in told["notes"]] if told else []

    async def told(self, digest_id: int, due: datetime, notes: Sequence[ChannelNote]) -> None:
        """Keep what a run has told; it has not failed, then."""
        moment = due.timestamp()

        async def change(connection: AsyncConnection) -> None:
            exists = await connection.execute(
                update(DigestRow).where(DigestRow.id == digest_id).values(failures=0)
            )
            await connection.execute(
                delete(DigestRun).where(
                    DigestRun.digest_id == digest_id,
                    (DigestRun.due_at == moment) | (DigestRun.due_at < moment - _KEPT_SECONDS),
                )
            )
            if not exists.rowcount:
                return  # deleted while it was being made
            told = {"notes": [note.as_json() for note in notes]}
            await connection.execute(
                insert(DigestRun), {"digest_id": digest_id, "due_at": moment, "told": told}
            )

        await self._writer.run(change)

    async def failed(self, digest_id: int, due: datetime) -> int:
        """Count a run that could not be made; returns how many in a row."""
        moment = due.timestamp()

        async def change(connection: AsyncConnection) -> int:
            await connection.execute(
                update(DigestRow)
                .where(DigestRow.id == digest_id, DigestRow.failed_until < moment)
                .values(failures=DigestRow.failures + 1, failed_until=moment)
            )
            return (
                await connection.scalar(select(DigestRow.failures).where(DigestRow.id == digest_id))
                or 0
            )

        return await self._writer.run(change)

    async def _change(self, digest_id: int, **values: Any) -> None:
        await self._writer.run(
            lambda connection: connection.execute(
                update(DigestRow)
                .where(DigestRow.id == digest_id)
                .values(changed_at=clock.now(), **values)
            )
        )


def _digest(row: Row[Any]) -> Digest:
    return Digest(
        id=row.id,
        team_id=row.team_id,
        owner_id=row.owner_id,
        plan=plan_of(row.plan),
        pause=Pause(row.pause),
        failures=row.failures,
        fired_until=datetime.fromtimestamp(row.fired_until, UTC),
    )
