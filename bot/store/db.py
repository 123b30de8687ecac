"""The database: its engine, and the one writer through which all changes go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import DatabaseUnreachable
from bot.store.sealing import Vault, give_vault
from bot.store.sqlite import connect

T = TypeVar("T")
Change = Callable[[AsyncConnection], Awaitable[T]]

_BATCH = 64
# A machine that is gone does not say so ("Database Connection Control Functions").
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def async_url(url: str) -> str:
    """The same address with the async driver that the program brings."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    driver = "sqlite+aiosqlite" if parsed.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def make_engine(url: str, keys: Sequence[str] = ()) -> AsyncEngine:
    """Open an engine for SQLite or PostgreSQL; nothing connects yet.

    `keys` seal what people wrote: the first seals, all of them open (`bot/store/sealing.py`).
    """
    engine = _make_engine(url)
    give_vault(engine.dialect, Vault(keys))
    return engine


def _make_engine(url: str) -> AsyncEngine:
    # Parameters are what people say: an error's words are logged, and must not have them in it.
    full = async_url(url)
    if not full.startswith("sqlite"):
        engine = create_async_engine(
            full,
            hide_parameters=True,
            pool_size=10,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args=_PATIENCE,
        )
        event.listen(engine.sync_engine, "connect", _prepare_postgresql)
        return engine
    patience = {"timeout": 10, "async_creator_fn": connect}
    engine = create_async_engine(full, hide_parameters=True, connect_args=patience)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # A process that is frozen in a transaction keeps its locks: nobody waits for it for long, and
    # after a while the database breaks it off ("Client Connection Defaults").
    cursor = connection.cursor()
    for setting, seconds in (("lock_timeout", 3), ("idle_in_transaction_session_timeout", 10)):
        cursor.execute(f"SET {setting} = '{seconds}s'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    cursor = connection.cursor()
    # NORMAL keeps every commit through a crash of the process; the intake asks for FULL, which
    # also keeps it through a power cut (SQLite's documentation, "PRAGMA synchronous"). What is
    # deleted would stay readable in the file until something else is written over it.
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can't be made to wait: it fails with
    # "database is locked". Writers therefore take the lock at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Writer:
    """Carries out changes one after the other, many in one commit when many come at once.

    A change is a function of a connection. It may run twice (once in a batch that failed because
    of another change, then alone), so it must do nothing but SQL.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.trouble = ""
        """Why the last commit has failed; empty where it has not."""
        self._engine = engine
        self._waiting: list[tuple[Change[Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, change: Change[T]) -> T:
        """Carry out the change and return its result once it is committed.

        Raises DatabaseUnreachable; what was asked may be done all the same, its answer lost.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="database writer")
        return await future

    async def wipe(self) -> None:
        """Let nothing of what was deleted stay in SQLite's log of changes ("PRAGMA wal_checkpoint")."""
        if self._engine.dialect.name == "sqlite":
            async with faults_in_words(), self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    async def close(self) -> None:
        """Wait for the changes under way."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            batch = [item for item in batch if not item[1].cancelled()]
            try:
                results = await self._commit([change for change, _ in batch])
            except Exception as error:  # noqa: BLE001  each waiting caller gets its own answer
                await self._one_by_one(batch, error)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _one_by_one(
        self, batch: list[tuple[Change[Any], asyncio.Future[Any]]], error: Exception
    ) -> None:
        for change, future in batch:
            failure: Exception | None = error
            result = None
            if len(batch) > 1:
                try:
                    [result] = await self._commit([change])
                    failure = None
                except Exception as own:  # noqa: BLE001  handed to the caller below
                    failure = own
            if future.done():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    async def _commit(self, changes: list[Change[Any]]) -> list[Any]:
        try:
            async with faults_in_words(), self._engine.connect() as connection:
                _ = await connection.execution_options(writes=True)
                async with connection.begin():
                    results = [await change(connection) for change in changes]
        except DatabaseUnreachable as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return results


@asynccontextmanager
async def faults_in_words() -> AsyncIterator[None]:
    """The database is gone, or full, or too busy: nothing can be kept for now."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        raise DatabaseUnreachable(str(error).splitlines()[0]) from error


async def ping(engine: AsyncEngine) -> None:
    """Raise if the database can't be reached."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
