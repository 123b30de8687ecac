"""A message stands in Slack also where the workspace does not take everything in it."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from bot.errors import SlackRefused
from bot.slack.budget import Budget
from bot.slack.markdown.charts import REFUSED
from bot.slack.replies.place import Place
from bot.slack.replies.standing import EditedMessage
from bot.slack.replies.steps import Steps

TEXT = (
    "Look:\n\n```chart\n"
    '{"type":"bar","title":"Sales","labels":["Q1"],"series":[{"name":"tea","values":[1]}]}'
    "\n```\n"
)


class PickySlack:
    """Slack's Web API where messages with a certain kind of block are refused."""

    def __init__(self, refused: str) -> None:
        self._refused = refused
        self.calls: list[Mapping[str, Any]] = []

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Take what has no such block."""
        self.calls.append(arguments)
        if any(block["type"] == self._refused for block in arguments["blocks"]):
            raise SlackRefused(method, "invalid_blocks")
        return {"ts": "1.0"}


def _place(slack: PickySlack) -> Place:
    async def at_once(_: float) -> None:
        return None

    async def nothing() -> None:
        return None

    async def surely() -> bool:
        return True

    return Place(
        api=slack,  # type: ignore[arg-type]  # the part of it that messages use
        budget=Budget(time.monotonic),
        channel="C1",
        thread_ts="1.0",
        recipient_user="U1",
        recipient_team="T1",
        is_ours=surely,
        sleep=at_once,
        stray=nothing,
        reply_id=7,
        next_number=lambda: 0,
    )


async def test_where_charts_are_refused_their_numbers_stand() -> None:
    slack = PickySlack("data_visualization")
    place = _place(slack)

    message = await EditedMessage.post(place, TEXT)
    await message.close(TEXT + "\nDone.", (), Steps())

    assert len(slack.calls) == 3, "it is remembered"
    kinds = [block["type"] for block in slack.calls[-1]["blocks"]]
    assert kinds == ["markdown"] * 3
    assert "| Q1 | 1 |" in slack.calls[-1]["blocks"][1]["text"]
    assert not place.may_draw


async def test_what_is_not_the_charts_fault_is_not_held_against_them() -> None:
    slack = PickySlack("context_actions")
    place = _place(slack)

    with pytest.raises(SlackRefused):
        await EditedMessage.post(place, TEXT, blocks=({"type": "context_actions"},))

    assert REFUSED not in place.budget.refused
