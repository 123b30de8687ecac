"""The rehearsal model, driven by the official `openai` client: chat completions, Responses, embeddings."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.playground import RunningPlayground

MODEL = "qwen3.7-plus"
QUIET = {"enable_thinking": False}
WEATHER = {
    "type": "function",
    "function": {"name": "calculate", "parameters": {"type": "object", "properties": {}}},
}
CLOCK = {"type": "function", "function": {"name": "current_time", "parameters": {}}}


@pytest.fixture
def client(rehearsal: RunningPlayground) -> Iterator[Any]:
    url = f"{rehearsal.url}/compatible-mode/v1"
    with openai.OpenAI(base_url=url, api_key="sk-playground", max_retries=0) as made:
        yield made


def _said(words: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": words}]


def test_chat_thinks_first_then_answers_then_tells_what_it_cost(client: Any) -> None:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=_said("hello there"),
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"enable_thinking": True, "thinking_budget": 10},
    )
    chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]

    thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert len(thought) == 40
    assert deltas[0].content is None, "while it thinks, there is no content"
    assert "hello there" in "".join(delta.content or "" for delta in deltas)
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens_details.reasoning_tokens == 10


def test_chat_calls_two_tools_at_once_and_uses_their_results(client: Any) -> None:
    words = "what time is it in Tokyo, and what is 6*7?"
    given: dict[str, Any] = {"model": MODEL, "tools": [WEATHER, CLOCK], "extra_body": QUIET}
    parallel = client.chat.completions.create(
        messages=_said(words), parallel_tool_calls=True, stream=True, **given
    )
    fragments = [
        fragment
        for chunk in parallel
        for fragment in chunk.choices[0].delta.tool_calls or ()
        if chunk.choices
    ]
    assert [fragment.index for fragment in fragments] == [0, 1, 0, 1]
    assert [bool(fragment.id) for fragment in fragments] == [True, True, False, False]

    whole = client.chat.completions.create(
        messages=_said(words), parallel_tool_calls=True, **given
    ).choices[0]
    assert whole.finish_reason == "tool_calls"
    names = [call.function.name for call in whole.message.tool_calls]
    assert names == ["current_time", "calculate"]
    assert json.loads(whole.message.tool_calls[1].function.arguments) == {"expression": "6*7"}

    results = [
        {"role": "tool", "tool_call_id": call.id, "content": content}
        for call, content in zip(whole.message.tool_calls, ["10:00", "6*7 = 42"], strict=True)
    ]
    said = [*_said(words), whole.message.model_dump(exclude_none=True), *results]
    answer = client.chat.completions.create(messages=said, **given).choices[0]
    assert answer.message.content == "- It is 10:00.\n- That is **42**."


def test_chat_calls_one_tool_where_it_may_not_call_more(client: Any) -> None:
    words = "what time is it, and what is 6*7?"
    whole = client.chat.completions.create(
        model=MODEL, messages=_said(words), tools=[WEATHER, CLOCK], extra_body=QUIET
    )
    assert len(whole.choices[0].message.tool_calls) == 1


def test_chat_fills_a_schema_with_what_stands_in_the_prompt(client: Any) -> None:
    schema = {
        "type": "object",
        "$defs": {
            "Decision": {
                "type": "object",
                "properties": {
                    "what": {"type": "string", "maxLength": 40},
                    "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "due": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "sources": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
                },
            }
        },
        "properties": {
            "title": {"type": "string"},
            "mood": {"enum": ["calm", "tense"]},
            "points": {"type": "array", "items": {"$ref": "#/$defs/Decision"}},
            "decisions": {"type": "array", "items": {"$ref": "#/$defs/Decision"}},
        },
    }
    talk = "[12] Anna: we ship on Friday\n[13] Ben: tense but fine\n[17] Chen: I write the notes"
    answer = client.chat.completions.create(
        model=MODEL,
        messages=_said(talk),
        response_format={"type": "json_schema", "json_schema": {"name": "S", "schema": schema}},
    )
    found = json.loads(answer.choices[0].message.content)

    assert [one["sources"] for one in found["points"]] == [[12], [13], [17]]
    assert [one["owner"] for one in found["points"]] == ["Anna", "Ben", "Chen"]
    assert [one["what"] for one in found["decisions"]] == ["we ship on Friday"]
    assert found["decisions"][0]["due"] is None
    assert "3 lines" in found["title"]


def test_chat_keeps_what_is_marked_for_the_next_request(client: Any) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    long = {"type": "text", "text": "all work and no play " * 300, **mark}
    given: dict[str, Any] = {"model": MODEL, "extra_body": QUIET}
    said: list[Any] = [{"role": "user", "content": [long]}]

    first = client.chat.completions.create(messages=said, **given).usage.prompt_tokens_details
    assert first.model_extra["cache_creation_input_tokens"] > 1_024
    assert first.cached_tokens == 0

    more = [*said, {"role": "assistant", "content": "ok"}, *_said("and?")]
    again = client.chat.completions.create(messages=more, **given).usage.prompt_tokens_details
    assert again.cached_tokens > 1_024


def test_a_server_that_gives_up_answers_in_part(rehearsal: RunningPlayground, client: Any) -> None:
    rehearsal.model_fails("partial")
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=_said("hello"), extra_body=QUIET
    )

    assert raw.headers["x-dashscope-partialresponse"] == "true"
    assert raw.parse().choices[0].finish_reason is None


def test_responses_stream_items_that_are_added_filled_and_done(client: Any) -> None:
    events = list(
        client.responses.create(
            model=MODEL,
            input="search the web for cats",
            tools=[{"type": "web_search"}],
            extra_body={"enable_thinking": True},
            stream=True,
        )
    )
    kinds = [event.type for event in events]

    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert events[0].response.status == "queued"
    assert "response.reasoning_text.delta" in kinds
    assert kinds.index("response.web_search_call.searching") < kinds.index(
        "response.output_text.delta"
    )
    assert kinds[-1] == "response.completed"
    final = events[-1].response
    assert [item.type for item in final.output] == ["reasoning", "web_search_call", "message"]
    assert final.output[1].action.sources[0].url == "https://example.com/first"
    assert final.usage.model_extra["x_tools"] == {"web_search": {"count": 1}}
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_responses_call_functions_and_take_their_outputs(client: Any) -> None:
    tool = {"type": "function", "name": "calculate", "parameters": {}}
    given: dict[str, Any] = {"model": MODEL, "tools": [tool], "extra_body": QUIET}
    first = client.responses.create(input="what is 6*7?", **given)
    [call] = first.output
    assert (call.type, call.name) == ("function_call", "calculate")

    said = [
        {"role": "user", "content": "what is 6*7?"},
        {"type": "function_call", "call_id": call.call_id, "name": "calculate", "arguments": "{}"},
        {"type": "function_call_output", "call_id": call.call_id, "output": "6*7 = 42"},
    ]
    assert client.responses.create(input=said, **given).output_text == "That is **42**."


def test_responses_say_where_they_were_cut(client: Any) -> None:
    made = client.responses.create(
        model=MODEL, input="/long 500", max_output_tokens=16, extra_body=QUIET
    )
    assert (made.status, made.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_responses_fail_inside_a_stream_that_began_well(client: Any) -> None:
    nested = {"type": "function", "function": {"name": "f"}}
    for more in ({"tools": [nested]}, {"tools": [{"type": "web_extractor"}]}):
        *_, last = client.responses.create(model=MODEL, input="x", stream=True, **more)
        assert last.type == "response.failed"
        assert last.response.error.code == "InvalidParameter"
        with pytest.raises(openai.BadRequestError):
            client.responses.create(model=MODEL, input="x", **more)
    *_, last = client.responses.create(model=MODEL, input="/fail inspect", stream=True)
    assert "DataInspectionFailed" in last.response.error.message


def test_embeddings_are_near_where_texts_are_alike(client: Any) -> None:
    texts = ["the cat sat on the mat", "a cat sat on a mat", "quarterly revenue grew"]
    made = client.embeddings.create(model="text-embedding-v4", input=texts, dimensions=256)
    one, like, other = (item.embedding for item in made.data)

    assert len(one) == 256
    assert _dot(one, like) > _dot(one, other) + 0.3
    with pytest.raises(openai.BadRequestError, match="batch size"):
        client.embeddings.create(model="text-embedding-v4", input=["x"] * 11)


def test_models_and_files_are_listed(client: Any) -> None:
    assert MODEL in {model.id for model in client.models.list()}
    kept = client.files.create(file=("a.txt", b"hello"), purpose="file-extract")
    assert kept.id.startswith("file-fe-")
    assert client.files.retrieve(kept.id).bytes == 5
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(kept.id)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("401", openai.AuthenticationError),
        ("403", openai.PermissionDeniedError),
        ("404", openai.NotFoundError),
        ("429", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("inspect", openai.BadRequestError),
    ],
)
def test_faults_are_what_the_client_knows(
    rehearsal: RunningPlayground, client: Any, kind: str, error: type[Exception]
) -> None:
    rehearsal.model_fails(kind, kind, kind)
    with pytest.raises(error):
        client.chat.completions.create(model=MODEL, messages=_said("x"))
    with pytest.raises(error):
        client.responses.create(model=MODEL, input="x")
    with pytest.raises(error):
        client.embeddings.create(model="text-embedding-v4", input="x")


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
