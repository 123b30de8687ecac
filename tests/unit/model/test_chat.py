"""The chat protocol: what is sent, and what is made of what comes back."""

from typing import Any

import orjson
import pytest

from bot.conversation.messages import (
    AssistantTurn,
    Delta,
    Finished,
    FinishReason,
    Image,
    Prompt,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    Usage,
    UserTurn,
)
from bot.errors import ContentRefused, ModelUnavailable
from bot.model.catalogue import lookup
from bot.model.chat import Decoder, encode
from bot.model.sse import SseEvent
from bot.model.wire import GO_ON

QUESTION = UserTurn(parts=(Text(text="hi"),))


def _prompt(**more: Any) -> Prompt:
    given = {"system": "Be kind.", "entries": (QUESTION,), "model": "qwen3.7-plus", **more}
    return Prompt(**given)


def _read(*chunks: dict[str, Any] | bytes) -> list[Delta]:
    decoder = Decoder()
    deltas: list[Delta] = []
    for chunk in chunks:
        data = chunk if isinstance(chunk, bytes) else orjson.dumps(chunk)
        deltas += decoder.feed(SseEvent("", data))
    return deltas + decoder.end()


def _chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish}], "id": "chatcmpl-7", **more}


def test_text_alone_is_sent_as_a_string() -> None:
    body = encode(_prompt(), lookup("qwen3.7-plus"))

    assert body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hi"},
    ]
    assert body["stream_options"] == {"include_usage": True}
    assert body["enable_thinking"] is False


def test_pictures_are_sent_inline() -> None:
    image = Image(name="a", media_type="image/png", data=b"\x01\x02", width=20, height=20)
    entry = UserTurn(parts=(Text(text="look"), image))

    [_, message] = encode(_prompt(entries=(entry,)), lookup("qwen3.7-plus"))["messages"]

    assert message["content"][1]["image_url"]["url"] == "data:image/png;base64,AQI="


def test_an_answer_is_continued_only_by_models_that_can() -> None:
    entries = (QUESTION, AssistantTurn(text="a"), QUESTION)
    able = encode(_prompt(entries=entries, prefix="So far"), lookup("qwen3.7-plus"))
    unable = encode(_prompt(entries=entries, prefix="So far"), lookup("llama"))

    assert able["messages"][-1] == {"role": "assistant", "content": "So far", "partial": True}
    assert unable["messages"][-2] == {"role": "assistant", "content": "So far"}
    assert unable["messages"][-1] == {"role": "user", "content": GO_ON}
    assert "enable_thinking" not in unable


def test_snapshots_have_their_models_abilities() -> None:
    assert lookup("qwen3.7-plus-2026-05-20").thinking == "on"
    assert not lookup("qwen3.7-max").sees


def test_a_stream_becomes_text_thinking_usage_and_an_end() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": None}
    deltas = _read(
        _chunk({"content": None, "role": "assistant", "reasoning_content": ""}),
        _chunk({"content": None, "reasoning_content": "hm"}),
        _chunk({"content": "Hello", "reasoning_content": None}),
        _chunk({"content": ""}, "stop"),
        {"choices": [], "usage": usage},
        b"[DONE]",
    )

    assert deltas == [
        ReasoningDelta("hm"),
        TextDelta("Hello"),
        Usage(input_tokens=10, output_tokens=5),
        Finished(reason=FinishReason.STOP, request_id="7"),
    ]


def test_parallel_calls_are_put_together_by_index() -> None:
    def call(index: int, arguments: str, **more: Any) -> dict[str, Any]:
        function = {"name": more.get("name"), "arguments": arguments}
        return {"index": index, "id": more.get("id", ""), "function": function}

    deltas = _read(
        _chunk({"tool_calls": [call(0, '{"a"', id="c0", name="f")]}),
        _chunk({"tool_calls": [call(1, "{}", id="c1", name="g")]}),
        _chunk({"tool_calls": [call(0, ": 1}")]}),
        _chunk({}, "stop"),
    )

    assert deltas[:2] == [
        ToolCall(id="c0", name="f", arguments='{"a": 1}'),
        ToolCall(id="c1", name="g", arguments="{}"),
    ]


@pytest.mark.parametrize("finish", [None, "", "null"])
def test_an_answer_without_a_reason_is_not_complete(finish: str | None) -> None:
    decoder = Decoder()
    decoder.feed(SseEvent("", orjson.dumps(_chunk({"content": "x"}, finish))))

    assert not decoder.is_complete


@pytest.mark.parametrize(
    ("code", "kind"),
    [("data_inspection_failed", ContentRefused), ("internal_error", ModelUnavailable)],
)
def test_an_error_in_mid_stream_is_raised(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        _read({"error": {"message": "no", "type": code, "code": code}})


def test_what_is_not_known_is_ignored() -> None:
    assert _read(b"not json", b"[]", {"new": 1}, {"choices": [{"message": 1}]})[:-1] == []
