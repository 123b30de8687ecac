"""SQLite for a busy event loop: one visit to the database's thread for each statement.

SQLAlchemy asks aiosqlite four times for one SELECT (make a cursor, execute, fetch, close), and each
visit to another thread waits for the interpreter twice. With hundreds of replies streaming, that is
most of the time a statement takes.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite
from typing_extensions import override


class QuickConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors do everything at once."""

    @override
    def cursor(self) -> "QuickCursor":  # type: ignore[override]  # what SQLAlchemy needs of one
        return QuickCursor(self)


class QuickCursor:
    """The part of a cursor that SQLAlchemy uses; all of a statement's work is one visit."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection
        self._rows: Iterable[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "QuickCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute one statement and fetch all it returns."""
        await self._visit(lambda connection: connection.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Execute one statement for each row of parameters."""
        await self._visit(lambda connection: connection.executemany(sql, parameters))

    async def fetchall(self) -> Iterable[Any]:
        """The rows that were fetched."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _visit(self, work: Any) -> None:
        def visit() -> tuple[Any, int, int | None, list[Any]]:
            cursor: sqlite3.Cursor = work(self._connection._conn)  # noqa: SLF001  its own thread
            rows = cursor.fetchall() if cursor.description else []
            found = (cursor.description, cursor.rowcount, cursor.lastrowid, rows)
            cursor.close()
            return found

        answer = await self._connection._execute(  # type: ignore[no-untyped-call]  # noqa: SLF001
            visit
        )
        self.description, self.rowcount, self.lastrowid, self._rows = answer


def connect(database: str, **options: Any) -> QuickConnection:
    """Open a connection; SQLAlchemy awaits it."""

    def connector() -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(database, **options)
        return connection

    connection = QuickConnection(connector, iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001  as SQLAlchemy does for connections of its own
    return connection
