"""A message's own words choose how it is answered; then the channel's settings, then the team's."""

from typing import Any

import pytest

from bot.conversation.messages import BuiltIn
from bot.conversation.modes import PRESETS, ChannelSettings, Habits, Mode, Thinking, mode_for


def _mode(question: str, *, team: Any = None, **channel: str) -> Mode:
    return mode_for(question, ChannelSettings(**channel), Habits(**(team or {})))


@pytest.mark.parametrize(
    ("question", "setting", "thinks"),
    [
        ("what is for lunch?", "auto", False),
        ("think hard: what is for lunch?", "auto", True),
        ("denk gut nach: was gibt es?", "off", True),
        ("好好想想这个问题", "off", True),
        ("why does this deadlock?", "auto", True),
        ("why does this deadlock?", "off", False),
        ("hi " * 1_000, "auto", True),
        ("what is for lunch?", "on", True),
        ("just answer: why does this deadlock?", "on", False),
    ],
)
def test_thinking_follows_the_words_then_the_settings(
    question: str, setting: str, thinks: bool
) -> None:
    assert _mode(question, thinking=setting).thinking is thinks
    assert _mode(question, team={"thinking": Thinking(setting)}).thinking is thinks


def test_the_budget_grows_with_the_wish() -> None:
    assert _mode("think very hard").thinking_budget == 4 * (
        _mode("think hard").thinking_budget or 0
    )


def test_the_seeds_scenarios_have_its_temperature_and_top_p() -> None:
    assert {name: (one.temperature, one.top_p) for name, one in PRESETS.items()} == {
        "balanced": (None, None),
        "creative": (0.9, 0.95),
        "code": (0.2, 0.8),
        "factual": (0.1, 0.7),
        "translation": (0.3, 0.8),
    }


def test_a_scenario_is_the_messages_the_channels_or_the_teams() -> None:
    team = {"preset": "creative"}

    assert _mode("preset factual: who?", team=team, preset="code").preset.name == "factual"
    assert _mode("translation mode please", preset="code").preset.name == "translation"
    assert _mode("who?", team=team, preset="code").preset.name == "code"
    assert _mode("who?", team=team).preset.name == "creative"


SEARCH, READ, RUN = BuiltIn.WEB_SEARCH, BuiltIn.WEB_EXTRACTOR, BuiltIn.CODE_INTERPRETER


@pytest.mark.parametrize(
    ("question", "tools"),
    [
        ("search the web for cats", {SEARCH}),
        ("上网查一下", {SEARCH}),
        ("search the web, beginning at https://a.example", {SEARCH, READ}),
        ("run this python code", {RUN}),
        ("what does https://a.example say?", set()),
        ("we talked about search engines", set()),
    ],
)
def test_the_services_tools_are_used_when_asked_for(question: str, tools: set[BuiltIn]) -> None:
    mode = _mode(question)

    assert mode.built_in == tools
    assert mode.thinking is bool(tools & {READ, RUN}), "these run only while it thinks"
    assert not _mode(question, team={"search": False}).built_in


def test_nothing_is_promised_that_the_model_cannot_do() -> None:
    mode = _mode("think hard and search the web")

    assert mode.within(thinking=True, search=True) == mode
    humble = mode.within(thinking=False, search=False)
    assert (humble.thinking, humble.built_in, humble.lacks_search) == (False, frozenset(), True)
    assert not _mode("hello").within(thinking=False, search=False).lacks_search
