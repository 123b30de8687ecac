"""What Slack is shown of summaries: pieces that fit, buttons, a form that brings back what was chosen."""

import json
from typing import Any

from bot.conversation.summaries.errand import Remedy
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import request_of
from bot.conversation.summaries.request import Length, SummaryRequest
from bot.slack.summaries.blocks import buttons, pages, remedy_button
from bot.slack.summaries.form import filled, form

KEPT = KeptSummary(id=7, team_id="T1", user_id="U1", channel_id="C1")


def elements(blocks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["action_id"]: one for block in blocks for one in block["elements"]}


def test_a_long_summary_is_cut_between_lines_and_loses_nothing() -> None:
    markdown = "\n".join(
        f"- point {number} is made at length [1](https://x/{number})" for number in range(600)
    )
    pieces = pages(markdown)
    assert len(pieces) > 1
    assert all(len(piece) <= 10_000 for piece in pieces)
    assert "".join(pieces).split() == markdown.split()


def test_nobody_is_pinged_by_a_summary() -> None:
    (piece,) = pages("Say <!channel> and @here to <@U123ABC>")
    assert "<!channel>" not in piece
    assert "@here" not in piece
    assert "<@U123ABC>" not in piece


def test_buttons_offer_only_what_is_left_to_want() -> None:
    def offered(length: Length) -> set[str]:
        kept = KeptSummary(id=7, team_id="T1", user_id="U1", channel_id="C1", length=length)
        return set(elements(buttons(kept, shares_in="C1")))

    assert "summary_shorter" not in offered(Length.SHORT)
    assert "summary_detail" not in offered(Length.DETAILED)
    assert {"summary_shorter", "summary_detail", "summary_share"} <= offered(Length.NORMAL)
    assert "summary_share" not in elements(buttons(KEPT, shares_in=""))


def test_slack_takes_the_languages() -> None:
    select = elements(buttons(KEPT, shares_in=""))["summary_language"]
    assert 0 < len(select["options"]) <= 100
    assert all(len(one["value"]) <= 75 for one in select["options"])


def test_trying_again_asks_for_the_same() -> None:
    request = SummaryRequest(channel_id="C1", since="monday", focus="money", length=Length.SHORT)
    (actions,) = remedy_button(Remedy(request=request, joins=True))
    value = json.loads(actions["elements"][0]["value"])
    assert request_of(value["request"]) == request
    assert value["joins"] is True


def test_a_request_too_long_for_a_button_has_none() -> None:
    assert remedy_button(Remedy(request=SummaryRequest(focus="x" * 3_000))) == []


def submitted(view: dict[str, Any], **written: str) -> dict[str, Any]:
    """`view.state.values` of a form that is sent as it was opened, but for these fields."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        name, element = block["block_id"], block["element"]
        state = {
            "selected_conversation": element.get("initial_conversation"),
            "selected_option": element.get("initial_option"),
            "value": written.get(name),
        }
        if name in written and "options" in element:
            chosen = [one for one in element["options"] if one["value"] == written[name]]
            state["selected_option"] = chosen[0]
        values[name] = {element["action_id"]: state}
    return values


def test_a_form_sent_as_it_is_asks_for_the_usual() -> None:
    assert filled(submitted(form("C1"))) == SummaryRequest(channel_id="C1")


def test_everything_in_the_form_arrives_and_own_words_win() -> None:
    given = submitted(form("C1"), when="3d", focus=" money ", language="German", length="short")
    assert filled(given) == SummaryRequest(
        channel_id="C1", when="3d", focus="money", language="German", length=Length.SHORT
    )
    given = submitted(form("C1"), when="3d", since="since monday")
    assert filled(given) == SummaryRequest(channel_id="C1", since="monday")


def test_an_empty_form_asks_for_no_channel() -> None:
    assert filled({}) == SummaryRequest()
