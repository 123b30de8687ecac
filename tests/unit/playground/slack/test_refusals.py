"""The playground refuses what Slack refuses, in its words; Slack's own client proves it."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.server import PlaygroundSettings
from bot.playground.slack.limits import Limits
from tests.playground import ANNA, ANNAS_DM, BEN, GENERAL, LEADS, RunningPlayground
from tests.unit.playground.conftest import refused

RANDOM, ARCHIVED = "C0RANDOM", "C0LAUNCH"
HERE: dict[str, Any] = {"channel": GENERAL}


@pytest.fixture(scope="module")
def strict() -> Iterator[AsyncWebClient]:
    """A playground that many refusals share: a refused call changes nothing."""
    running = RunningPlayground(PlaygroundSettings())
    yield AsyncWebClient(token="xoxb-playground", base_url=f"{running.url}/api/")
    running.close()


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {**HERE, "text": 7}, "invalid_arguments"),
        ("chat.postMessage", HERE, "no_text"),
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": RANDOM, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": ARCHIVED, "text": "x"}, "is_archived"),
        ("chat.postMessage", {**HERE, "text": "x", "thread_ts": "1.1"}, "thread_not_found"),
        ("chat.postMessage", {**HERE, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ("chat.postMessage", {**HERE, "markdown_text": "y" * 12_001}, "msg_too_long"),
        ("chat.postMessage", {**HERE, "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ("chat.postMessage", {**HERE, "blocks": "nonsense"}, "invalid_arguments"),
        ("chat.postEphemeral", {**HERE, "user": "U9", "text": "x"}, "user_not_in_channel"),
        ("chat.update", {**HERE, "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.delete", {**HERE, "ts": "1.1"}, "message_not_found"),
        ("chat.nothing", {}, "unknown_method"),
        ("conversations.join", {"channel": LEADS}, "method_not_supported_for_channel_type"),
        ("conversations.join", {"channel": ARCHIVED}, "is_archived"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U9"}, "user_not_found"),
        ("conversations.history", {"channel": RANDOM}, "not_in_channel"),
        ("conversations.history", {**HERE, "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {**HERE, "oldest": "today"}, "invalid_ts_oldest"),
        ("reactions.add", {**HERE, "timestamp": "1.1", "name": "eyes"}, "message_not_found"),
        ("reactions.add", {**HERE, "timestamp": "1.1", "name": "No!"}, "invalid_name"),
        ("files.completeUploadExternal", {"files": [{"id": "F9"}]}, "file_not_found"),
        ("files.completeUploadExternal", {"files": []}, "invalid_arguments"),
        (
            "assistant.threads.setStatus",
            {"channel_id": ANNAS_DM, "thread_ts": "1.1", "status": "is thinking…"},
            "invalid_thread_ts",
        ),
        (
            "assistant.threads.setStatus",
            {"channel_id": ANNAS_DM, "thread_ts": "1.1"},
            "invalid_arguments",
        ),
        (
            "agents.sessions.setStatus",
            {"channel_id": ANNAS_DM, "status": "processing"},
            "thread_ts_required",
        ),
        (
            "agents.sessions.setStatus",
            {"channel_id": GENERAL, "status": "busy", "thread_ts": "1.1"},
            "invalid_status",
        ),
        (
            "assistant.threads.setSuggestedPrompts",
            {"channel_id": ANNAS_DM, "prompts": [{"title": "no message"}]},
            "invalid_arguments",
        ),
        ("views.open", {"trigger_id": "x", "view": {"type": "modal"}}, "invalid_arguments"),
    ],
)
async def test_calls_are_refused_in_slacks_words(
    strict: AsyncWebClient, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert await refused(strict.api_call(method, json=arguments)) == error


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.info", {"user": "U9"}, "user_not_found"),
        ("users.info", {}, "invalid_arguments"),
        ("files.info", {"file": "F9"}, "file_not_found"),
        ("conversations.replies", {**HERE, "ts": "1.1"}, "thread_not_found"),
        ("conversations.list", {"types": "everything"}, "invalid_types"),
        ("conversations.list", {"limit": "many"}, "invalid_arguments"),
        ("chat.getPermalink", {**HERE, "message_ts": "1.1"}, "message_not_found"),
        ("files.getUploadURLExternal", {"filename": "a"}, "invalid_arguments"),
        ("files.getUploadURLExternal", {"filename": "a", "length": 0}, "invalid_arguments"),
    ],
)
async def test_reads_are_refused_alike(
    strict: AsyncWebClient, method: str, arguments: dict[str, Any], error: str
) -> None:
    calling = strict.api_call(method, http_verb="GET", params=arguments)
    assert await refused(calling) == error


async def test_a_method_that_takes_no_json_ignores_it(slack: AsyncWebClient) -> None:
    """Where the documentation lists no JSON, a body of it is as good as nothing."""
    calling = slack.api_call("users.info", json={"user": ANNA})

    assert await refused(calling) == "invalid_arguments"


async def test_arguments_that_slack_ignores_are_pointed_out(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    await slack.api_call("chat.postMessage", json={**HERE, "text": "x", "thread": "1.1"})

    assert playground.calls("chat.postMessage")[0]["unknown"] == ["thread"]


async def test_wrong_tokens_are_refused(playground: RunningPlayground) -> None:
    base = f"{playground.url}/api/"
    stranger = AsyncWebClient(token="xoxb-no", base_url=base)
    assert await refused(stranger.auth_test()) == "invalid_auth"
    app = AsyncWebClient(token="xapp-playground", base_url=base)
    assert await refused(app.auth_test()) == "not_allowed_token_type"


async def test_a_scope_that_the_manifest_lacks_is_missed() -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    playground = RunningPlayground(PlaygroundSettings(manifest=manifest))
    slack = AsyncWebClient(token="xoxb-playground", base_url=f"{playground.url}/api/")
    try:
        await slack.chat_postMessage(channel=GENERAL, text="allowed")
        assert await refused(slack.users_info(user=ANNA)) == "missing_scope"
    finally:
        playground.close()


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


def test_posting_is_limited_by_channel_to_one_a_second() -> None:
    now = [0.0]
    limits = Limits(on=True, clock=lambda: now[0])
    waits = [limits.retry_after("chat.postMessage", "C1") for _ in range(4)]

    assert waits == [0, 0, 0, 1]
    assert limits.retry_after("chat.postMessage", "C2") == 0


async def test_a_429_says_when_to_come_again(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    playground.post("settings", limits=True)
    for _ in range(20):
        await slack.users_list(limit=1)
    with pytest.raises(Exception, match="ratelimited") as raised:
        await slack.users_list(limit=1)

    assert raised.value.response.headers["Retry-After"] == "3"  # type: ignore[attr-defined]


async def test_history_can_be_held_to_fifteen_messages_once_a_minute(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    """Apps that are sold outside the Marketplace live so."""
    for n in range(17):
        playground.say(f"number {n}", who=BEN)
    playground.post("settings", few_reads=True)
    found = await slack.conversations_history(channel=GENERAL, limit=100)

    assert len(found["messages"]) == 15
    assert found["has_more"]
    again = slack.conversations_history(channel=GENERAL)
    assert await refused(again) == "ratelimited"
