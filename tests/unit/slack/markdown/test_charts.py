"""A chart is shown whole, drawn by Slack where it fits, and readable everywhere else."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.charts import parse_chart
from bot.slack.markdown.charts import CAPTION, charts_in, drawn_in, parts, undrawn, without_charts
from bot.slack.markdown.rendering import Draft, SegmentLimits

BAR: dict[str, Any] = {
    "type": "bar",
    "title": "Sales",
    "labels": ["Q1", "Q2"],
    "series": [{"name": "tea", "values": [1, 2.5]}],
    "y_label": "k€",
}
BLOCK = {
    "type": "data_visualization",
    "title": "Sales",
    "chart": {
        "type": "bar",
        "series": [
            {"name": "tea", "data": [{"label": "Q1", "value": 1.0}, {"label": "Q2", "value": 2.5}]}
        ],
        "axis_config": {"categories": ["Q1", "Q2"], "y_label": "k€"},
    },
}


def _fence(chart: dict[str, Any]) -> str:
    return f"```chart\n{json.dumps(chart, indent=2)}\n```\n"


def _texts(markdown: str, cuts: list[int], limits: SegmentLimits | None = None) -> list[str]:
    draft = Draft(limits=limits or SegmentLimits())
    edges = sorted({0, len(markdown), *(cut % (len(markdown) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        draft.feed(markdown[start:end])
        for text in draft.segments:
            assert text.count("```chart") == text.count("}\n```"), "never half a chart"
    draft.finish()
    return list(draft.segments)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5_000), max_size=40))
def test_a_growing_chart_is_shown_whole_or_not_yet(cuts: list[int]) -> None:
    markdown = f"Look:\n\n{_fence(BAR)}\nThat was it.\n\n{_fence(BAR)}"

    [text] = _texts(markdown, cuts)

    assert list(parts(text)) == ["Look:\n\n", BLOCK, "\nThat was it.\n\n", BLOCK]


def test_what_is_appended_to_a_stream_is_drawn_once() -> None:
    [text] = _texts(f"Look:\n\n{_fence(BAR)}\nDone.", [])
    shown = text[: text.index("\nDone")]

    assert list(parts(text[len(shown) :], before=shown)) == ["\nDone."]


def test_no_message_is_cut_within_a_chart() -> None:
    small = SegmentLimits(soft=200, firm=230, word=260, hard=290)
    markdown = "\n\n".join(["word " * 20, _fence(BAR), "word " * 20, _fence(BAR), "word " * 30])

    texts = _texts(markdown, list(range(0, 2_000, 7)), small)

    assert len(texts) > 1
    assert sum(len(drawn_in(text)) for text in texts) == 2
    assert "".join(texts).count("word") == 70


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["a label of more than twenty letters", "Q2"]},
        {"labels": ["same", "same"]},
        {"series": [{"name": str(number), "values": [1, 2]} for number in range(7)]},
        {"labels": list(map(str, range(21))), "series": [{"values": list(range(21))}]},
        {
            "type": "pie",
            "labels": list(map(str, range(7))),
            "series": [{"values": list(range(7))}],
        },
    ],
)
def test_what_does_not_fit_is_named_and_left_to_a_picture(change: dict[str, Any]) -> None:
    markdown = _fence({**BAR, **change})

    texts = _texts(markdown, [])

    assert texts == [CAPTION.format(title="Sales")]
    assert undrawn(markdown, texts, may_draw=True) == charts_in(markdown)


def test_what_slack_draws_needs_no_picture() -> None:
    markdown = _fence(BAR)

    assert undrawn(markdown, _texts(markdown, []), may_draw=True) == []
    assert len(undrawn(markdown, _texts(markdown, []), may_draw=False)) == 1


def test_where_slack_takes_no_charts_their_numbers_are_a_table() -> None:
    [text] = _texts(_fence({**BAR, "title": "a|b", "labels": ["x|y", "Q2"]}), [])

    assert list(parts(text, may_draw=False)) == [
        "**a|b**\n\n|  | tea |\n| --- | --: |\n| x\\|y | 1 |\n| Q2 | 2.5 |\n"
    ]


def test_a_message_draws_two_charts_and_writes_the_third() -> None:
    [text] = _texts((_fence(BAR) + "\n") * 3, [])

    kinds = [isinstance(part, str) for part in parts(text)]
    assert kinds == [False, False, True]


def test_what_is_no_chart_is_shown_as_code() -> None:
    assert _texts("```chart\n{nothing}\n```", []) == ["```json\n{nothing}\n```\n"]


def test_notifications_name_the_chart() -> None:
    [text] = _texts(f"Look:\n\n{_fence(BAR)}", [])

    assert without_charts(text) == "Look:\n\n[Sales]\n"


def test_nobody_is_pinged_by_a_chart() -> None:
    markdown = _fence({**BAR, "title": "<!channel>", "labels": ["@here", "x" * 30]})

    assert "<!" not in "".join(_texts(markdown, []))
    assert "<!" not in str(list(parts(_texts(_fence({**BAR, "title": "<!here>"}), [])[0])))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"type": "radar", "labels": ["a"], "series": [{"values": [1]}]}',
        '{"type": "bar", "labels": ["a"], "series": [{"values": [1, 2]}]}',
        '{"type": "bar", "labels": [], "series": [{"values": []}]}',
        '{"type": "bar", "labels": ["a"], "series": []}',
        '{"type": "bar", "labels": ["a"], "series": [{"values": ["x"]}]}',
        '{"type": "bar", "labels": ["a"], "series": [{"values": [true]}]}',
        '{"type": "bar", "labels": ["a"], "series": [{"values": [NaN]}]}',
        '{"type": "pie", "labels": ["a"], "series": [{"values": [-1]}]}',
        '{"type": "pie", "labels": ["a"], "series": [{"values": [0]}]}',
    ],
)
def test_charts_without_sense_are_none(text: str) -> None:
    assert parse_chart(text) is None
