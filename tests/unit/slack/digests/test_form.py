"""The form of a digest: what is filled in comes out, and what can't be is said at its place."""

from dataclasses import replace
from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.conversation.digests.digest import Plan, Quiet, Window
from bot.conversation.digests.recurrence import WEEKDAYS, Recurrence
from bot.conversation.ports import Person
from bot.conversation.summaries.request import Length
from bot.slack.digests.command import zone_of
from bot.slack.digests.form import (
    AT,
    DAYS,
    FormMemory,
    UnfilledForm,
    filled,
    form,
    memory_of,
    next_times,
    with_problem,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLAN = Plan(
    channels=("C1", "C2"),
    place="C3",
    recurrence=Recurrence(days=WEEKDAYS, at=time(9, 30), zone="Europe/Berlin"),
    window=Window.WEEK,
    focus="incidents",
    language="German",
    length=Length.SHORT,
    quiet=Quiet.SAY,
)


def submitted(view: dict[str, Any], **changes: dict[str, Any]) -> dict[str, Any]:
    """What Slack sends when somebody leaves everything as it stands, but for some fields."""
    values = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = {
            name.replace("initial", "selected", 1): value
            for name, value in element.items()
            if name.startswith("initial_")
        }
        if "selected_value" in state:
            state["value"] = state.pop("selected_value")
        values[block["block_id"]] = {element["action_id"]: state}
    for name, change in changes.items():
        values[name] = {name: change}
    return values


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        replace(PLAN, place="", focus="", language="", channels=("C9",)),
        replace(PLAN, recurrence=Recurrence(days=frozenset({6}), at=time(0, 0), zone="UTC")),
    ],
)
def test_a_form_left_as_it_stands_gives_the_plan_it_was_made_of(plan: Plan) -> None:
    assert filled(submitted(form(plan, FormMemory(), now=NOW))) == plan


def test_what_cannot_be_is_said_where_it_stands() -> None:
    values = submitted(
        form(PLAN, FormMemory(), now=NOW),
        channels={"selected_conversations": []},
        zone={"value": "Atlantis"},
        **{DAYS: {"selected_options": []}},
    )
    with pytest.raises(UnfilledForm) as unfilled:
        filled(values)

    assert set(unfilled.value.problems) == {"channels", "zone", DAYS}
    assert "Atlantis" in unfilled.value.problems["zone"]


def test_a_city_is_zone_enough_and_no_time_means_nine() -> None:
    values = submitted(
        form(PLAN, FormMemory(), now=NOW), zone={"value": "Tokyo"}, **{AT: {"selected_time": None}}
    )

    assert filled(values).recurrence == Recurrence(days=WEEKDAYS, at=time(9), zone="Asia/Tokyo")


def test_the_form_shows_the_next_three_times() -> None:
    shown = "*Next:* Thu 26 Nov 9:30, Fri 27 Nov 9:30, Mon 30 Nov 9:30 (Europe/Berlin)"

    assert next_times(PLAN, NOW) == shown
    assert shown in str(form(PLAN, FormMemory(), now=NOW))


def test_a_problem_is_named_once_and_what_was_filled_in_stays() -> None:
    view = form(PLAN, FormMemory(digest_id=3, channel_id="C1"), now=NOW)
    twice = with_problem(with_problem(view, "one"), "two")

    assert memory_of(twice["private_metadata"]) == FormMemory(digest_id=3, channel_id="C1")
    assert len(twice["blocks"]) == len(view["blocks"]) + 1
    assert "two" in str(twice["blocks"][-1])


@pytest.mark.parametrize(
    ("told", "zone"), [("Europe/Berlin", "Europe/Berlin"), ("Mars/Base", "UTC"), ("GMT+2", "UTC")]
)
async def test_the_form_opens_in_whatever_zone_slack_tells(told: str, zone: str) -> None:
    async def person(user_id: str) -> Person:
        return Person(id=user_id, name="Anna", time_zone=told)

    here = cast("Any", SimpleNamespace(directory=SimpleNamespace(person=person)))
    assert await zone_of(here, "U1") == zone
