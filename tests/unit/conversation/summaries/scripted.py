"""Conversations and a model for the tests of summaries: it answers as a test says."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from bot.conversation.messages import Delta, Image, Prompt, Text, UserTurn
from bot.conversation.ports import Abilities, T
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading

LINE = re.compile(r"^(?:> )?\[(\d+)\] (.*)$", re.MULTILINE)


class ScriptedModel:
    """Answers with what a function makes of the numbered lines. Implements `ports.Model`."""

    def __init__(self, answer: Callable[[dict[int, str]], dict[str, Any]]) -> None:
        self._answer = answer
        self.prompts: list[Prompt] = []

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        self.prompts.append(prompt)
        return into.model_validate(self._answer(lines_of(prompt)))

    def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        raise NotImplementedError

    def abilities(self, model: str) -> Abilities:
        return Abilities()


class NoReader:
    """There is no Slack here."""

    async def read(self, channel_id: str, **_: Any) -> ChannelReading:
        raise NotImplementedError


def text_of(prompt: Prompt) -> str:
    (entry,) = prompt.entries
    assert isinstance(entry, UserTurn)
    part, *_ = entry.parts
    assert isinstance(part, Text)
    return part.text


def lines_of(prompt: Prompt) -> dict[int, str]:
    return {int(number): text for number, text in LINE.findall(text_of(prompt))}


def pictures_of(prompt: Prompt) -> list[tuple[str, str]]:
    """The pictures of a prompt: the label above each, and its name."""
    (entry,) = prompt.entries
    assert isinstance(entry, UserTurn)
    _, *rest = entry.parts
    return [
        (label.text, picture.name)
        for label, picture in zip(rest[::2], rest[1::2], strict=True)
        if isinstance(label, Text) and isinstance(picture, Image)
    ]


def message(number: int, text: str, *, thread: int | None = None, **more: Any) -> ChannelMessage:
    ts = f"{1_764_000_000 + number * 60}.000000"
    thread_ts = ts if thread is None else f"{1_764_000_000 + thread * 60}.000000"
    link = f"https://acme.slack.com/archives/C1/p{ts.replace('.', '')}"
    return ChannelMessage(
        ts=ts, thread_ts=thread_ts, author_id="U1", author="Anna", text=text, permalink=link, **more
    )


def reading(*messages: ChannelMessage) -> ChannelReading:
    return ChannelReading(channel_id="C1", messages=messages, total=len(messages))


def draft(**fields: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "headline": {"text": "All is well.", "sources": [1]},
        "topics": [],
        "decisions": [],
        "action_items": [],
        "open_questions": [],
    }
    return {**empty, **fields}


def said(text: str, *sources: int) -> dict[str, Any]:
    return {"text": text, "sources": list(sources)}
