"""Streams live and die in the playground as they do in Slack."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.chat import Chat
from bot.playground.slack.streams import Streams
from bot.playground.slack.workspace import Refusal, Workspace
from tests.playground import ANNA, GENERAL, RunningPlayground
from tests.unit.playground.conftest import App, acted, refused

IDS: dict[str, Any] = {"recipient_user_id": ANNA, "recipient_team_id": "T0ACME"}
TASK = {"type": "task_update", "id": "t", "title": "Searching", "status": "in_progress"}


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
    assert await refused(slack.chat_startStream(**where)) == "missing_recipient_user_id"
    assert await refused(slack.chat_startStream(channel=GENERAL, thread_ts="0", **IDS)) == (
        "invalid_thread_ts"
    )
    begun = await slack.chat_startStream(**where, **IDS, markdown_text="a")
    it: dict[str, Any] = {"channel": GENERAL, "ts": begun["ts"]}
    chunk = [{"type": "markdown_text", "text": "b"}]
    mixed = slack.api_call("chat.appendStream", json={**it, "chunks": chunk})
    assert await refused(mixed) == "streaming_mode_mismatch"
    assert await refused(slack.chat_update(**it, text="x")) == "streaming_state_conflict"
    assert await refused(slack.chat_delete(**it)) == "streaming_state_conflict"
    long = slack.chat_appendStream(**it, markdown_text="x" * 12_001)
    assert await refused(long) == "msg_too_long"
    await slack.chat_stopStream(**it)
    assert await refused(slack.chat_appendStream(**it, markdown_text="x")) == (
        "message_not_in_streaming_state"
    )
    await slack.chat_update(**it, text="now it may be edited")


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        ({"type": "nonsense"}, "invalid_chunks"),
        ({"type": "markdown_text", "text": ""}, "invalid_chunks"),
        ({**TASK, "status": "busy"}, "invalid_chunks"),
        ({**TASK, "details": "x" * 257}, "invalid_chunks"),
        ({**TASK, "id": "new", "title": ""}, "invalid_chunks"),
        ({"type": "plan_update", "title": ""}, "invalid_chunks"),
        ({"type": "blocks", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"type": "blocks", "blocks": [{"type": "file"}]}, "internal_error"),
    ],
)
async def test_chunks_are_checked(
    playground: RunningPlayground, slack: AsyncWebClient, chunk: dict[str, Any], error: str
) -> None:
    ts = playground.say("hi")
    begun = await slack.chat_startStream(channel=GENERAL, thread_ts=ts, **IDS)
    appending = {"channel": GENERAL, "ts": begun["ts"], "chunks": [chunk]}

    assert await refused(slack.api_call("chat.appendStream", json=appending)) == error


async def test_a_tasks_details_are_added_to_and_its_title_replaced(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    ts = playground.say("hi")
    begun = await slack.chat_startStream(channel=GENERAL, thread_ts=ts, **IDS)
    for more in ({"details": "one "}, {"details": "two", "title": "Read", "status": "complete"}):
        chunks = [{**TASK, **more}]
        it = {"channel": GENERAL, "ts": begun["ts"], "chunks": chunks}
        await slack.api_call("chat.appendStream", json=it)

    [task] = playground.answers(ts)[0]["blocks"]
    assert (task["title"], task["status"], task["details"]) == ("Read", "complete", "one two")


async def test_a_reader_may_stop_a_stream(playground: RunningPlayground, app: App) -> None:
    ts, slack = playground.say("hi"), app.web
    begun = await slack.chat_startStream(channel=GENERAL, thread_ts=ts, markdown_text="a", **IDS)
    await acted(playground.post, "stop", **{"as": ANNA}, channel=GENERAL, thread_ts=ts)
    it: dict[str, Any] = {"channel": GENERAL, "ts": begun["ts"]}

    assert await refused(slack.chat_appendStream(**it, markdown_text="b")) == "stopped_by_user"
    stopped = await app.got("agent_session_stopped")
    assert stopped["event"]["streaming_message_ts"] == [begun["ts"]]


def test_a_stream_ends_after_five_minutes_whatever_happens() -> None:
    now = [0.0]
    workspace = Workspace(clock=lambda: now[0])
    streams = Streams(workspace, seconds=300)
    channel = workspace.channel(GENERAL)
    workspace.add(channel, {"type": "message", "user": ANNA, "ts": "1.000000", "text": "hi"})
    where: dict[str, Any] = {"channel": GENERAL, "thread_ts": "1.000000"}
    begun = streams.start(workspace, {**where, **IDS, "markdown_text": "a"})
    it = {"channel": GENERAL, "ts": begun["ts"], "markdown_text": "b"}
    now[0] = 299
    streams.append(workspace, it)

    now[0] = 301
    for late in (streams.append, streams.stop):
        with pytest.raises(Refusal, match="message_not_in_streaming_state"):
            late(workspace, it)
    updated = Chat(streams).update(workspace, {**it, "text": "mended", "markdown_text": None})
    assert updated["text"] == "mended"
