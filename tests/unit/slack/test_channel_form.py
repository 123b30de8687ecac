"""The form for a channel's settings shows what is set, and brings back what was chosen."""

from typing import Any

import pytest

from bot.conversation.modes import PRESETS, ChannelSettings, Thinking
from bot.slack.channel_form import filled, form

SETTINGS = [
    ChannelSettings(),
    ChannelSettings(instructions="Answer in German."),
    *(ChannelSettings(preset=name, thinking="on", reply_in_threads="always") for name in PRESETS),
    *(ChannelSettings(thinking=one.value, reply_in_threads="mention") for one in Thinking),
]


def submitted(view: dict[str, Any]) -> dict[str, Any]:
    """`view.state.values` of a form that is sent as it was opened."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        element = block["element"]
        state = {"type": element["type"]}
        if element["type"] == "static_select":
            state["selected_option"] = element["initial_option"]
        else:
            state["value"] = element.get("initial_value")
        values[block["block_id"]] = {element["action_id"]: state}
    return values


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_form_sent_unchanged_changes_nothing(settings: ChannelSettings) -> None:
    view = form(settings, "C1")

    assert filled(submitted(view)) == settings
    assert view["private_metadata"] == "C1"


def test_what_slack_could_not_have_sent_counts_as_not_set() -> None:
    odd = {"preset": {"preset": {"selected_option": {"value": "wild"}}}, "thinking": None}

    assert filled(odd) == ChannelSettings()
    assert filled({}) == ChannelSettings()


def test_slack_takes_the_form() -> None:
    view = form(ChannelSettings(instructions="x" * 3_000), "C1")

    assert len(view["title"]["text"]) <= 24
    for block in view["blocks"]:
        for option in block["element"].get("options", ()):
            assert 0 < len(option["text"]["text"]) <= 75
            assert option["value"]
