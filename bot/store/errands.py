"""Errands as they are kept: added once, claimed by one worker at a time, taken over after a crash."""

import json
import re
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.errands import Errand
from bot.errors import LostTurn
from bot.store.claims import LEASE_SECONDS, LET_GO, LOST, is_ahead
from bot.store.clock import now
from bot.store.db import Writer
from bot.store.tables import ErrandRow

ADDED = "threadwise_errands"
"""Where PostgreSQL tells every worker that an errand waits (bot/store/jobs.py listens)."""
_MOST_DUE = 100
_IS_SETBACK = case((ErrandRow.heartbeat_at != LET_GO, 1), else_=0)
"""Whether the worker that had it has died; one that is asked to end lets it go."""
_BY_AGE = (ErrandRow.due_at, ErrandRow.id)
_OF_TEAM = func.row_number().over(partition_by=ErrandRow.team_id, order_by=_BY_AGE)
"""How many of its own workspace's stand before it."""


class StoredErrands:
    """Implements `conversation.errands.Errands`."""

    def __init__(self, engine: AsyncEngine, writer: Writer, *, worker: str) -> None:
        self._engine = engine
        self._writer = writer
        self._worker = worker

    async def add(
        self,
        *,
        team_id: str,
        kind: str,
        payload: Mapping[str, Any],
        key: str | None = None,
        due_at: float = 0.0,
    ) -> int | None:
        """Keep a new errand; None where one with this `key` is known already."""
        row = {
            "team_id": team_id,
            "kind": kind,
            "key": key,
            "payload": dict(payload),
            "kept": {},
            "attempt": 0,
            "worker": "",
            "heartbeat_at": LET_GO,
            "due_at": due_at,
            "created_at": time.time(),
            "failure": "",
        }

        async def change(connection: AsyncConnection) -> int:
            added = await connection.execute(insert(ErrandRow).returning(ErrandRow.id), row)
            await _announce(connection)
            return int(added.scalar_one())

        try:
            return await self._writer.run(change)
        except IntegrityError:
            return None

    async def due(self, kinds: Collection[str]) -> Sequence[int]:
        """The errands of these kinds that wait and that no living worker is at, in a fair order."""
        async with self._engine.connect() as connection:
            found = await connection.scalars(
                select(ErrandRow.id)
                .where(*is_free(), ErrandRow.kind.in_(kinds))
                .order_by(_OF_TEAM, *_BY_AGE)
                .limit(_MOST_DUE)
            )
            return list(found)

    async def claim(self, errand_id: int) -> Errand | None:
        """Take an errand; None where somebody else has it, or it is done."""

        async def change(connection: AsyncConnection) -> Errand | None:
            # The clock was put back: its worker has a lease to be heard of by the clock as it is.
            ahead = await connection.execute(
                update(ErrandRow)
                .where(ErrandRow.id == errand_id, is_ahead(ErrandRow.heartbeat_at))
                .values(heartbeat_at=now())
            )
            if ahead.rowcount:
                return None
            taken = await connection.execute(
                update(ErrandRow)
                .where(ErrandRow.id == errand_id, *is_free())
                .values(
                    attempt=ErrandRow.attempt + 1,
                    setbacks=ErrandRow.setbacks + _IS_SETBACK,
                    worker=self._worker,
                    heartbeat_at=now(),
                )
                .returning(
                    ErrandRow.id,
                    ErrandRow.team_id,
                    ErrandRow.kind,
                    ErrandRow.payload,
                    ErrandRow.attempt,
                    ErrandRow.setbacks,
                    ErrandRow.kept,
                )
            )
            row = taken.one_or_none()
            return None if row is None else Errand(**row._asdict())

        return await self._writer.run(change)

    async def beat(self, errands: Sequence[Errand]) -> frozenset[int]:
        """Say that their worker lives; returns the ids of those that are still its own."""
        alive = set()
        for errand in errands:
            if await self._change(errand, heartbeat_at=now()):
                alive.add(errand.id)
        return frozenset(alive)

    async def keep(self, errand: Errand, kept: Mapping[str, Any]) -> None:
        """Note what has been done of it. Raises LostTurn."""
        if not await self._change(errand, kept=dict(kept), heartbeat_at=now()):
            raise LostTurn

    async def finish(self, errand: Errand, *, failure: str = "") -> None:
        """It is done, or has failed for good. Raises LostTurn."""
        if not await self._change(errand, finished_at=time.time(), failure=failure):
            raise LostTurn

    async def release(self, errand: Errand) -> None:
        """Hand it to whoever takes it next."""
        if await self._change(errand, heartbeat_at=LET_GO):
            await self._writer.run(_announce)

    async def reopen(self, errand: Errand) -> None:
        """Let another one be added under its key."""
        await self._change(errand, key=None)

    async def release_all(self) -> None:
        """Declare every worker dead: the only process that there is has just started."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(ErrandRow)
                .where(ErrandRow.finished_at.is_(None), ErrandRow.heartbeat_at > LOST)
                .values(heartbeat_at=LOST)
            )
        )

    async def sweep(self, before: float) -> int:
        """Delete what has ended before a moment (seconds since the epoch); returns how many."""
        swept = await self._writer.run(
            lambda connection: connection.execute(
                delete(ErrandRow).where(ErrandRow.finished_at < before)
            )
        )
        return swept.rowcount

    async def _change(self, errand: Errand, **values: Any) -> bool:
        """Write, unless another worker has the errand, or it has ended."""
        changed = await self._writer.run(
            lambda connection: connection.execute(
                update(ErrandRow)
                .where(
                    ErrandRow.id == errand.id,
                    ErrandRow.attempt == errand.attempt,
                    ErrandRow.finished_at.is_(None),
                )
                .values(**values)
            )
        )
        return bool(changed.rowcount)


async def _announce(connection: AsyncConnection) -> None:
    """Tell the workers, as soon as this is committed; SQLite has but one process to tell."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(ADDED, "")))


def speaks_of(payload: Mapping[str, Any], slack_id: str) -> bool:
    """Whether an errand names a person or a channel: whom it is for, or what it is about."""
    return re.search(rf"\b{re.escape(slack_id)}\b", json.dumps(payload)) is not None


def is_free() -> tuple[ColumnElement[bool], ...]:
    """What makes an errand one that waits: due, not done, and no living worker is at it."""
    return (
        ErrandRow.finished_at.is_(None),
        ErrandRow.due_at <= time.time(),  # by the clock of whoever has put it off
        or_(
            ErrandRow.heartbeat_at < now() - LEASE_SECONDS,
            is_ahead(ErrandRow.heartbeat_at),
        ),
    )
