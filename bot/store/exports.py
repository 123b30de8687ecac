"""Gives out what is kept of a workspace, a channel or a person, row by row."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, select, union
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.errands import speaks_of
from bot.store.tables import (
    Base,
    ChannelSetting,
    Conversation,
    DigestRow,
    ErrandRow,
    Message,
    Reply,
    SummaryRow,
)

Row = dict[str, Any]

_PERSON = ("author_id", "user_id", "owner_id")
"""The columns that say whose a row is."""
_ROWS = 500
"""Read at a time."""


async def export(
    engine: AsyncEngine, team_id: str, *, channel_id: str = "", user_id: str = ""
) -> AsyncIterator[Row]:
    """Every row of a workspace, narrowed to a channel or a person; `table` says where it stands.

    Tokens are not given out, nor addresses that let their holder speak as us. Answers to a person's
    messages count as theirs, and errands that name them.
    """
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            wanted = _rows_of(table, team_id, channel_id, user_id)
            if wanted is None:
                continue
            last = 0
            while rows := (await connection.execute(wanted.where(table.c.id > last))).all():
                last = rows[-1].id
                for row in rows:
                    kept = row._asdict()
                    if table is ErrandRow.__table__ and not _is_theirs(kept, channel_id or user_id):
                        continue
                    yield {"table": table.name, **_without_addresses(kept)}


async def teams(engine: AsyncEngine) -> list[str]:
    """The workspaces of which something is kept."""
    kinds = (Conversation, ChannelSetting, DigestRow, SummaryRow)
    each = (select(kind.team_id) for kind in kinds)
    async with engine.connect() as connection:
        return sorted(await connection.scalars(union(*each)))


def _rows_of(
    table: Table, team_id: str, channel_id: str, user_id: str
) -> Select[tuple[Any, ...]] | None:
    """The first rows asked for; None where a table has nothing that belongs to a channel or a person."""
    chain = _chain(table)
    team = _column(chain, ("team_id",))
    if team is None:
        return None
    where: list[ColumnElement[bool]] = [team == team_id]
    if table is ErrandRow.__table__:
        channel_id = user_id = ""  # whose it is stands in its sealed payload
    if channel_id:
        channel = _column(chain, ("channel_id",))
        if channel is None:
            return None
        where.append(channel == channel_id)
    if user_id:
        person = _column(chain, _PERSON)
        if table is Reply.__table__:
            answered = select(Message.reply_id).where(
                Message.team_id == team_id, Message.author_id == user_id
            )
            where.append(table.c.id.in_(answered))
        elif person is None:
            return None
        else:
            where.append(person == user_id)
    source: FromClause = chain[0]
    for parent in chain[1:]:
        source = source.join(parent)
    return select(*table.c).select_from(source).where(*where).order_by(table.c.id).limit(_ROWS)


def _is_theirs(errand: Row, slack_id: str) -> bool:
    return not slack_id or speaks_of(errand["payload"], slack_id)


def _without_addresses(value: Any) -> Any:
    """The same without response URLs, at whatever depth."""
    match value:
        case dict():
            return {
                name: _without_addresses(inner)
                for name, inner in value.items()
                if name != "response_url"
            }
        case list():
            return [_without_addresses(inner) for inner in value]
        case _:
            return value


def _chain(table: Table) -> list[Table]:
    """A table and those whose rows its rows go with, up to the workspace's own."""
    chain = [table]
    while "team_id" not in chain[-1].c:
        parents = [key.column.table for key in chain[-1].foreign_keys if key.ondelete == "CASCADE"]
        if not parents:
            return chain
        chain.append(parents[0])
    return chain


def _column(chain: list[Table], names: tuple[str, ...]) -> Any | None:
    """The nearest column of one of these names."""
    return next((table.c[name] for table in chain for name in names if name in table.c), None)
