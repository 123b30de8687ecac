"""Block Kit in the playground: what Slack takes is taken, and what it refuses is refused."""

from typing import Any

import pytest

from bot.playground.slack.blocks import check_message_blocks
from bot.playground.slack.workspace import Refusal

PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "action_id": "a", "text": PLAIN}
POINTS = [{"label": "Mon", "value": 1}, {"label": "Tue", "value": 2.5}]
SERIES = [{"name": "2026", "data": POINTS}]
AXES = {"categories": ["Mon", "Tue"], "x_label": "Day"}
CELL = {"type": "raw_text", "text": "x"}


def _chart(kind: str, **chart: Any) -> dict[str, Any]:
    return {"type": "data_visualization", "title": "T", "chart": {"type": kind, **chart}}


PIE = _chart("pie", segments=[{"label": "a", "value": 1}])
LINE = _chart("line", series=SERIES, axis_config=AXES)
TABLE = {"type": "data_table", "caption": "C", "rows": [[CELL, CELL], [CELL, CELL]]}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_000}, "accessory": BUTTON},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
        {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
        {"type": "task_card", "task_id": "t", "title": "T", "status": "complete"},
        {
            "type": "plan",
            "title": "P",
            "tasks": [{"type": "task_card", "task_id": "t", "title": "T"}],
        },
        {"type": "table", "rows": [[CELL] * 20] * 100},
        TABLE,
        PIE,
        LINE,
        _chart("bar", series=SERIES, axis_config=AXES),
        _chart("area", series=SERIES, axis_config=AXES),
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": PLAIN, "value": "1"},
                    "negative_button": {"text": PLAIN, "value": "0"},
                }
            ],
        },
        {
            "type": "section",
            "text": PLAIN,
            "accessory": {"type": "multi_conversations_select", "filter": {"include": ["public"]}},
        },
    ],
    ids=lambda block: block["type"],
)
def test_what_slack_takes_is_taken(block: dict[str, Any]) -> None:
    check_message_blocks([block])


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([{"type": "nonsense"}], "unsupported block type"),
        ([{"type": "divider", "colour": "red"}], "invalid additional property: colour"),
        ([{"type": "divider"}] * 51, "no more than 50 items"),
        ([{"type": "divider", "block_id": "x"}] * 2, "`block_id` x already exists"),
        ([{"type": "section"}], "missing required field: text or fields"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}], "less than 3001"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "more than 0 characters"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported text type"),
        ([{"type": "header", "text": {**PLAIN, "text": "x" * 151}}], "less than 151"),
        ([{"type": "context", "elements": [PLAIN] * 11}], "no more than 10 items"),
        ([{"type": "actions", "elements": []}], "no fewer than 1 items"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "`action_id` a already exists"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "action_id": f"{n}"} for n in range(26)]}],
            "no more than 25 items",
        ),
        ([{"type": "actions", "elements": [{**BUTTON, "text": "Go"}]}], "unsupported text type"),
        ([{"type": "actions", "elements": [{**BUTTON, "value": "x" * 2_001}]}], "less than 2001"),
        ([{"type": "actions", "elements": [{"type": "plain_text_input"}]}], "unsupported element"),
        ([{"type": "alert", "text": PLAIN}], "unsupported block type"),
        ([PIE, PIE, PIE], "no more than 2 data_visualization"),
        ([{**PIE, "title": "x" * 51}], "less than 51"),
        ([_chart("radar")], "unsupported chart"),
        ([_chart("line", series=SERIES)], "missing required field: axis_config"),
        ([_chart("line", series=SERIES * 7, axis_config=AXES)], "no more than 6 items"),
        ([_chart("line", series=SERIES * 2, axis_config=AXES)], "series names must be unique"),
        (
            [_chart("line", series=SERIES, axis_config={"categories": ["Mon"]})],
            "labels must match",
        ),
        ([_chart("pie", segments=[{"label": "x" * 21, "value": 1}])], "less than 21"),
        ([{**TABLE, "rows": [[CELL]]}], "no fewer than 2 items"),
        ([{**TABLE, "rows": [[CELL], [CELL, CELL]]}], "same number of cells"),
        ([{**TABLE, "rows": [[{**CELL, "text": "x" * 9_000}] * 2] * 2}], "less than 20001"),
    ],
)
def test_what_slack_refuses_is_refused(blocks: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(Refusal, match="invalid_blocks") as raised:
        check_message_blocks(blocks)

    assert any(complaint in one for one in raised.value.more["errors"])


def test_complaints_point_to_the_place() -> None:
    with pytest.raises(Refusal) as raised:
        check_message_blocks([{"type": "divider"}, {"type": "header", "text": {"text": "x"}}])

    [complaint] = raised.value.more["response_metadata"]["messages"]
    assert complaint.endswith("[json-pointer:/blocks/1/text/type]")


def test_a_messages_markdown_counts_together() -> None:
    with pytest.raises(Refusal, match="msg_blocks_too_long"):
        check_message_blocks([{"type": "markdown", "text": "x" * 6_001}] * 2)
