"""The rehearsal model refuses what the service refuses; its official client proves it."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.playground import RunningPlayground

USER = {"role": "user", "content": "x"}
PARTIAL = {"role": "assistant", "content": "y", "partial": True}
BAD_CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}}"}}],
}
THINK = {"enable_thinking": True}
FEW_FRAMES = {"type": "video", "video": ["data:image/png;base64,AA=="]}
SOUND = {"type": "input_audio", "input_audio": {"data": "data:;base64,AA==", "format": "mp3"}}
UPLOAD = {"type": "video_url", "video_url": {"url": "oss://nobody/knows.mp4"}}


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {}}}


@pytest.fixture
async def model(rehearsal: RunningPlayground) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{rehearsal.url}/compatible-mode/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="sk-playground", max_retries=0) as client:
        yield client


async def test_the_model_streams_as_the_official_client_expects(model: openai.AsyncOpenAI) -> None:
    stream = await model.chat.completions.create(
        model="qwen3.7-plus",
        messages=[{"role": "user", "content": "what is 6*7?"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "That is **42**."
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


async def test_the_model_answers_whole_and_goes_on_from_a_prefix(model: openai.AsyncOpenAI) -> None:
    messages: list[Any] = [
        {"role": "user", "content": "what is 6*7?"},
        {"role": "assistant", "content": "That is", "partial": True},
    ]
    whole = await model.chat.completions.create(
        model="qwen3.7-plus", messages=messages, extra_body={"enable_thinking": False}
    )

    assert whole.choices[0].message.content == " **42**."


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"model": "gpt"}, 404, "does not exist"),
        ({"messages": []}, 400, "too short"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "role of user"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "required field"),
        ({"temperature": 2}, 400, "temperature"),
        ({"stream_options": {"include_usage": True}}, 400, "stream_options"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}],
                    }
                ]
            },
            400,
            "download",
        ),
        (
            {
                "model": "qwen-plus",
                "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
            },
            400,
            "must be a string",
        ),
        ({"response_format": {"type": "json_object"}}, 400, "contain the word 'json'"),
        (
            {
                "model": "qwen-plus",
                "response_format": {"type": "json_schema", "json_schema": {"name": "S"}},
            },
            400,
            "json_schema is not supported",
        ),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, 400, "preceeding message"),
        ({"messages": [USER, {"role": "assistant", "content": ""}, USER]}, 400, "greater than 0"),
        ({"messages": [USER, BAD_CALL]}, 400, "must be in JSON format"),
        ({"messages": [USER, PARTIAL]}, 400, "non-thinking"),
        ({"messages": [USER, {"role": "system", "content": "x"}]}, 400, "Role must be"),
        ({"messages": [{"role": "user", "content": "inspect-me"}]}, 400, "DataInspectionFailed"),
        ({"tools": []}, 400, "too short"),
        ({"tools": [{"type": "function", "name": "f"}]}, 400, "tools.function"),
        ({"tools": [_tool("search")]}, 400, "not allowed"),
        ({"tools": [_tool("a b")]}, 400, "should match"),
        ({"tools": [_tool("f")], "tool_choice": "required"}, 400, "tool_choice"),
        ({"model": "qwen-long", "tools": [_tool("f")]}, 400, "tool call is not supported"),
        ({"model": "qwen-long", "extra_body": THINK}, 400, "NotSupportEnableThinking"),
        ({"model": "qwq-plus"}, 400, "only support stream mode"),
        (
            {"model": "qwq-plus", "stream": True, "extra_body": {"enable_thinking": False}},
            400,
            "restricted to True",
        ),
        ({"seed": -1}, 400, "-1 is lesser than the minimum of 0 - 'seed'"),
        ({"n": 5}, 400, "Range of n"),
        ({"n": 2, "tools": [_tool("f")]}, 400, "n should be 1"),
        ({"model": "qwen3-32b"}, 400, "must be set to false for non-streaming calls"),
        (
            {"model": "qwen3-32b", "response_format": {"type": "json_object"}},
            400,
            "Json mode response is not supported",
        ),
        ({"messages": [{"role": "user", "content": [FEW_FRAMES]}]}, 400, "video modality"),
        ({"messages": [{"role": "user", "content": [SOUND]}]}, 400, "content part"),
        ({"messages": [{"role": "user", "content": [UPLOAD]}]}, 400, "does not appear to be valid"),
    ],
    ids=str,
)
async def test_requests_are_refused_in_the_services_words(
    model: openai.AsyncOpenAI, more: dict[str, Any], status: int, words: str
) -> None:
    given: dict[str, Any] = {
        "model": "qwen3.7-plus",
        "messages": [{"role": "user", "content": "x"}],
    }
    with pytest.raises(openai.APIStatusError, match=words) as raised:
        await model.chat.completions.create(**{**given, **more})
    assert raised.value.status_code == status
