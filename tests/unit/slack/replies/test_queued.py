"""The sign of a question that waits costs running replies nothing, and no refusal gets far."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.conversation.queueing import Queued, in_line
from bot.conversation.thread import Author, ThreadKey
from bot.errors import SlackError, SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.replies.queued import QueueSigns
from bot.slack.replies.status import ASSISTANT

KEY = ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0")
ASKED = Queued(
    message_id=1, key=KEY, author=Author.PERSON, author_id="U1", author_team="T1", place=2
)


class Slack:
    """Keeps what it is told, or refuses it."""

    def __init__(self, error: SlackError | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self.said: list[tuple[str, dict[str, Any]]] = []
        self._error = error

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        if method != ASSISTANT:
            self.said.append((method, arguments))
            return {"ts": "2.0"}
        self.calls.append(arguments)
        if self._error is not None:
            raise self._error
        return {"ok": True}


def _signs(slack: Slack) -> QueueSigns:
    budget = Budget(asyncio.get_running_loop().time)
    return QueueSigns(cast(SlackApi, slack), budget)


async def test_it_says_where_the_question_stands_and_is_taken_away_again() -> None:
    slack = Slack()
    signs = _signs(slack)
    await signs.show(ASKED, in_line(2))
    await signs.take_away(KEY)

    place = {"channel_id": "C1", "thread_ts": "1.0"}
    assert slack.calls == [
        {
            **place,
            "status": "is busy right now: you are about 2nd in line",
            "loading_messages": ["Busy right now: you are about 2nd in line."],
        },
        {**place, "status": ""},
    ]


async def test_a_part_of_the_minute_is_left_to_running_replies() -> None:
    slack = Slack()
    signs = _signs(slack)
    while await signs.has_room():
        await signs.show(ASKED, in_line(1))

    assert 20 < len(slack.calls) < 35
    await signs.take_away(KEY)
    assert slack.calls[-1]["status"] == "", "to take one away there is room"


@pytest.mark.parametrize(
    ("error", "has_room"),
    [
        (SlackRefused(ASSISTANT, "invalid_thread_ts"), True),
        (SlackLimited(ASSISTANT, 30.0), False),
        (SlackUnreachable(ASSISTANT, "away"), True),
    ],
    ids=str,
)
async def test_what_slack_refuses_is_left_unsaid(error: SlackError, has_room: bool) -> None:
    signs = _signs(Slack(error))
    await signs.show(ASKED, in_line(1))

    assert await signs.has_room() == has_room


async def test_an_app_without_a_status_says_it_in_words_once() -> None:
    slack = Slack(SlackRefused(ASSISTANT, "missing_scope"))
    signs = _signs(slack)
    for _ in range(2):
        assert await signs.has_room()
        await signs.show(ASKED, in_line(2))
    await signs.take_away(KEY)
    assert len(slack.calls) == 1
    [(method, said)] = slack.said
    assert method == "chat.postEphemeral"
    assert (said["user"], said["text"]) == ("U1", "Busy right now: you are about 2nd in line.")


async def test_in_direct_messages_its_words_go_when_the_answer_begins() -> None:
    slack = Slack(SlackRefused(ASSISTANT, "missing_scope"))
    signs = _signs(slack)
    direct = replace(ASKED, key=replace(KEY, channel_id="D1"))
    await signs.show(direct, in_line(2))
    await signs.give_way(direct.key)
    (posted, _), (deleted, which) = slack.said
    assert (posted, deleted, which["ts"]) == ("chat.postMessage", "chat.delete", "2.0")
