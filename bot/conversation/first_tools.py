"""The tools that come with the bot: time, arithmetic, web pages, Slack messages, people."""

import math
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field
from simpleeval import InvalidExpression, SimpleEval

from bot.conversation.messages import Source
from bot.conversation.ports import Person
from bot.conversation.tools import Asker, Found, Tool
from bot.errors import ToolFailed

_FUNCTIONS = {
    **{
        name: getattr(math, name)
        for name in ("sqrt", "log", "log10", "log2", "exp", "sin", "cos", "tan", "floor", "ceil")
    },
    **{function.__name__: function for function in (round, abs, min, max, sum)},
}
_NAMES = {"pi": math.pi, "e": math.e}
_MOST_EXPRESSION = 500
READ_SLACK_MESSAGE = "read_slack_message"


class Pages(Protocol):
    """Reads public web pages."""

    async def read(self, url: str) -> Any:
        """The page: `url`, `title`, `text`, `truncated`. Raises UnreadablePage."""
        ...


class Colleagues(Protocol):
    """What a person may look up in their Slack workspace."""

    async def behind(self, permalink: str, asker: Asker) -> str:
        """The message behind a permalink, with its thread, if the asker may see it.

        Raises ToolFailed.
        """
        ...

    async def people(self, name: str) -> list[Person]:
        """The members whose name has these words in it. Raises ToolFailed."""
        ...


class _Time(BaseModel):
    time_zone: Annotated[str, Field(description="IANA name; empty: the asker's own")] = ""


class _Expression(BaseModel):
    expression: Annotated[
        str, Field(description="Python arithmetic, e.g. 1.19 * (240 + 12**2), sqrt(2), round(x, 2)")
    ]


class _Address(BaseModel):
    url: Annotated[str, Field(description="The page's whole http(s) address")]


class _Permalink(BaseModel):
    permalink: Annotated[str, Field(description="https://….slack.com/archives/C…/p…")]


class _Names(BaseModel):
    names: Annotated[list[str], Field(description="Names or parts of names", max_length=10)]


def first_tools(pages: Pages, colleagues: Colleagues) -> list[Tool[Any]]:
    """All of them."""
    return [
        Tool(
            name="current_time",
            description="The date and time now, anywhere in the world.",
            arguments=_Time,
            run=_current_time,
            title=lambda given: f"Looking at the clock{_in(given.time_zone)}",
        ),
        Tool(
            name="calculate",
            description="Exact arithmetic. Use it for every calculation.",
            arguments=_Expression,
            run=_calculate,
            title=lambda given: f"Calculating {given.expression[:100]}",
        ),
        Tool(
            name="read_web_page",
            description="The text of a public web page, for when somebody gives its address.",
            arguments=_Address,
            run=_page_reader(pages),
            title=lambda given: f"Reading {given.url[:150]}",
        ),
        Tool(
            name=READ_SLACK_MESSAGE,
            description="A Slack message and its thread, for when somebody links to one.",
            arguments=_Permalink,
            run=_message_reader(colleagues),
            title=lambda _: "Reading the linked Slack message",
        ),
        Tool(
            name="find_people",
            description="Members of this Slack workspace by name: full names and time zones.",
            arguments=_Names,
            run=_people_finder(colleagues),
            title=lambda given: f"Looking up {', '.join(given.names)[:100]}",
        ),
    ]


async def _current_time(given: _Time, asker: Asker) -> Found:
    now: datetime = asker.now
    if given.time_zone:
        try:
            now = now.astimezone(ZoneInfo(given.time_zone))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ToolFailed(f"There is no time zone {given.time_zone!r}.") from error
    week = now.isocalendar().week
    return Found(text=f"{now:%A, %d %B %Y, %H:%M:%S} ({now.tzinfo}, UTC{now:%z}), week {week}")


async def _calculate(given: _Expression, _: Asker) -> Found:
    expression = given.expression.strip().replace("^", "**").replace("×", "*").replace("÷", "/")
    if len(expression) > _MOST_EXPRESSION:
        raise ToolFailed("That expression is too long.")
    try:
        value = SimpleEval(functions=_FUNCTIONS, names=_NAMES).eval(expression)
    except (InvalidExpression, ArithmeticError, ValueError, TypeError, SyntaxError) as error:
        raise ToolFailed(f"That can't be calculated: {error}") from error
    if not isinstance(value, int | float):
        raise ToolFailed("That is not a number.")
    try:
        return Found(text=f"{given.expression} = {_figure(value)}")
    except ValueError as error:  # Python writes no integer of more than 4,300 digits
        raise ToolFailed("The result has too many digits.") from error


def _figure(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    # 0.1 + 0.2 is 0.3 to people
    return f"{value:.15g}"


def _page_reader(pages: Pages) -> Any:
    async def read(given: _Address, _: Asker) -> Found:
        page = await pages.read(given.url)
        source = Source(url=page.url, title=page.title)
        note = "\n[only the beginning of the page]" if page.truncated else ""
        head = f"Title: {page.title}\nAddress: {page.url}\n\n"
        return Found(text=f"{head}{page.text}{note}", sources=(source,))

    return read


def _message_reader(colleagues: Colleagues) -> Any:
    async def read(given: _Permalink, asker: Asker) -> Found:
        text = await colleagues.behind(given.permalink, asker)
        return Found(text=text, sources=(Source(url=given.permalink, title="Slack message"),))

    return read


def _people_finder(colleagues: Colleagues) -> Any:
    async def find(given: _Names, _: Asker) -> Found:
        lines = [line async for line in _described(given.names, colleagues)]
        return Found(text="\n".join(lines))

    return find


async def _described(names: list[str], colleagues: Colleagues) -> AsyncIterator[str]:
    for name in names:
        found = await colleagues.people(name)
        if not found:
            yield f"{name}: nobody of that name"
        for person in found:
            yield f"{name}: {person.name} (time zone {person.time_zone})"


def _in(zone: str) -> str:
    return f" in {zone}" if zone else ""
