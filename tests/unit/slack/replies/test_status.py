"""The sign that we think is there while we do, and is gone with the answer, however it was given."""

import asyncio
from typing import Any

import pytest

from bot.conversation.thread import Author, ChannelType, ThreadKey, ThreadMessage, Turn
from bot.errors import SlackRefused
from bot.slack.budget import Budget
from bot.slack.replies.status import Status, Thinking

SESSION, ASSISTANT = "agents.sessions.setStatus", "assistant.threads.setStatus"


class Slack:
    """What a thread shows; some methods do not exist here, and calls may take their time."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        self.shown: str = ""
        self.words = ""
        self.title = ""
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def write(self, method: str, **arguments: Any) -> dict[str, Any]:
        if method in self.missing:
            raise SlackRefused(method, "unknown_method")
        self.asked.set()
        await self.answers.wait()
        match method:
            case "reactions.add":
                self.shown = method
            case "reactions.remove":
                self.shown = ""
            case "agents.sessions.rename":
                self.title = arguments["title"]
            case _:
                self.shown = "" if arguments["status"] in {"", "active"} else method
                self.words = arguments["status"] if self.shown == ASSISTANT else ""
        return {"ok": True}


def _thinking(slack: Slack, *, was_told: bool = False) -> tuple[Status, Thinking]:
    question = ThreadMessage(id=1, ts="1.0", author=Author.PERSON, author_id="U1", text="hi")
    turn = Turn(
        reply_id=1,
        attempt=1,
        conversation_id=1,
        key=ThreadKey(team_id="T1", channel_id="D1", thread_ts="1.0"),
        channel_type=ChannelType.DM,
        history_read=True,
        messages=(question,),
        questions=(question,),
        answers=(),
        was_told=was_told,
    )
    status = Status(slack, Budget(asyncio.get_running_loop().time))  # type: ignore[arg-type]

    async def is_ours() -> bool:
        return True

    return status, status.of(turn, is_ours)


async def _settled(status: Status) -> None:
    while status._tasks:
        await asyncio.wait(set(status._tasks))


@pytest.mark.parametrize("by_itself", [True, False], ids=["stream", "message"])
async def test_a_reaction_is_taken_away_after_any_kind_of_answer(by_itself: bool) -> None:
    slack = Slack(SESSION, ASSISTANT)
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    await _settled(status)
    assert slack.shown == "reactions.add"

    thinking.end(by_itself=by_itself)
    await _settled(status)

    assert slack.shown == ""


@pytest.mark.parametrize("missing", [(), (SESSION,), (SESSION, ASSISTANT)], ids=len)
async def test_a_sign_that_comes_later_than_the_answer_does_not_stay(missing: tuple[str]) -> None:
    slack = Slack(*missing)
    slack.answers.clear()
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    await slack.asked.wait()

    thinking.end(by_itself=True)
    slack.answers.set()
    await _settled(status)

    assert slack.shown == ""


async def test_what_slack_ends_by_itself_costs_no_call() -> None:
    slack = Slack()
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    await _settled(status)

    thinking.end(by_itself=True)
    await _settled(status)

    assert slack.shown == SESSION  # the stream's own end changes it


async def test_a_stream_that_ended_otherwise_leaves_no_sign() -> None:
    slack = Slack()
    slack.shown = "the stream's own"
    status, thinking = _thinking(slack)

    thinking.end(by_itself=False, lingers=True)
    await _settled(status)

    assert slack.shown == ""


async def test_what_a_waiting_thread_was_told_gives_way_to_the_sign_that_we_think() -> None:
    slack = Slack()
    slack.shown = "that we are busy"
    status, thinking = _thinking(slack, was_told=True)
    thinking.begin("A title")
    await _settled(status)

    assert (slack.shown, slack.title) == (ASSISTANT, "A title")


@pytest.mark.parametrize("has_begun", [True, False])
async def test_what_a_waiting_thread_was_told_goes_where_no_answer_comes(has_begun: bool) -> None:
    slack = Slack()
    slack.shown = "that we are busy"
    status, thinking = _thinking(slack, was_told=True)
    if has_begun:
        thinking.begin("A title")
        await _settled(status)

    thinking.leave()
    await _settled(status)

    assert slack.shown == ""


async def test_while_the_model_is_busy_the_sign_says_so_once() -> None:
    slack = Slack()
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    thinking.hold_on()
    thinking.hold_on()
    await _settled(status)
    assert slack.words == "is busy right now: waiting for a turn at the model"

    thinking.leave()
    await _settled(status)
    assert slack.shown == ""


async def test_words_that_come_later_than_the_answer_do_not_stay() -> None:
    slack = Slack()
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    await _settled(status)
    slack.answers.clear()
    slack.asked.clear()
    thinking.hold_on()
    await slack.asked.wait()

    thinking.end(by_itself=True)
    slack.answers.set()
    await _settled(status)

    assert slack.shown == ""


async def test_where_slack_has_no_words_the_sign_stays_as_it_is() -> None:
    slack = Slack(SESSION, ASSISTANT)
    status, thinking = _thinking(slack)
    thinking.begin("A title")
    thinking.hold_on()
    await _settled(status)
    assert slack.shown == "reactions.add"

    thinking.end(by_itself=True)
    await _settled(status)
    assert slack.shown == ""
