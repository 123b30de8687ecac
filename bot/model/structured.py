"""Answers that are values: JSON of a given shape, checked, and mended by one more request at most."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from bot.conversation.messages import (
    AssistantTurn,
    Delta,
    Finished,
    FinishReason,
    JsonShape,
    Prompt,
    Text,
    TextDelta,
    UserTurn,
)
from bot.errors import ContentRefused, ModelCut, ModelUnavailable, UnfitAnswer

T = TypeVar("T", bound=BaseModel)
Stream = Callable[[Prompt], AsyncIterator[Delta]]

ASK = "\n\nAnswer with one JSON object and nothing else. It has to fit this JSON schema:\n{schema}"
MEND = "This is not valid: {problem}. Answer with the corrected JSON object only."
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_MOST_PROBLEM = 600


async def complete(stream: Stream, prompt: Prompt, into: type[T]) -> T:
    """Ask for a value of that type. Raises UnfitAnswer after the second try, or ModelError.

    The schema stands in the prompt, too: JSON mode wants the word there, and models without
    either mode have nothing else ("Structured output"). Thinking and output limits are left out:
    both make JSON break off.
    """
    schema = into.model_json_schema()
    asked = replace(
        prompt,
        system=prompt.system + ASK.format(schema=orjson.dumps(schema).decode()),
        shape=JsonShape(name=into.__name__, schema=schema),
        thinking=False,
        max_tokens=None,
        tools=(),
    )
    text = await _text(stream, asked)
    try:
        return parse(text, into)
    except UnfitAnswer as unfit:
        again = UserTurn(parts=(Text(text=MEND.format(problem=unfit)),))
        said = (AssistantTurn(text=text),) if text else ()
        mended = replace(asked, entries=(*asked.entries, *said, again))
        return parse(await _text(stream, mended), into)


def parse(text: str, into: type[T]) -> T:
    """The value in an answer, also behind a fence or some words. Raises UnfitAnswer."""
    problem = "there is no JSON object in it"
    for candidate in _candidates(text):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(candidate)
            try:
                return into.model_validate(value)
            except ValidationError as error:
                problem = "; ".join(
                    f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
                    for one in error.errors()
                )
    raise UnfitAnswer(problem[:_MOST_PROBLEM])


def _candidates(text: str) -> list[str]:
    found = [text.strip(), *(match[1].strip() for match in _FENCE.finditer(text))]
    first, last = text.find("{"), text.rfind("}")
    if 0 <= first < last:
        found.append(text[first : last + 1])
    return found


async def _text(stream: Stream, prompt: Prompt) -> str:
    """The whole answer. One that broke off was seen by nobody: it is asked for again, once."""
    try:
        return await _once(stream, prompt)
    except (ModelCut, ModelUnavailable):
        return await _once(stream, prompt)


async def _once(stream: Stream, prompt: Prompt) -> str:
    pieces: list[str] = []
    async for delta in stream(prompt):
        if type(delta) is TextDelta:
            pieces.append(delta.text)
        elif type(delta) is Finished and delta.reason is FinishReason.FILTERED:
            raise ContentRefused(request_id=delta.request_id)
    return "".join(pieces)
