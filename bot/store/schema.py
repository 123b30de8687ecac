"""The schema: whether it is the one this program knows, and how it gets there."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, NullPool, column, create_engine, inspect, make_url, select, table
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import DatabaseUnreachable, OutdatedSchema
from bot.store.db import async_url

_IN_TREE = Path(__file__).parents[2] / "migrations"
_IN_WHEEL = Path(__file__).parents[1] / "_migrations"
_VERSION = table("alembic_version", column("version_num"))
OUTDATED = "The database's schema is outdated: run `bot migrate` first."


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to a revision (blocking; run it in a thread under an event loop).

    A schema that a newer version of the program has made stays as it is.
    """
    with _words_for_failure(url):
        if revision == "head" and _is_enough(_kept_revision(url)):
            return
        _run_alembic(url, revision)


async def is_current(engine: AsyncEngine, url: str) -> bool:
    """Whether the schema is the one this version of the program knows, or a newer one."""
    with _words_for_failure(url):
        async with engine.connect() as connection:
            return _is_enough(await connection.run_sync(_revision))


async def require_current(engine: AsyncEngine, url: str) -> None:
    """Raise OutdatedSchema where `bot migrate` has something to do."""
    if not await is_current(engine, url):
        raise OutdatedSchema(OUTDATED)


def revisions() -> tuple[str, ...]:
    """Those that this program knows, the newest last; each migration's file begins with its own."""
    return _revisions_in(_folder())


def _run_alembic(url: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()))
    config.attributes["url"] = async_url(url)
    if revision == "head":
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


def _kept_revision(url: str) -> str | None:
    engine = create_engine(async_url(url).replace("+aiosqlite", ""), poolclass=NullPool)
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    """The one the database is at; None for an empty one."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()


def _is_enough(revision: str | None) -> bool:
    """Whether a schema is at our newest revision, or ahead of it: at one that we don't know.

    Migrations add first and remove a release later, so the program before runs on it all the same.
    """
    known = revisions()
    return revision is not None and (revision == known[-1] or revision not in known)


def _folder() -> Path:
    return _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_TREE


@cache
def _revisions_in(folder: Path) -> tuple[str, ...]:
    names = (path.name for path in (folder / "versions").glob("[0-9]*_*.py"))
    return tuple(sorted(name.partition("_")[0] for name in names))


@contextmanager
def _words_for_failure(url: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not _is_theirs(error):
            raise
        shown = make_url(async_url(url)).render_as_string(hide_password=True)
        reason = str(error.orig).splitlines()[0]
        raise DatabaseUnreachable(f"The database {shown} can't be used: {reason}") from error


def _is_theirs(error: DBAPIError) -> bool:
    """Whether the database is at fault: it is away, no database, or its user may not do that."""
    name = type(error.orig).__name__
    return isinstance(error, OperationalError) or name in {"DatabaseError", "InsufficientPrivilege"}
