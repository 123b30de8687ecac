"""A prompt that goes to another model than it was made for is one that this model takes."""

from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.messages import (
    AssistantTurn,
    Image,
    Prompt,
    Text,
    ToolCall,
    ToolResult,
    UserTurn,
    Video,
)
from bot.model.catalogue import lookup
from bot.model.fitting import fit

PICTURE = Image(name="cat.png", media_type="image/png", data=b"x", width=20, height=20)
FILM = Video(name="cat.mp4", url="oss://cat.mp4")
QUESTION = UserTurn(parts=(Text(text="look"), PICTURE, FILM))


def _fitted(model: str, *entries: Any, **more: Any) -> Prompt:
    prompt = Prompt(system="s", entries=entries or (QUESTION,), model=model, **more)
    return fit(prompt, lookup(model))


def test_what_a_model_cannot_see_is_named() -> None:
    assert _fitted("qwen3.7-plus").entries == (QUESTION,)
    [question] = _fitted("qwen-plus").entries

    assert isinstance(question, UserTurn)
    assert [part.text for part in question.parts if isinstance(part, Text)] == [
        "look",
        "[cat.png: I can't see images]",
        "[cat.mp4: I can't see videos]",
    ]


@pytest.mark.parametrize(
    ("model", "most", "budget"),
    [("qwen-long", 8_192, 200_000), ("qwen3.6-plus", 20_000, 81_920), ("llama", 20_000, 200_000)],
)
def test_limits_are_the_models_where_they_are_known(model: str, most: int, budget: int) -> None:
    fitted = _fitted(model, max_tokens=20_000, thinking_budget=200_000)

    assert (fitted.max_tokens, fitted.thinking_budget) == (most, budget)
    assert _fitted(model).max_tokens is None


def test_nothing_is_sent_back_that_the_service_would_refuse() -> None:
    """Empty words, and arguments that are not JSON: the tool's result says what was wrong."""
    good = ToolCall(id="a", name="f", arguments="{}")
    bad = replace(good, id="b", arguments='{"x": 1}}')
    calls = AssistantTurn(text="", calls=(good, bad))
    results = (ToolResult(call_id="a", name="f", content=""), ToolResult(call_id="b", name="f", content=""))  # fmt: skip

    fitted = _fitted("qwen3.7-plus", AssistantTurn(text=""), calls, *results)
    assert fitted.entries == (replace(calls, calls=(good, replace(bad, arguments="{}"))), *results)
