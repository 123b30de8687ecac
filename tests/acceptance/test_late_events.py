"""Slack delivers what an outage has held up: late, again, and in any order. Each is answered once."""

import json
import time
from typing import Any

import pytest

from tests.acceptance.test_door import Door, _message, door
from tests.playground import ANNAS_DM, AT, GENERAL

__all__ = ["door"]

TWO_HOURS = 7_200.0
WHERE = [(GENERAL, AT), (ANNAS_DM, "")]
"""In a channel a question mentions the bot; in direct messages it need not."""
in_both = pytest.mark.parametrize(("channel", "at"), WHERE, ids=["channel", "dm"])


class Held:
    """Messages that Slack has and the bot has not heard of; each is delivered when it is."""

    def __init__(self, door: Door, *, channel: str = GENERAL, age: float = TWO_HOURS) -> None:
        self.door = door
        self.channel = channel
        self._said_at = time.time() - age

    def say(self, text: str, *, thread_ts: str = "") -> dict[str, Any]:
        """Somebody has said this, behind what was said before; its `message` event."""
        self._said_at += 0.001
        ts = f"{self._said_at:.6f}"
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        self.door.playground.say(text, channel=self.channel, ts=ts, **thread)
        kind = "im" if self.channel.startswith("D") else "channel"
        return _message(text, ts, channel=self.channel, channel_type=kind, **thread)

    def edited(self, before: dict[str, Any], text: str) -> dict[str, Any]:
        """The event of an edit."""
        at = f"{self._said_at + 1:.6f}"
        message = {**before, "text": text, "edited": {"user": before["user"], "ts": at}}
        del message["channel"], message["channel_type"]
        return self._changed("message_changed", message=message, previous_message=before)

    def deleted(self, before: dict[str, Any]) -> dict[str, Any]:
        """The event of a deletion."""
        gone = {"deleted_ts": before["ts"], "previous_message": before}
        return self._changed("message_deleted", **gone)

    def _changed(self, subtype: str, **what: Any) -> dict[str, Any]:
        at = f"{self._said_at + 1:.6f}"
        where = {"channel": self.channel, "channel_type": "im" if self.channel[0] == "D" else ""}
        return {"type": "message", "subtype": subtype, "ts": at, "event_ts": at, **where, **what}

    def deliver(self, *events: dict[str, Any]) -> None:
        for event in events:
            assert self.door.post(event).status_code == 200

    def answers(self, event: dict[str, Any]) -> list[str]:
        """What the bot has said in a message's thread."""
        found = self.door.playground.answers(event["ts"], channel=self.channel)
        return [one["text"] for one in found]

    def answer(self, event: dict[str, Any], count: int = 1) -> str:
        answer = self.door.playground.answer(event["ts"], channel=self.channel, count=count)
        return str(answer["text"])

    def all_is_quiet(self) -> int:
        """Wait until a question of now is answered; how many the model was asked before it."""
        before = len(self.door.playground.questions())
        self.door.playground.answer(self.door.playground.say(f"{AT}/echo now"))
        assert len(self.door.playground.questions()) == before + 1
        return before


@in_both
def test_a_question_of_two_hours_ago_is_answered_once(door: Door, channel: str, at: str) -> None:
    held = Held(door, channel=channel)
    asked = held.say(f"{at}what is 6*7?")
    held.deliver(asked, asked)
    assert "42" in held.answer(asked)

    held.deliver(asked)
    assert held.all_is_quiet() == 1
    assert len(held.answers(asked)) == 1


@pytest.mark.parametrize("age", [TWO_HOURS, 0.0], ids=["old", "fresh"])
def test_what_was_added_in_a_thread_and_comes_first_is_answered_with_its_question(
    door: Door, age: float
) -> None:
    held = Held(door, age=age)
    asked = held.say(f"{AT}when does it leave?")
    added = held.say("I mean the PLUM ferry", thread_ts=asked["ts"])
    held.deliver(added, asked)
    held.answer(asked)

    assert held.all_is_quiet() == 1
    assert "PLUM" in json.dumps(door.playground.questions()[0])
    assert len(held.answers(asked)) == 1


@in_both
def test_a_threads_second_question_may_come_before_its_first(
    door: Door, channel: str, at: str
) -> None:
    held = Held(door, channel=channel)
    first = held.say(f"{at}what is 6*7?")
    second = held.say(f"{at}and 7*8?", thread_ts=first["ts"])
    held.deliver(second)
    assert "56" in held.answer(first)
    held.deliver(first)
    assert "42" in held.answer(first, count=2)

    held.deliver(second, first)
    assert held.all_is_quiet() == 2
    assert len(held.answers(first)) == 2


@in_both
def test_questions_that_come_backwards_at_once_are_answered_in_their_order(
    door: Door, channel: str, at: str
) -> None:
    held = Held(door, channel=channel)
    busy = held.say(f"{at}/tokens 100 60")
    questions = [held.say(f"{at}what is {one}*1?", thread_ts=busy["ts"]) for one in (31, 32, 33)]
    held.deliver(busy)
    door.playground.growing(busy["ts"], channel=channel)
    held.deliver(*reversed(questions))
    held.answer(busy, count=2)

    said = json.dumps(door.playground.questions()[1])
    places = [said.index(f"what is {one}*1?") for one in (31, 32, 33)]
    assert places == sorted(places)
    assert held.all_is_quiet() == 2
    assert len(held.answers(busy)) == 2


@in_both
def test_an_edit_that_comes_before_its_message_counts(door: Door, channel: str, at: str) -> None:
    held = Held(door, channel=channel)
    asked = held.say(f"{at}what is 6*6?")
    held.deliver(held.edited(asked, f"{at}what is 6*7?"), asked)
    assert "42" in held.answer(asked)

    assert held.all_is_quiet() == 1
    assert len(held.answers(asked)) == 1


@in_both
def test_of_a_message_whose_deletion_comes_first_nothing_is_said(
    door: Door, channel: str, at: str
) -> None:
    held = Held(door, channel=channel)
    asked = held.say(f"{at}what is 6*7?")
    mention = {**asked, "type": "app_mention"}
    held.deliver(held.deleted(asked), held.deleted(asked), asked, *([mention] if at else []))
    held.deliver(held.edited(asked, f"{at}what is 6*8?"))

    assert held.all_is_quiet() == 0
    assert held.answers(asked) == []


def test_an_edit_of_a_message_never_seen_is_answered_if_it_asks(door: Door) -> None:
    held = Held(door)
    talk, asked = held.say("how do you do?"), held.say("what is 6*7?")
    noise, question = held.edited(talk, "How do you do?"), held.edited(asked, f"{AT}what is 6*7?")
    held.deliver(noise, question, question)
    assert "42" in held.answer(asked)

    assert held.all_is_quiet() == 1
    assert (len(held.answers(asked)), held.answers(talk)) == (1, [])
