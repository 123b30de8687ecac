"""A reply ends whole, in order and each word once, whatever Slack does not take of it."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.conversation.ports import Closing
from bot.conversation.thread import Author, ChannelType, ThreadKey, ThreadMessage, Turn
from bot.errors import SlackRefused
from bot.slack.budget import Budget
from bot.slack.replies.reply import SlackReply
from bot.slack.replies.room import SlackReplies
from bot.slack.replies.status import Status

WORDS = [f"word{number}" for number in range(900)]
TEXT = "\n\n".join(" ".join(WORDS[at : at + 30]) for at in range(0, len(WORDS), 30))


class Slack:
    """A thread where `refuses` says which calls are not taken, and why."""

    def __init__(self, refuses: Callable[[str, Mapping[str, Any]], str]) -> None:
        self._refuses = refuses
        self.messages: dict[str, str] = {}
        self.heard = {"refusal": asyncio.Event(), "words": asyncio.Event()}

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        if code := self._refuses(method, arguments):
            self.heard["refusal"].set()
            raise SlackRefused(method, code)
        self.heard["words"].set()
        ts = arguments.get("ts") or f"2.{len(self.messages):03}"
        match method:
            case "chat.appendStream" | "chat.stopStream":
                self.messages[ts] += _streamed(arguments)
            case "chat.startStream":
                self.messages[ts] = _streamed(arguments)
            case "chat.postMessage" | "chat.update":
                self.messages[ts] = _written(arguments)
            case "chat.delete":
                del self.messages[ts]
            case _:
                pass  # a sign that it thinks
        return {"ts": ts}

    @property
    def words(self) -> list[str]:
        return re.findall(r"word\d+", " ".join(self.messages.values()))


def _streamed(arguments: Mapping[str, Any]) -> str:
    return "".join(chunk["text"] for chunk in arguments.get("chunks", ()))


def _written(arguments: Mapping[str, Any]) -> str:
    blocks = arguments.get("blocks") or [{"type": "markdown", "text": arguments["text"]}]
    return "".join(block["text"] for block in blocks if block["type"] == "markdown")


def _reply(slack: Slack) -> SlackReply:
    question = ThreadMessage(id=1, ts="1.0", author=Author.PERSON, author_id="U1", text="hi")
    turn = Turn(
        reply_id=7,
        attempt=1,
        conversation_id=1,
        key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0"),
        channel_type=ChannelType.CHANNEL,
        history_read=True,
        messages=(question,),
        questions=(question,),
        answers=(),
    )

    async def surely() -> bool:
        return True

    budget = Budget(lambda: time.monotonic() * 1_000)  # a minute is soon over
    status = Status(slack, budget)  # type: ignore[arg-type]  # the part of it that replies use
    replies = SlackReplies(slack, budget, None, status)  # type: ignore[arg-type]
    return replies.open(turn, on_stop=lambda: None, on_segment=lambda: None, is_ours=surely)


def _no_streams(method: str) -> str:
    return "channel_type_not_supported" if method == "chat.startStream" else ""


def _no_edits(method: str, _: Mapping[str, Any]) -> str:
    return "edit_window_closed" if method == "chat.update" else _no_streams(method)


def _no_blocks(method: str, arguments: Mapping[str, Any]) -> str:
    return "invalid_blocks" if arguments.get("blocks") else _no_streams(method)


def _small_messages(method: str, arguments: Mapping[str, Any]) -> str:
    long = any(len(block.get("text", "")) > 3_900 for block in arguments.get("blocks", ()))
    return "msg_blocks_too_long" if long else _no_streams(method)


def _short_streams(method: str, arguments: Mapping[str, Any]) -> str:
    if method == "chat.update":
        return "cant_update_message"
    return "msg_too_long" if len(_streamed(arguments)) > 2_000 else ""


@pytest.mark.parametrize(
    ("refuses", "can_begin"),
    [(_no_edits, True), (_no_blocks, False), (_small_messages, True), (_short_streams, True)],
)
async def test_what_slack_does_not_take_is_said_beneath_whole_and_once(
    refuses: Callable[[str, Mapping[str, Any]], str], can_begin: bool
) -> None:
    slack = Slack(refuses)
    reply = _reply(slack)
    reply.begin(title=None)
    reply.write(TEXT[:100])
    async with asyncio.timeout(5):
        await slack.heard["words" if can_begin else "refusal"].wait()
    reply.write(TEXT[100:])

    await reply.close(Closing())

    assert slack.heard["refusal"].is_set()
    assert slack.words == WORDS
    assert {segment.ts for segment in reply.segments} == set(slack.messages)


async def test_an_edit_that_slack_refuses_once_costs_nothing() -> None:
    refusals = ["msg_too_long"]

    def once(method: str, _: Mapping[str, Any]) -> str:
        return refusals.pop() if method == "chat.update" and refusals else _no_streams(method)

    slack = Slack(once)
    reply = _reply(slack)
    reply.begin(title=None)
    reply.write(TEXT[:100])
    async with asyncio.timeout(5):
        await slack.heard["words"].wait()
        slack.heard["refusal"].clear()
        reply.write(TEXT[100:6_000])
        await slack.heard["refusal"].wait()
    reply.write(TEXT[6_000:])

    await reply.close(Closing())

    assert (slack.words, len(slack.messages)) == (WORDS, 1)


async def test_a_stream_is_ended_before_slack_would_and_its_message_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.slack.replies.standing.STREAM_SECONDS", 0.0)
    calls: list[str] = []
    edited = asyncio.Event()

    def none(method: str, _: Mapping[str, Any]) -> str:
        calls.append(method)
        if method == "chat.update":
            edited.set()
        return ""

    slack = Slack(none)
    reply = _reply(slack)
    reply.begin(title=None)
    reply.write(TEXT[:100])
    async with asyncio.timeout(5):
        await slack.heard["words"].wait()
        reply.write(TEXT[100:6_000])
        await edited.wait()
    reply.write(TEXT[6_000:])

    await reply.close(Closing())

    assert calls.index("chat.stopStream") < calls.index("chat.update")
    assert (slack.words, len(slack.messages)) == (WORDS, 1)
