"""The playground refuses what the platforms refuse; their own clients prove it."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.limits import Limits
from tests.playground import ANNA, ANNAS_DM, GENERAL, RunningPlayground

IDS: dict[str, Any] = {"recipient_user_id": ANNA, "recipient_team_id": "T0ACME"}


@pytest.fixture
def slack(playground: RunningPlayground) -> AsyncWebClient:
    return AsyncWebClient(token="xoxb-playground", base_url=f"{playground.url}/api/")


@pytest.fixture
async def model(playground: RunningPlayground) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{playground.url}/compatible-mode/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="sk-playground", max_retries=0) as client:
        yield client


async def _refused(calling: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await calling
    return str(raised.value.response["error"])


async def test_a_stream_lives_as_slacks_own_helper_expects(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    ts = playground.say("hi")
    stream = await slack.chat_stream(channel=GENERAL, thread_ts=ts, buffer_size=4, **IDS)
    await stream.append(markdown_text="Hello **world**")
    await stream.append(markdown_text=", how are you?")
    assert playground.answers(ts)[0]["streaming_state"] == "in_progress"
    await stream.stop()

    [answer] = playground.answers(ts)
    assert answer["text"] == "Hello **world**, how are you?"
    assert answer["streaming_state"] == "completed"


async def test_streams_are_refused_as_slack_refuses_them(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    ts = playground.say("hi")
    where: dict[str, Any] = {"channel": GENERAL, "thread_ts": ts}
    assert await _refused(slack.chat_startStream(**where)) == "missing_recipient_user_id"
    assert await _refused(slack.chat_startStream(channel=GENERAL, thread_ts="0", **IDS)) == (
        "invalid_thread_ts"
    )
    begun = await slack.chat_startStream(**where, **IDS, markdown_text="a")
    it: dict[str, Any] = {"channel": GENERAL, "ts": begun["ts"]}
    chunk = [{"type": "markdown_text", "text": "b"}]
    mixed = slack.api_call("chat.appendStream", json={**it, "chunks": chunk})
    assert await _refused(mixed) == "streaming_mode_mismatch"
    assert await _refused(slack.chat_update(**it, text="x")) == "streaming_state_conflict"
    long = slack.chat_appendStream(**it, markdown_text="x" * 12_001)
    assert await _refused(long) == "msg_too_long"
    await slack.chat_stopStream(**it)
    assert await _refused(slack.chat_appendStream(**it, markdown_text="x")) == (
        "message_not_in_streaming_state"
    )
    await slack.chat_update(**it, text="now it may be edited")


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": GENERAL}, "no_text"),
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "x"}, "not_in_channel"),
        (
            "chat.postMessage",
            {"channel": GENERAL, "text": "x", "thread_ts": "1.1"},
            "thread_not_found",
        ),
        (
            "chat.postMessage",
            {"channel": GENERAL, "text": "x", "markdown_text": "y"},
            "markdown_text_conflict",
        ),
        ("chat.postMessage", {"channel": GENERAL, "markdown_text": "y" * 12_001}, "msg_too_long"),
        (
            "chat.postMessage",
            {"channel": GENERAL, "blocks": [{"type": "nonsense"}]},
            "invalid_blocks",
        ),
        ("chat.update", {"channel": GENERAL, "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.nothing", {}, "unknown_method"),
        ("users.info", {"user": "U9"}, "user_not_found"),
        ("files.info", {"file": "F9"}, "file_not_found"),
        (
            "agents.sessions.setStatus",
            {"channel_id": ANNAS_DM, "status": "processing"},
            "thread_ts_required",
        ),
        ("views.open", {"trigger_id": "x", "view": {"type": "modal"}}, "invalid_trigger_id"),
    ],
)
async def test_calls_are_refused_in_slacks_words(
    slack: AsyncWebClient, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert await _refused(slack.api_call(method, json=arguments)) == error


async def test_wrong_tokens_are_refused(playground: RunningPlayground) -> None:
    base = f"{playground.url}/api/"
    assert (
        await _refused(AsyncWebClient(token="xoxb-no", base_url=base).auth_test()) == "invalid_auth"
    )
    app = AsyncWebClient(token="xapp-playground", base_url=base)
    assert await _refused(app.auth_test()) == "not_allowed_token_type"


async def test_files_need_the_token_else_there_is_a_login_page(
    playground: RunningPlayground,
) -> None:
    ts = playground.share("x", {"a.txt": b"hello"})
    url = playground.thread(ts)[0]["files"][0]["url_private_download"]
    with_token = {"Authorization": "Bearer xoxb-playground"}

    assert "<title>Slack" in playground.http.get(url).text
    assert playground.http.get(url, headers=with_token).content == b"hello"


def test_limits_are_a_bucket_of_one_minute() -> None:
    now = [0.0]
    limits = Limits(on=True, clock=lambda: now[0])
    waits = [limits.retry_after("chat.startStream", "C1") for _ in range(21)]
    assert waits[:20] == [0] * 20
    assert waits[20] == 3

    now[0] += 3
    assert limits.retry_after("chat.startStream", "C1") == 0


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
