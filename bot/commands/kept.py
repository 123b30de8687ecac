"""What `bot data` does in the database."""

import json
import time
from typing import TextIO

import typer

from bot.assembly.forgetting import forget_quietly
from bot.assembly.stored import open_stored
from bot.config import Settings
from bot.store.exports import export as rows_of
from bot.store.exports import teams
from bot.store.retention import forget_channel, forget_team
from bot.store.rotation import rotate as rotate_texts
from bot.store.sealing import Vault

WHICH_TEAM = "Say which workspace is meant, with --team: {teams}."


async def which(settings: Settings, team: str) -> str:
    """The workspace that is meant. Raises BadParameter where that is not clear."""
    if team:
        return team
    async with open_stored(settings) as stored:
        known = await teams(stored.engine)
    if len(known) != 1:
        words = ", ".join(known) or "nothing is kept yet"
        raise typer.BadParameter(WHICH_TEAM.format(teams=words))
    return known[0]


async def export(
    settings: Settings, file: TextIO, team: str, *, channel: str = "", user: str = ""
) -> int:
    """Write what is kept of a workspace, a channel or a person as JSON lines; how many."""
    number = 0
    async with open_stored(settings) as stored:
        async for row in rows_of(stored.engine, team, channel_id=channel, user_id=user):
            line = json.dumps(row, ensure_ascii=False)
            # Half a character, which JSON from Slack may have in it, can't be written as it is.
            file.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
            number += 1
    return number


async def purge(settings: Settings, team: str, *, channel: str = "", user: str = "") -> int:
    """Delete what is kept of a channel, a person, or the whole workspace.

    Returns how many conversations are gone; of a person, messages.
    """
    async with open_stored(settings) as stored:
        if channel:
            return await forget_channel(stored.writer, team, channel)
        if user:
            return await forget_quietly(stored.writer, team, user)
        return await forget_team(stored.writer, team, before=time.time(), stays=True)


async def rotate(settings: Settings) -> int:
    """Seal everything anew with the first key; how many rows there are. Raises WrongKey."""
    async with open_stored(settings) as stored:
        return await rotate_texts(stored.engine, stored.writer, Vault(settings.secret_keys))
