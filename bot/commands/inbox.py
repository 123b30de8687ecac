"""`bot inbox`: the questions that have no answer, and what an admin can do about them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.commands.tables import show as show_table
from bot.config import load_settings

if TYPE_CHECKING:
    from bot.store.inbox import Inbox, Open

T = TypeVar("T")

cli = typer.Typer(help="Questions that have no answer.", no_args_is_help=True)
_out = Console(highlight=False)

_MOST = 2**31 - 1  # PostgreSQL's integers
Number = Annotated[
    int, typer.Argument(help="The question's number in `bot inbox list`.", min=1, max=_MOST)
]

EMPTY = "No question is waiting, and none has failed in that time."
RETRIED = "Question {number} is answered anew, in the same message."
NOT_FAILED = "Question {number} has not failed: there is nothing to repeat."
DROPPED = "Question {number} is not answered any more."
NOT_OPEN = "Question {number} neither waits nor is being answered."
WAITS = "waits"
RUNS = "is being answered, attempt {attempt}"
SILENT = "its worker is silent for {seconds:.0f} s, attempt {attempt}"
FAILED = "failed: {failure}"
_SILENT = 5.0
"""Seconds without a word from a worker that are worth a word."""


@cli.command("list")
def show(
    team: Annotated[str, typer.Option(help="Only this workspace (T…).")] = "",
    failed: Annotated[float, typer.Option(help="Failed ones of so many hours, too.")] = 24.0,
) -> None:
    """List the questions that wait, are being answered, or have failed; without their words."""
    found = _with_inbox(lambda inbox: inbox.open(team_id=team, failed_within=failed * 3_600))
    if not found:
        _out.print(EMPTY)
        return
    table = Table("number", "asked", "workspace", "channel", "thread", "person", "state", box=None)
    for one in found:
        place = (one.team_id, one.channel_id, one.thread_ts, one.author_id)
        table.add_row(str(one.id), _age(time.time() - float(one.ts)), *place, _state(one))
    show_table(_out, table)


@cli.command()
def retry(number: Number) -> None:
    """Have a failed question answered anew."""
    done = _with_inbox(lambda inbox: inbox.retry(number))
    _say(done, RETRIED, NOT_FAILED, number)


@cli.command()
def drop(number: Number) -> None:
    """Let a waiting question go unanswered, or end the answer to one that is being answered."""
    done = _with_inbox(lambda inbox: inbox.drop(number))
    _say(done, DROPPED, NOT_OPEN, number)


def _say(done: bool, yes: str, no: str, number: int) -> None:
    _out.print((yes if done else no).format(number=number))
    if not done:
        raise typer.Exit(1)


def _with_inbox(use: "Callable[[Inbox], Awaitable[T]]") -> T:
    from bot.assembly.stored import open_stored
    from bot.store.inbox import Inbox

    async def work() -> T:
        async with open_stored(load_settings()) as stored:
            return await use(Inbox(stored.engine, stored.writer))

    return asyncio.run(work())


def _state(one: "Open") -> str:
    if one.failure:
        return FAILED.format(failure=one.failure)
    if one.outcome is None:
        return WAITS
    words = SILENT if one.silent_seconds > _SILENT else RUNS
    return words.format(seconds=one.silent_seconds, attempt=one.attempt)


def _age(seconds: float) -> str:
    minutes = max(int(seconds) // 60, 0)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1_440} days ago"
