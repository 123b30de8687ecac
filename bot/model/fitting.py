"""A prompt fitted to what a model takes, so that the service has nothing to refuse. Pure.

A prompt is made for one model, but may go to another that stands in for it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bot.conversation.messages import (
    AssistantTurn,
    Audio,
    Entry,
    Image,
    Part,
    Prompt,
    Text,
    ToolCall,
    UserTurn,
    Video,
)
from bot.model.catalogue import ModelCard

UNSEEN = "[{name}: I can't see {kind}s]"
_KINDS: dict[type[Any], str] = {Image: "image", Video: "video", Audio: "audio"}
_NO_ARGUMENTS = "{}"


Finds = Callable[[Video], bool]
"""Whether the model finds a video that was uploaded for it."""


def fit(prompt: Prompt, card: ModelCard, finds: Finds = lambda _: True) -> Prompt:
    """The same prompt within the model's limits, without what it can't take.

    Of an upload that it does not find it is shown the pictures.
    """

    def is_found(video: Video) -> bool:
        return video.url_model == prompt.model and finds(video)

    return replace(
        prompt,
        entries=tuple(_entries(prompt.entries, card, is_found)),
        max_tokens=_at_most(prompt.max_tokens, card.max_output),
        thinking_budget=_at_most(prompt.thinking_budget, card.cot),
    )


def _at_most(wanted: int | None, limit: int) -> int | None:
    """Within a limit; 0 stands for one that is not known."""
    return min(wanted, limit) if wanted and limit else wanted


def _entries(entries: tuple[Entry, ...], card: ModelCard, finds: Finds) -> Iterator[Entry]:
    for entry in entries:
        match entry:
            case UserTurn():
                yield _seen(entry, card, finds)
            case AssistantTurn(calls=calls) if calls:
                yield replace(entry, calls=tuple(map(_sendable, calls)))
            case AssistantTurn(text=""):
                pass  # "Content length must be greater than 0"
            case _:
                yield entry


def _seen(turn: UserTurn, card: ModelCard, finds: Finds) -> UserTurn:
    """What a model can't see is at least named."""
    parts: list[Part] = []
    for part in turn.parts:
        kind = _KINDS.get(type(part), "")
        if isinstance(part, Video) and part.url and part.frames and not finds(part):
            part = replace(part, url="", url_model="")
        if isinstance(part, Text) or kind in card.sees:
            parts.append(part)
        else:
            parts.append(Text(text=UNSEEN.format(name=part.name, kind=kind)))
    return UserTurn(parts=tuple(parts))


def _sendable(call: ToolCall) -> ToolCall:
    """A call as it may be sent back: the service refuses arguments that are not JSON.

    What was wrong with them stands in the tool's result.
    """
    try:
        json.loads(call.arguments)
    except ValueError:
        return replace(call, arguments=_NO_ARGUMENTS)
    return call
