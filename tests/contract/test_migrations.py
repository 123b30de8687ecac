"""Each migration adds only: the program of before works on the schema of after, on both databases."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Inspector, inspect

from bot.store.db import make_engine
from bot.store.schema import migrate, revisions

Shape = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The columns of each table, by their names."""


async def test_nothing_is_missed_or_demanded_by_the_release_before(database: str) -> None:
    after = await _shape(database)
    for revision in reversed(revisions()[:-1]):
        await asyncio.to_thread(migrate, database, revision)
        before = await _shape(database)
        for table, columns in before.items():
            assert columns.keys() <= after[table].keys(), (
                f"behind {revision} {table} lacks a column"
            )
            for name in after[table].keys() - columns.keys():
                column = after[table][name]
                fills_itself = column["nullable"] or column["default"] is not None
                assert fills_itself, f"{table}.{name} is unknown to {revision}, which leaves it out"
        after = before


async def _shape(url: str) -> Shape:
    def read(connection: Connection) -> Shape:
        found: Inspector = inspect(connection)
        return {
            table: {str(column["name"]): dict(column) for column in found.get_columns(table)}
            for table in found.get_table_names()
        }

    engine = make_engine(url)
    async with engine.connect() as connection:
        shape = await connection.run_sync(read)
    await engine.dispose()
    return shape
