"""The command `bot`. Each command loads what it needs when it runs: `bot manifest` no database."""

import asyncio
import gc
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.assembly.roles import Role
from bot.commands import data, inbox
from bot.config import (
    DEFAULT_MODEL,
    Settings,
    load_database_url,
    load_model_access,
    load_settings,
    load_unknown,
)
from bot.errors import ConfigError, ModelError, SlackRefused, ThreadwiseError

cli = typer.Typer(
    help="Threadwise: a Slack assistant that answers in threads while it thinks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cli.add_typer(data.cli, name="data")
cli.add_typer(inbox.cli, name="inbox")
_out = Console()
_err = Console(stderr=True)


def main() -> None:
    """Run the command line; a mistake ends in a sentence, not in a stack trace."""
    try:
        cli()
    except ConfigError as error:
        _err.print("[bold red]The settings are not right yet:[/]")
        for problem in error.problems:
            _err.print(f"  • {problem}", markup=False, highlight=False)
        sys.exit(2)
    except SlackRefused as error:
        _err.print(f"Slack refuses to work with us ({error}). `bot check` says more.", markup=False)
        sys.exit(1)
    except (ThreadwiseError, OSError) as error:
        _err.print(str(error), markup=False)
        sys.exit(1)


@cli.command()
def run() -> None:
    """Everything in one process."""
    _run(_settings(), Role.WEB | Role.WORKER)


@cli.command()
def web() -> None:
    """Take in what Slack sends; workers answer it."""
    _run(_settings(), Role.WEB)


@cli.command()
def worker() -> None:
    """Answer what the web processes have taken in."""
    _run(_settings(), Role.WORKER)


@cli.command()
def scheduler() -> None:
    """Do what happens by the clock."""
    from bot import schedule

    _go(schedule.run(_settings()))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from bot.store.schema import migrate as migrate_database

    migrate_database(load_database_url())
    _out.print("The database is at the newest schema.")


@cli.command()
def check() -> None:
    """Try configuration, database, Slack and the model; say what is wrong and how to mend it."""
    settings = _settings(quiet=True)
    _out.print("[green]✓[/] configuration: complete.")
    for name, meant in load_unknown().items():
        words = f"is {meant} meant?" if meant else ".env.example has them all."
        _out.print(f"[yellow]![/] configuration: {name} is no setting; {words}", highlight=False)
    sys.exit(0 if asyncio.run(_print_findings(settings)) else 1)


@cli.command()
def evaluate(
    material: Annotated[
        Path | None, typer.Option(help="A folder with chat logs; without it, a small sample.")
    ] = None,
    model: Annotated[str, typer.Option(help="Which model writes the summaries.")] = DEFAULT_MODEL,
    most: Annotated[int, typer.Option(help="Messages of each conversation; 0 for all.")] = 0,
) -> None:
    """Let the model write summaries, and check what they say against the messages."""
    from bot.commands import evaluate as evaluation

    folder = material or evaluation.SAMPLE
    found = asyncio.run(evaluation.evaluate_all(load_model_access(), folder, model, most))
    _out.print(evaluation.report(found))
    for line in evaluation.doubts(found):
        _out.print(line, markup=False, highlight=False)


@cli.command()
def models() -> None:
    """List the models and what they can do; with a key, which of them the account reaches."""
    from bot.commands import models as listing
    from bot.commands.tables import show

    access = load_model_access()
    reached = None
    if access.api_key:
        try:
            reached = asyncio.run(listing.reachable(access))
        except ModelError as error:
            _out.print(listing.UNKNOWN.format(reason=error), markup=False)
    show(_out, listing.table(reached))
    if not access.api_key:
        _out.print(listing.NO_KEY, markup=False)
    elif reached and (others := listing.others(reached)):
        _out.print(f"Reached, but not in the catalogue: {', '.join(others)}", markup=False)


@cli.command()
def manifest(
    host: Annotated[
        str | None, typer.Option(help="Public host name; without it the app uses Socket Mode.")
    ] = None,
    classic: Annotated[
        bool, typer.Option("--classic", help="Without the agent container (guests can use it).")
    ] = False,
) -> None:
    """Print the manifest to paste when creating the Slack app."""
    from bot.slack.manifest import host_of
    from bot.slack.manifest import manifest as make_manifest

    if host is not None:
        host = host_of(host)
        if not host:
            raise typer.BadParameter("should be a host's name: bot.example.com")
    print(json.dumps(make_manifest(host=host, agent=not classic), indent=2))  # noqa: T201


@cli.command()
def playground(
    port: Annotated[int, typer.Option(help="Where the page is served.")] = 8000,
    host: Annotated[str, typer.Option(help="Which address to listen on.")] = "127.0.0.1",
    limits: Annotated[bool, typer.Option(help="Slack's rate limits hold.")] = False,
) -> None:
    """A local Slack workspace in the browser, with the bot in it; no account, no key."""
    from bot.commands import playground as trial

    asyncio.run(trial.run(host=host, port=port, limits=limits))


async def _print_findings(settings: Settings) -> bool:
    from bot.commands import check as checking

    all_ok = True
    async for finding in checking.check(settings):
        all_ok = all_ok and finding.ok
        mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
        _out.print(f"{mark} {finding.part}: ", end="")
        _out.print(finding.words, markup=False, highlight=False, soft_wrap=True)
    return all_ok


def _settings(*, quiet: bool = False) -> Settings:
    from bot.telemetry.log import configure_logging, register_secret

    settings = load_settings()
    secrets = (
        settings.slack_bot_token,
        settings.slack_client_secret,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.dashscope_api_key,
        *settings.secret_keys,
    )
    for secret in filter(None, secrets):
        register_secret(secret)
    level = "error" if quiet else settings.log_level
    configure_logging(level=level, json=settings.log_format == "json")
    return settings


def _run(settings: Settings, roles: Role) -> None:
    # What is loaded stays: looking for garbage among it would only cost time, now and later.
    gc.disable()
    from bot.app import run as run_process

    gc.freeze()
    gc.enable()
    _go(run_process(settings, roles))


def _go(work: Coroutine[Any, Any, None]) -> None:
    if sys.platform == "win32":
        asyncio.run(work)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
