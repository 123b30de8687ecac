"""`bot data`: what an admin does with the texts that are kept."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.config import Settings, load_settings
from bot.errors import ConfigError
from bot.store.db import Writer, make_engine, require_current
from bot.store.exports import export as rows_of
from bot.store.exports import teams
from bot.store.retention import forget_channel, forget_person, forget_team
from bot.store.rotation import check_key
from bot.store.rotation import rotate as rotate_texts
from bot.store.sealing import Vault

cli = typer.Typer(help="What is kept of people.", no_args_is_help=True)
_out = Console(stderr=True, highlight=False)

Team = Annotated[str, typer.Option(help="A workspace (T…); may be left out where there is one.")]
Channel = Annotated[str, typer.Option(help="Only what belongs to this channel (C…, G…, D…).")]
User = Annotated[str, typer.Option(help="Only what belongs to this person (U…, W…).")]
Change = Callable[[AsyncEngine, Writer], Awaitable[int]]

WHICH_TEAM = "Say which workspace is meant, with --team: {teams}."
ONE_OF = "Name a channel or a person, not both."


@cli.command()
def export(
    team: Team = "",
    channel: Channel = "",
    user: User = "",
    to: Annotated[Path | None, typer.Option(help="A file; without one they are printed.")] = None,
) -> None:
    """Give out what is kept, as JSON lines; without tokens."""
    if to is None:
        rows = asyncio.run(_export(load_settings(), team, channel, user, sys.stdout))
    else:
        with to.open("w", encoding="utf-8") as file:
            rows = asyncio.run(_export(load_settings(), team, channel, user, file))
    _out.print(f"{rows} rows.")


@cli.command()
def purge(
    team: Team = "",
    channel: Channel = "",
    user: User = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete what is kept: of a workspace, a channel or a person. The bot stays installed."""
    if channel and user:
        raise typer.BadParameter(ONE_OF)
    settings = load_settings()
    team = asyncio.run(_which(settings, team))
    what = channel or user or "the whole workspace"
    if not yes:
        typer.confirm(f"Delete everything that is kept of {what} in {team}?", abort=True)

    async def change(_: AsyncEngine, writer: Writer) -> int:
        if channel:
            return await forget_channel(writer, team, channel)
        if user:
            return await forget_person(writer, team, user)
        return await forget_team(writer, team, before=time.time())

    number = asyncio.run(_with_database(settings, change))
    _out.print(f"Deleted: {number} {'messages' if user else 'conversations'}, and all with them.")


@cli.command()
def rotate() -> None:
    """Seal everything anew with the first key of BOT_SECRET_KEY; then the others can go."""
    settings = load_settings()
    keys = settings.secret_keys
    if not keys:
        raise ConfigError(["BOT_SECRET_KEY is missing: there is nothing to seal with."])
    number = asyncio.run(
        _with_database(settings, lambda engine, writer: rotate_texts(engine, writer, Vault(keys)))
    )
    _out.print(f"{number} rows are sealed with the first key now.")


async def _export(settings: Settings, team: str, channel: str, user: str, file: TextIO) -> int:
    team = await _which(settings, team)
    async with _database(settings) as engine:
        number = 0
        async for row in rows_of(engine, team, channel_id=channel, user_id=user):
            line = json.dumps(row, ensure_ascii=False)
            # Half a character, which JSON from Slack may have in it, can't be written as it is.
            file.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
            number += 1
        return number


async def _which(settings: Settings, team: str) -> str:
    """The workspace that is meant. Raises BadParameter where that is not clear."""
    if team:
        return team
    async with _database(settings) as engine:
        known = await teams(engine)
    if len(known) != 1:
        words = ", ".join(known) or "nothing is kept yet"
        raise typer.BadParameter(WHICH_TEAM.format(teams=words))
    return known[0]


async def _with_database(settings: Settings, change: Change) -> int:
    async with _database(settings) as engine:
        writer = Writer(engine)
        try:
            return await change(engine, writer)
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
