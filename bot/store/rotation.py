"""Seals everything anew with the first key: after it the older keys can be thrown away."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, Row, Table, Text, cast, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.store.db import Writer
from bot.store.sealing import Sealed, SealedJson, Vault
from bot.store.tables import Base

_ROWS = 200


async def rotate(engine: AsyncEngine, writer: Writer, vault: Vault) -> int:
    """Seal every text with the vault's first key, plain ones too; returns how many rows there are.

    The program may run meanwhile: a text that changes under way is sealed by whoever changes it.
    Raises WrongKey.
    """
    total = 0
    for table in Base.metadata.sorted_tables:
        if columns := _sealed(table):
            total += await _rotate_table(engine, writer, vault, columns)
    return total


async def check_key(engine: AsyncEngine) -> None:
    """Open the newest row of each table, to see that the key fits. Raises WrongKey."""
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if columns := _sealed(table):
                newest = select(*columns).order_by(table.c.id.desc()).limit(1)
                (await connection.execute(newest)).one_or_none()


def _sealed(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, Sealed | SealedJson)]


async def _rotate_table(
    engine: AsyncEngine, writer: Writer, vault: Vault, columns: Sequence[Column[Any]]
) -> int:
    table = columns[0].table
    raw = [cast(column, Text).label(column.name) for column in columns]
    page = select(table.c.id, *raw).order_by(table.c.id).limit(_ROWS)
    last, total = 0, 0
    while True:
        async with engine.connect() as connection:
            rows = (await connection.execute(page.where(table.c.id > last))).all()
        if not rows:
            return total
        last, total = rows[-1].id, total + len(rows)
        await writer.run(partial(_rotate_rows, vault=vault, columns=columns, rows=rows))


async def _rotate_rows(
    connection: AsyncConnection,
    *,
    vault: Vault,
    columns: Sequence[Column[Any]],
    rows: Sequence[Row[Any]],
) -> None:
    for row in rows:
        for column in columns:
            kept = getattr(row, column.name)
            if kept:
                sealed: Any = column
                await connection.execute(
                    update(sealed.table)
                    .where(sealed.table.c.id == row.id, cast(sealed, Text) == kept)
                    .values({sealed.name: sealed.type.opened(kept, vault)})
                )
