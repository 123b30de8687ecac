"""`bot data`: what an admin does with the texts that are kept."""

import asyncio

import typer
from rich.console import Console

from bot.config import Settings, load_settings
from bot.errors import ConfigError
from bot.store.db import Writer, make_engine
from bot.store.rotation import rotate as rotate_texts
from bot.store.sealing import Vault

cli = typer.Typer(help="What is kept of people.", no_args_is_help=True)
_out = Console()


@cli.command()
def rotate() -> None:
    """Seal everything anew with the first key of BOT_SECRET_KEY; then the others can go."""
    settings = load_settings()
    if not settings.secret_keys:
        raise ConfigError(["BOT_SECRET_KEY is missing: there is nothing to seal with."])
    rows = asyncio.run(_rotate(settings))
    _out.print(f"{rows} rows are sealed with the first key now.", highlight=False)


async def _rotate(settings: Settings) -> int:
    engine = make_engine(settings.database_url, settings.secret_keys)
    writer = Writer(engine)
    try:
        return await rotate_texts(engine, writer, Vault(settings.secret_keys))
    finally:
        await writer.close()
        await engine.dispose()
