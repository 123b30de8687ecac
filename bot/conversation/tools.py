"""Tools the model may call: typed arguments, limits in time and size, failures told in words.

What a tool returns is data for the model. A tool acts with the rights of the person who asks, never
with the bot's own.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot.conversation.documents.document import Document
from bot.conversation.messages import Source, ToolCall, ToolSpec
from bot.conversation.ports import Person
from bot.conversation.thread import ThreadKey
from bot.errors import ThreadwiseError, ToolFailed

SECONDS = 25.0
MOST_CALLS = 8
"""So many calls of one round are run; a model that wants more is told to choose."""
MOST_CHARACTERS = 40_000
CUT = "\n[… cut here: {count:,} characters in all …]"

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """In whose name a tool works, and when."""

    person: Person
    key: ThreadKey
    now: datetime
    """In the asker's own time zone."""
    documents: tuple[Document, ...] = ()
    """Those shared in the thread of which the prompt has only a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a tool gives back."""

    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """One tool: `run` raises ToolFailed with a sentence for the model."""

    name: str
    description: str
    arguments: type[A]
    run: Callable[[A, Asker], Awaitable[Found]]
    title: Callable[[A], str]
    """What the person is shown while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A call that has ended."""

    call: ToolCall
    content: str
    failed: bool = False
    sources: tuple[Source, ...] = ()


class Toolbox:
    """The tools of a bot."""

    def __init__(self, tools: Iterable[Tool[Any]], *, seconds: float = SECONDS) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._seconds = seconds
        self.specs = tuple(
            ToolSpec(
                name=tool.name, description=tool.description, parameters=_schema(tool.arguments)
            )
            for tool in self._tools.values()
        )

    def title(self, call: ToolCall) -> str:
        """What a call does, in words for the person."""
        tool = self._tools.get(call.name)
        if tool is None:
            return f"Looking for a tool called {call.name}"
        try:
            return tool.title(parse(call.arguments, tool.arguments))
        except ToolFailed:
            return tool.name.replace("_", " ").capitalize()

    async def use(self, calls: Sequence[ToolCall], asker: Asker) -> list[Used]:
        """Run calls side by side; each ends in words, whatever happens."""
        first, rest = calls[:MOST_CALLS], calls[MOST_CALLS:]
        used = await asyncio.gather(*(self._use(call, asker) for call in first))
        too_many = f"Not run: at most {MOST_CALLS} calls at once. Choose the ones that matter."
        return [*used, *(Used(call=call, content=too_many, failed=True) for call in rest)]

    async def _use(self, call: ToolCall, asker: Asker) -> Used:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools)
            return Used(
                call=call, content=f"There is no such tool. There are: {known}", failed=True
            )
        try:
            arguments = parse(call.arguments, tool.arguments)
            async with asyncio.timeout(self._seconds):
                found = await tool.run(arguments, asker)
        except ThreadwiseError as failure:
            return Used(call=call, content=f"Error: {failure}", failed=True)
        except TimeoutError:
            sentence = f"Error: it took longer than {self._seconds:g} seconds."
            return Used(call=call, content=sentence, failed=True)
        return Used(call=call, content=_within(found.text), sources=found.sources)


def parse(arguments: str, into: type[A]) -> A:
    """A call's arguments; small slips of the model are mended. Raises ToolFailed.

    Seen from the service: an extra brace behind the object ("Function calling").
    """
    try:
        value = json.loads(arguments or "{}")
    except json.JSONDecodeError:
        value = _first_object(arguments)
    if isinstance(value, str):
        value = _first_object(value)
    try:
        return into.model_validate(value)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'arguments'}: {one['msg']}"
            for one in error.errors()
        )
        raise ToolFailed(f"The arguments are not right: {problems}") from error


def _first_object(text: str) -> Any:
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text[max(start, 0) :])[0]
    except json.JSONDecodeError as error:
        raise ToolFailed(f"The arguments are not valid JSON: {error}") from error


def _schema(arguments: type[BaseModel]) -> dict[str, Any]:
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return schema


def _within(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return text[:MOST_CHARACTERS] + CUT.format(count=len(text))
