"""`bot data`: what an admin does with the texts that are kept."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.config import load_settings
from bot.errors import ConfigError

cli = typer.Typer(help="What is kept of people.", no_args_is_help=True)
_out = Console(stderr=True, highlight=False)

Team = Annotated[str, typer.Option(help="A workspace (T…); may be left out where there is one.")]
Channel = Annotated[str, typer.Option(help="Only what belongs to this channel (C…, G…, D…).")]
User = Annotated[str, typer.Option(help="Only what belongs to this person (U…, W…).")]
ONE_OF = "Name a channel or a person, not both."


@cli.command()
def export(
    team: Team = "",
    channel: Channel = "",
    user: User = "",
    to: Annotated[Path | None, typer.Option(help="A file; without one they are printed.")] = None,
) -> None:
    """Give out what is kept, as JSON lines; without tokens."""
    from bot.commands import kept

    settings = load_settings()
    team = asyncio.run(kept.which(settings, team))
    if to is None:
        rows = asyncio.run(kept.export(settings, sys.stdout, team, channel=channel, user=user))
    else:
        with _private(to).open("w", encoding="utf-8") as file:
            rows = asyncio.run(kept.export(settings, file, team, channel=channel, user=user))
    _out.print(f"{rows} rows.")


def _private(path: Path) -> Path:
    """The file, made so that nobody else reads what people have said."""
    path.touch(mode=0o600)
    return path


@cli.command()
def purge(
    team: Team = "",
    channel: Channel = "",
    user: User = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete what is kept: of a workspace, a channel or a person. The bot stays installed."""
    from bot.commands import kept

    if channel and user:
        raise typer.BadParameter(ONE_OF)
    settings = load_settings()
    team = asyncio.run(kept.which(settings, team))
    what = channel or user or "the whole workspace"
    if not yes:
        typer.confirm(f"Delete everything that is kept of {what} in {team}?", abort=True)
    number = asyncio.run(kept.purge(settings, team, channel=channel, user=user))
    _out.print(f"Deleted: {number} {'messages' if user else 'conversations'}, and all with them.")


@cli.command()
def rotate() -> None:
    """Seal everything anew with the first key of BOT_SECRET_KEY; then the others can go."""
    from bot.commands import kept

    settings = load_settings()
    if not settings.secret_keys:
        raise ConfigError(["BOT_SECRET_KEY is missing: there is nothing to seal with."])
    number = asyncio.run(kept.rotate(settings))
    _out.print(f"{number} rows are sealed with the first key now.")
