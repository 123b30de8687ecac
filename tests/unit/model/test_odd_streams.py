"""What servers send beside the documented samples becomes the same deltas, or a failure with its name."""

from typing import Any

import orjson
import pytest

from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    ReasoningDelta,
    Step,
    TextDelta,
    ToolCall,
    Usage,
)
from bot.errors import ContentRefused, ModelError, ModelUnavailable, PromptRefused
from bot.model import chat, dashscope, responses
from bot.model.sse import SseDecoder, SseEvent
from bot.model.wire import Wire

USAGE = {"prompt_tokens": 10, "completion_tokens": 36}
SPENT = Usage(input_tokens=10, output_tokens=36)
CALL_A, CALL_B = (ToolCall(id=f"c{n}", name="f", arguments=f'{{"n":{n}}}') for n in (0, 1))


def _chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish}], "id": "chatcmpl-7", **more}


def _whole(message: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": USAGE}


def _call(identity: str, arguments: Any, name: str | None = "f", **more: Any) -> dict[str, Any]:
    return {"id": identity, "function": {"name": name, "arguments": arguments}, **more}


def _frame(content: object, finish: str = "null") -> dict[str, Any]:
    return {"output": {"choices": [{"message": {"content": content}, "finish_reason": finish}]}}


def _read(wire: Wire, *frames: dict[str, Any]) -> list[Delta]:
    decoder = wire.decoder()
    deltas = [one for frame in frames for one in decoder.feed(SseEvent("", orjson.dumps(frame)))]
    assert decoder.is_complete
    return [one for one in deltas + decoder.end() if not isinstance(one, Finished)]


STOP = _chunk({"content": ""}, "stop")
CALLED = _chunk({}, "tool_calls")
CHATS: dict[str, tuple[list[dict[str, Any]], list[Delta]]] = {
    "content in parts": (
        [_chunk({"content": [{"type": "text", "text": "Hi"}, {"text": "!"}]}), STOP],
        [TextDelta("Hi!")],
    ),
    "thought and word at once": (
        [_chunk({"content": "Hi", "reasoning_content": "hm"}), STOP],
        [ReasoningDelta("hm"), TextDelta("Hi")],
    ),
    "usage more than once": (
        [_chunk({"content": "Hi"}, usage=USAGE), {**STOP, "usage": USAGE}, {"choices": [], "usage": USAGE}],
        [TextDelta("Hi"), SPENT],
    ),
    "a delta of nothing": ([_chunk(None), _chunk({"content": "Hi"}), _chunk(None, "stop")], [TextDelta("Hi")]),
    "calls without an index": (
        [
            _chunk({"tool_calls": [_call("c0", '{"n":')]}),
            _chunk({"tool_calls": [_call("", "0}", None), _call("c1", '{"n":1}')]}),
            CALLED,
        ],
        [CALL_A, CALL_B],
    ),
    "whole calls without an index": (
        [_whole({"content": None, "tool_calls": [_call("c0", '{"n":0}'), _call("c1", '{"n":1}')]}, "tool_calls")],
        [CALL_A, CALL_B, SPENT],
    ),
    "arguments as an object": (
        [_chunk({"tool_calls": [_call("c0", {"n": 0}, index=0)]}), CALLED],
        [CALL_A],
    ),
    "a name again and again": (
        [_chunk({"tool_calls": [_call("c0", part, index=0)]}) for part in ('{"n"', ":0}")] + [CALLED],
        [CALL_A],
    ),
    "a name bit by bit": (
        [_chunk({"tool_calls": [_call("c0", "{}", part, index=0)]}) for part in ("get_",)]
        + [_chunk({"tool_calls": [_call("", "", "time", index=0)]}), CALLED],
        [ToolCall(id="c0", name="get_time", arguments="{}")],
    ),
    "a call that begins with nothing": (
        [
            _chunk({"tool_calls": [{"index": 0, "id": "c0", "function": None}]}),
            _chunk({"tool_calls": [_call("", '{"n":0}', index=0)]}),
            CALLED,
        ],
        [CALL_A],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_in_an_odd_form_is_understood(name: str) -> None:
    frames, deltas = CHATS[name]

    assert _read(chat.WIRE, *frames) == deltas


def test_a_native_content_is_a_list_a_string_or_nothing() -> None:
    contents: tuple[object, ...] = (
        [],
        [{"text": "I"}],
        " am",
        None,
        [{"text": " h"}, {"text": "ere"}],
    )
    frames = [*map(_frame, contents), _frame([], "stop")]

    said = "".join(one.text for one in _read(dashscope.MULTIMODAL, *frames) if isinstance(one, TextDelta))  # fmt: skip
    assert said == "I am here"


def test_code_that_was_run_is_no_failure() -> None:
    """The service's events of the code interpreter have a field named as its errors' are."""
    item = {"type": "code_interpreter_call", "id": "ci", "status": "completed"}
    done = {"type": "response.output_item.done", "item": item}
    code = {"type": "response.code_interpreter_call_code.done", "code": "print(1)"}
    end = {"type": "response.completed", "response": {"status": "completed"}}

    [step] = [one for one in _read(responses.WIRE, code, done, end) if isinstance(one, Step)]
    assert step.title == "Running code"


def test_a_whole_response_may_hold_parts_that_are_no_text() -> None:
    message = {"type": "message", "content": [{"text": "Hi"}, {"refusal": "no"}, {"text": None}]}
    thought = {"type": "reasoning", "summary": [{"text": "hm"}]}
    whole = {"object": "response", "status": "completed", "output": [thought, message]}

    assert _read(responses.WIRE, whole)[:2] == [ReasoningDelta("hm"), TextDelta("Hi")]


FAILURES: list[tuple[Wire, SseEvent, type[ModelError]]] = [
    (chat.WIRE, SseEvent("", b'{"choices":[{"delta":{}}],"error":{"code":"internal_error"}}'), ModelUnavailable),
    (chat.WIRE, SseEvent("", b'{"code":"DataInspectionFailed","message":"Output"}'), ContentRefused),
    (chat.WIRE, SseEvent("", b'{"error":"data_inspection_failed"}'), ContentRefused),
    (chat.WIRE, SseEvent("error", b'{"message":"strange"}', 400), PromptRefused),
    (chat.WIRE, SseEvent("", b'{"error":{"code":400,"message":"strange"}}'), PromptRefused),
    (responses.WIRE, SseEvent("", b'{"code":"InvalidParameter","message":"x"}'), PromptRefused),
    (responses.WIRE, SseEvent("", b'{"type":"response.failed","response":{"error":null}}'), ModelUnavailable),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "event", "kind"), FAILURES, ids=lambda v: str(v)[:40])
def test_a_failure_in_any_shape_has_its_name(
    wire: Wire, event: SseEvent, kind: type[ModelError]
) -> None:
    with pytest.raises(ModelError) as raised:
        wire.decoder().feed(event)
    assert type(raised.value) is kind


def test_a_mark_in_front_missing_empty_lines_and_a_status_line_are_understood() -> None:
    stream = (
        b"\xef\xbb\xbfid:1\nevent:result\n:HTTP_STATUS/200\ndata:{}\n"
        b"id:2\nevent:error\nstatus:400\ndata:{}\n\n"
    )

    assert SseDecoder().feed(stream) == [SseEvent("result", b"{}"), SseEvent("error", b"{}", 400)]


def test_the_reason_of_an_unknown_word_is_that_it_stopped() -> None:
    decoder = chat.WIRE.decoder()
    decoder.feed(SseEvent("", orjson.dumps(_chunk({"content": "x"}, "eos"))))

    assert decoder.end() == [Finished(reason=FinishReason.STOP, request_id="7")]
