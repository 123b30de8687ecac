"""What `bot data` does in the database."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TextIO

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.config import Settings
from bot.store.db import Writer, make_engine
from bot.store.exports import export as rows_of
from bot.store.exports import teams
from bot.store.retention import forget_channel, forget_person, forget_team
from bot.store.rotation import check_key
from bot.store.rotation import rotate as rotate_texts
from bot.store.schema import require_current
from bot.store.sealing import Vault

WHICH_TEAM = "Say which workspace is meant, with --team: {teams}."


async def which(settings: Settings, team: str) -> str:
    """The workspace that is meant. Raises BadParameter where that is not clear."""
    if team:
        return team
    async with _database(settings) as engine:
        known = await teams(engine)
    if len(known) != 1:
        words = ", ".join(known) or "nothing is kept yet"
        raise typer.BadParameter(WHICH_TEAM.format(teams=words))
    return known[0]


async def export(
    settings: Settings, file: TextIO, team: str, *, channel: str = "", user: str = ""
) -> int:
    """Write what is kept of a workspace, a channel or a person as JSON lines; how many."""
    number = 0
    async with _database(settings) as engine:
        async for row in rows_of(engine, team, channel_id=channel, user_id=user):
            line = json.dumps(row, ensure_ascii=False)
            # Half a character, which JSON from Slack may have in it, can't be written as it is.
            file.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
            number += 1
    return number


async def purge(settings: Settings, team: str, *, channel: str = "", user: str = "") -> int:
    """Delete what is kept of a channel, a person, or the whole workspace.

    Returns how many conversations are gone; of a person, messages.
    """
    async with _database(settings) as engine, _writer(engine) as writer:
        if channel:
            return await forget_channel(writer, team, channel)
        if user:
            return await forget_person(writer, team, user)
        return await forget_team(writer, team, before=time.time())


async def rotate(settings: Settings) -> int:
    """Seal everything anew with the first key; how many rows there are. Raises WrongKey."""
    async with _database(settings) as engine, _writer(engine) as writer:
        return await rotate_texts(engine, writer, Vault(settings.secret_keys))


@asynccontextmanager
async def _writer(engine: AsyncEngine) -> AsyncIterator[Writer]:
    writer = Writer(engine)
    try:
        yield writer
    finally:
        await writer.close()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(settings.database_url, settings.secret_keys)
    try:
        await require_current(engine, settings.database_url)
        await check_key(engine)
        yield engine
    finally:
        await engine.dispose()
