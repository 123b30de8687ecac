"""The rehearsal model refuses what the service refuses; its official client proves it."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.playground import RunningPlayground


@pytest.fixture
async def model(playground: RunningPlayground) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{playground.url}/compatible-mode/v1"
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
