"""The rehearsal model, driven by the official `dashscope` client: DashScope's own protocols."""

from pathlib import Path
from typing import Any

import dashscope
import pytest

from tests.playground import RunningPlayground

# The client's calls return one of two things by their arguments, which its types don't follow.
GENERATION: Any = dashscope.Generation
CONVERSATION: Any = dashscope.MultiModalConversation
SEEING, READING = "qwen3.7-plus", "qwen3.7-max"
CALCULATE = {"type": "function", "function": {"name": "calculate", "parameters": {}}}


@pytest.fixture
def at(rehearsal: RunningPlayground) -> dict[str, Any]:
    """Where the client finds the model."""
    return {"api_key": "sk-playground", "base_address": f"{rehearsal.url}/api/v1"}


def _said(words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": words}]


def _shown(words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": words}]}]


def _text(*, messages: list[dict[str, Any]], **more: Any) -> Any:
    more = {"model": READING, "result_format": "message", "enable_thinking": False, **more}
    return GENERATION.call(messages=messages, **more)


def test_text_comes_whole_or_in_pieces_or_as_growing_snapshots(at: dict[str, Any]) -> None:
    whole = _text(messages=_said("what is 6*7?"), **at)
    assert whole.output.choices[0].message.content == "That is **42**."
    assert whole.output.choices[0].finish_reason == "stop"

    frames = list(_text(messages=_said("what is 6*7?"), stream=True, incremental_output=True, **at))
    pieces = [frame.output.choices[0].message.content for frame in frames]
    assert "".join(pieces) == "That is **42**."
    assert {frame.output.choices[0].finish_reason for frame in frames[:-1]} == {"null"}
    assert frames[-1].usage.output_tokens == 4

    grown = list(_text(messages=_said("what is 6*7?"), stream=True, incremental_output=False, **at))
    assert grown[-1].output.choices[0].message.content == "That is **42**."


def test_the_older_clients_get_text(at: dict[str, Any]) -> None:
    answer = GENERATION.call(model="qwen-plus", prompt="what is 6*7?", result_format="text", **at)
    assert answer.output.text == "That is **42**."
    assert answer.output.finish_reason == "stop"


def test_thinking_needs_pieces(rehearsal: RunningPlayground, at: dict[str, Any]) -> None:
    frames = list(
        _text(
            messages=_said("hi"), enable_thinking=True, stream=True, incremental_output=True, **at
        )
    )
    messages = [frame.output.choices[0].message for frame in frames]
    assert messages[0]["reasoning_content"]
    assert messages[0].content == ""

    refused = rehearsal.http.post(
        "/api/v1/services/aigc/text-generation/generation",
        headers={"Authorization": "Bearer sk-playground", "X-DashScope-SSE": "enable"},
        json={
            "model": READING,
            "input": {"messages": _said("hi")},
            "parameters": {"enable_thinking": True, "result_format": "message"},
        },
    )
    assert refused.text.startswith("id:1\nevent:error\n:HTTP_STATUS/400\ndata:{")
    assert "incremental_output" in refused.text


def test_text_calls_tools_and_tells_its_sources(at: dict[str, Any]) -> None:
    called = _text(messages=_said("what is 6*7?"), tools=[CALCULATE], **at)
    [call] = called.output.choices[0].message.tool_calls
    assert call["function"] == {"name": "calculate", "arguments": '{"expression": "6*7"}'}

    found = _text(
        messages=_said("search for cats"),
        enable_search=True,
        search_options={"enable_source": True},
        **at,
    )
    results = found.output.search_info["search_results"]
    assert [one["index"] for one in results] == [1, 2]
    assert found.usage["plugins"]["search"]["count"] == 1


def test_multimodal_answers_in_parts(at: dict[str, Any]) -> None:
    given: dict[str, Any] = {"model": SEEING, "messages": _shown("what is 6*7?"), **at}
    whole = CONVERSATION.call(enable_thinking=False, **given)
    assert whole.output.choices[0].message.content == [{"text": "That is **42**."}]

    frames = list(
        CONVERSATION.call(stream=True, incremental_output=True, enable_thinking=True, **given)
    )
    messages = [frame.output.choices[0].message for frame in frames]
    assert messages[0].content == []
    assert "".join(part["text"] for one in messages for part in one.content) == "That is **42**."


def test_what_sees_searches_in_streams_only(at: dict[str, Any]) -> None:
    whole = CONVERSATION.call(model=SEEING, messages=_shown("x"), enable_search=True, **at)
    assert whole.message.endswith("Non-streaming mode does not support Web Search")


def test_the_wrong_family_is_the_wrong_address(at: dict[str, Any]) -> None:
    wrong = CONVERSATION.call(model=READING, messages=_shown("x"), **at)
    assert (wrong.status_code, wrong.code) == (400, "InvalidParameter")
    assert wrong.message.startswith("url error, please check url！")
    assert _text(messages=_said("x"), **{**at, "model": SEEING}).message.startswith("url error")


def test_files_are_uploaded_and_seen_by_their_own_client(
    at: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", at["base_address"])
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"x" * 500)
    content = [{"video": f"file://{clip}"}, {"text": "what is it?"}]
    answer = CONVERSATION.call(
        model=SEEING, messages=[{"role": "user", "content": content}], enable_thinking=False, **at
    )
    assert "a video, MP4, 512 bytes" in answer.output.choices[0].message.content[0]["text"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 401, "InvalidApiKey"),
        ("429", 429, "Throttling.RateQuota"),
        ("500", 500, "InternalError"),
        ("inspect", 400, "DataInspectionFailed"),
    ],
)
def test_faults_are_flat(
    rehearsal: RunningPlayground,
    at: dict[str, Any],
    kind: str,
    status: int,
    code: str,
    stream: bool,
) -> None:
    rehearsal.model_fails(kind)
    answer = _text(messages=_said("x"), stream=stream, incremental_output=stream, **at)
    refused = next(iter(answer)) if stream else answer
    assert (refused.status_code, refused.code) == (status, code)


def test_a_fault_in_the_middle_is_a_frame(at: dict[str, Any]) -> None:
    *_, last = _text(messages=_said("/fail error"), stream=True, incremental_output=True, **at)
    assert last.code == "InternalError"


def test_embeddings_and_rerank_find_what_is_alike(at: dict[str, Any]) -> None:
    made = dashscope.TextEmbedding.call(
        model="text-embedding-v4", input=["a cat", "a dog"], dimension=64, text_type="query", **at
    )
    assert [len(one["embedding"]) for one in made.output["embeddings"]] == [64, 64]

    documents = ["revenue grew", "the cat sat on the mat", "a cat"]
    ranked = dashscope.TextReRank.call(
        model="gte-rerank-v2", query="a cat", documents=documents, **at
    )
    results = ranked.output.results
    assert [one.index for one in results] == [2, 1, 0]
