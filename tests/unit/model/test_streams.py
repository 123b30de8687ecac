"""Every protocol's stream becomes the same deltas, however the network cuts it."""

import itertools
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from bot.errors import ContentRefused, ModelError, ModelUnavailable, PromptRefused
from bot.model import chat, dashscope, responses
from bot.model.sse import SseDecoder, SseEvent
from bot.model.wire import Wire
from tests.unit.model import samples

STREAMS: dict[str, tuple[Wire, bytes, list[Delta]]] = {
    "chat": (chat.WIRE, samples.CHAT, samples.CHAT_DELTAS),
    "responses": (responses.WIRE, samples.RESPONSES, samples.RESPONSES_DELTAS),
    "text": (dashscope.TEXT, samples.TEXT, samples.NATIVE_DELTAS),
    "multimodal": (dashscope.MULTIMODAL, samples.MULTIMODAL, samples.NATIVE_DELTAS),
}


def _decode(wire: Wire, pieces: list[bytes]) -> list[Delta]:
    events, decoder = SseDecoder(), wire.decoder()
    deltas: list[Delta] = []
    for piece in pieces:
        for event in events.feed(piece):
            deltas += decoder.feed(event)
    for event in events.end():
        deltas += decoder.feed(event)
    assert decoder.is_complete
    return deltas + decoder.end()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_becomes_deltas(name: str) -> None:
    wire, stream, deltas = STREAMS[name]

    assert _decode(wire, [stream]) == deltas


@pytest.mark.parametrize("name", STREAMS)
@given(data=st.data())
def test_any_split_gives_the_same_deltas(name: str, data: st.DataObject) -> None:
    wire, stream, deltas = STREAMS[name]
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=60))
    edges = sorted({0, len(stream), *cuts})
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]

    assert _decode(wire, pieces) == deltas


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_ends_too_early_is_not_complete(name: str) -> None:
    wire, stream, _ = STREAMS[name]
    events, decoder = SseDecoder(), wire.decoder()
    for event in events.feed(stream[: len(stream) // 2]):
        decoder.feed(event)

    assert not decoder.is_complete


def test_failures_inside_streams_are_raised_as_what_they_are() -> None:
    inspected = {"code": "server_error", "message": "<400> InternalError.Algo.DataInspectionFailed"}
    cases: list[tuple[Wire, SseEvent, type[ModelError]]] = [
        (responses.WIRE, _failed({"code": "InvalidParameter", "message": "no"}), PromptRefused),
        (responses.WIRE, _failed({"code": "server_error", "message": "oh"}), ModelUnavailable),
        (responses.WIRE, _failed(inspected), ContentRefused),
        (responses.WIRE, _of("error", {"code": "InternalError", "message": ""}), ModelUnavailable),
        (dashscope.TEXT, _of("error", {"code": "InvalidParameter"}, 400), PromptRefused),
        (dashscope.TEXT, _of("result", {"code": "DataInspectionFailed"}), ContentRefused),
        (dashscope.TEXT, _of("error", {"code": "InternalError"}, 500), ModelUnavailable),
    ]
    for wire, event, kind in cases:
        with pytest.raises(kind) as raised:
            wire.decoder().feed(event)
        assert type(raised.value) is kind


def _of(name: str, body: dict[str, object], status: int = 200) -> SseEvent:
    return SseEvent(name, orjson.dumps({"request_id": "r", **body}), status)


def _failed(error: dict[str, str]) -> SseEvent:
    response = {"id": "resp_1", "status": "failed", "error": error}
    return _of("response.failed", {"type": "response.failed", "response": response})


def test_what_is_incomplete_says_why() -> None:
    for why, reason in [
        ("max_output_tokens", FinishReason.LENGTH),
        ("content_filter", FinishReason.FILTERED),
    ]:
        decoder = responses.WIRE.decoder()
        details = {"status": "incomplete", "incomplete_details": {"reason": why}}
        decoder.feed(_of("", {"type": "response.incomplete", "response": details}))
        [end] = [one for one in decoder.end() if isinstance(one, Finished)]
        assert end.reason is reason


@pytest.mark.parametrize("wire", [chat.WIRE, responses.WIRE, dashscope.TEXT], ids=lambda w: w.name)
def test_nonsense_is_no_failure(wire: Wire) -> None:
    decoder = wire.decoder()
    for data in (b"not json", b"[]", b"1", b"{}", b'{"new": 1}'):
        assert decoder.feed(SseEvent("", data)) == []


def _recorded(shared: Path, name: str) -> list[Delta]:
    """A recording; its authors have left out the empty lines of some."""
    path = shared / "recordings" / "model-studio" / f"{name}.response.body.txt"
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\nid:", b"\n\nid:")
    return _decode(dashscope.MULTIMODAL, [raw])


@pytest.mark.parametrize(
    ("name", "words", "thinks", "calls"),
    [
        ("single-generation-message-sse", "", False, 0),
        ("single-generation-message-reasoning-sse", "", True, 0),
        ("single-generation-message-with-tools-sse", "目前杭州和", False, 0),
        ("single-generation-message-with-parallel-tools-sse", "", False, 2),
        ("multimodal-generation-vl-sse", "这是一个海滩", False, 0),
        ("multimodal-generation-vl-video-sse", "", False, 0),
        ("multimodal-generation-message-with-tools-sse", "", True, 0),
        ("multimodal-generation-audio-caption-sse", "", False, 0),
        ("conversation-generation-message-with-doc-url-sse", "", False, 0),
    ],
)
def test_recorded_streams_are_understood(
    shared: Path, name: str, words: str, thinks: bool, calls: int
) -> None:
    deltas = _recorded(shared, name)
    text = "".join(one.text for one in deltas if isinstance(one, TextDelta))
    called = [one for one in deltas if isinstance(one, ToolCall)]

    assert text.startswith(words)
    assert bool(text) != bool(called)
    assert any(isinstance(one, ReasoningDelta) for one in deltas) is thinks
    assert len(called) == calls
    assert all(orjson.loads(call.arguments) and call.id and call.name for call in called)
    [usage] = [one for one in deltas if isinstance(one, Usage)]
    assert usage.input_tokens
    assert usage.output_tokens
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].request_id


def test_a_recorded_failure_in_a_stream_is_raised(shared: Path) -> None:
    with pytest.raises(PromptRefused, match="Role must be user"):
        _recorded(shared, "parameter-error-sse")
