"""What the processes have of what they share: one row for each thing, one process at it at a time."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.sharing import TOLD_SECONDS, Common, Settle, Told
from bot.store.clock import now
from bot.store.db import faults_in_words
from bot.store.tables import CommonRow

_FOUND = (
    select(CommonRow.id, CommonRow.team_id, CommonRow.name, CommonRow.stakes, now().label("now"))
    .where(tuple_(CommonRow.team_id, CommonRow.name).in_(bindparam("commons", expanding=True)))
    .order_by(CommonRow.team_id, CommonRow.name)  # everybody locks them in the same order
    .with_for_update()
)
_KEEP = (
    update(CommonRow)
    .where(CommonRow.id == bindparam("common"))
    .values(stakes=bindparam("their_stakes"))
)
_ADD = insert(CommonRow).values(stakes={})


class StoredCommons:
    """Implements `conversation.sharing.Commons`.

    It has a connection of its own: a process that is frozen here makes the others wait a little
    with this, and with nothing else.
    """

    def __init__(self, engine: AsyncEngine, *, worker: str) -> None:
        self._engine = engine
        self._worker = worker

    async def exchange(self, settles: Mapping[Common, Settle]) -> None:
        """Settle each of these, with nobody else at it meanwhile. Raises DatabaseUnreachable."""
        async with faults_in_words(), self._engine.connect() as connection:
            _ = await connection.execution_options(writes=True)
            async with connection.begin():
                rows = await self._rows(connection, settles)
                await connection.execute(
                    _KEEP,
                    [
                        {"common": row.id, "their_stakes": self._settled(row, settles)}
                        for row in rows
                    ],
                )

    async def _rows(
        self, connection: AsyncConnection, settles: Mapping[Common, Settle]
    ) -> Sequence[Row[Any]]:
        wanted = {"commons": [tuple(common) for common in settles]}
        rows = (await connection.execute(_FOUND, wanted)).all()
        if len(rows) == len(settles):
            return rows
        missing = set(settles) - {Common(row.team_id, row.name) for row in rows}
        for common in sorted(missing):
            with suppress(IntegrityError):  # another process has just been quicker
                async with connection.begin_nested():
                    await connection.execute(_ADD, [common._asdict()])
        return (await connection.execute(_FOUND, wanted)).all()

    def _settled(self, row: Row[Any], settles: Mapping[Common, Settle]) -> dict[str, Any]:
        """What everybody has afterwards; who has not been heard of for long is forgotten."""
        others = {
            worker: told
            for worker, told in row.stakes.items()
            if worker != self._worker and row.now - told["at"] < TOLD_SECONDS
        }
        stake = settles[Common(row.team_id, row.name)](
            [
                Told(stake=told["stake"], age=max(0.0, row.now - told["at"]))
                for told in others.values()
            ]
        )
        if stake:
            others[self._worker] = {"at": row.now, "stake": dict(stake)}
        return others
