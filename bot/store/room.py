"""Whether the database keeps what it is given: a disk that is full, or read-only, still answers."""

from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.db import Writer
from bot.store.tables import CommonRow

_SAMPLE = {"room": "." * 65_536}
"""More than fits into what is left of a page."""


async def try_to_keep(writer: Writer, *, process: str) -> None:
    """Keep something and let it go again. Raises DatabaseUnreachable with the reason."""
    name = f"room for {process}"[:100]
    sample: dict[str, Any] = {"team_id": "", "name": name, "stakes": _SAMPLE}

    async def let_go(connection: AsyncConnection) -> None:
        where = (CommonRow.team_id == "", CommonRow.name == name)
        await connection.execute(delete(CommonRow).where(*where))

    async def keep(connection: AsyncConnection) -> None:
        await let_go(connection)
        await connection.execute(insert(CommonRow), sample)

    await writer.run(keep)
    await writer.run(let_go)
