"""Block Kit's blocks, as strict as Slack: shapes, lengths, and rules for a whole message ("Blocks").

A problem of a message is `invalid_blocks`, one of a view `invalid_arguments`; both carry the list of
complaints with JSON pointers, as Slack's answers do.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bot.playground.slack.elements import (
    BUTTON,
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
)
from bot.playground.slack.shapes import (
    Check,
    also,
    anything,
    by_type,
    choice,
    each,
    flag,
    number,
    plain,
    problem,
    shape,
    string,
    words,
)
from bot.playground.slack.workspace import Refusal

MOST_IN_MESSAGE, MOST_IN_VIEW = 50, 100
MARKDOWN_LIMIT = 12_000
_MOST_CHARTS = 2
_MOST_SERIES = 6
"""Of a chart, or slices of a pie. Others have measured 12; the documentation says 6."""
_TABLES_LIMIT, _DATA_TABLES_LIMIT = 10_000, 20_000
_numbers = itertools.count(1)


def _needs_one_of(*names: str) -> Check:
    def check(value: dict[str, Any], at: str) -> Iterator[str]:
        if not any(value.get(name) for name in names):
            yield problem(f"missing required field: {' or '.join(names)}", at)

    return check


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return shape(required, {"block_id": string(255), **(optional or {})})


_RICH = by_type({"rich_text": _block({"elements": each(anything, 1, 1_000)})}, "text")
_CELL = by_type(
    {
        "rich_text": _block({"elements": each(anything, 1, 1_000)}),
        "raw_text": shape({"text": string(10_000, least=0)}),
        "raw_number": shape({"value": anything}, {"text": string(1_000)}),
    },
    "table cell",
)
_SOURCE = by_type({"url": shape({"url": string(3_000)}, {"text": string(256)})}, "source")
_TASK = _block(
    {"task_id": string(255), "title": string(256)},
    {
        "status": choice("pending", "in_progress", "complete", "error"),
        "details": _RICH,
        "output": _RICH,
        "sources": each(_SOURCE, 0, 100),
    },
)
_LABEL, _AXIS_TITLE = string(20), string(50)
_POINT = shape({"label": _LABEL, "value": number(-1e15, 1e15)})
_SERIES = each(shape({"name": _LABEL, "data": each(_POINT, 1, 20)}), 1, _MOST_SERIES)
_AXES = shape({"categories": each(_LABEL, 1, 20)}, {"x_label": _AXIS_TITLE, "y_label": _AXIS_TITLE})


def _points_fit(value: dict[str, Any], at: str) -> Iterator[str]:
    names = [series["name"] for series in value["series"]]
    if len(names) != len(set(names)):
        yield problem("series names must be unique", f"{at}/series")
    categories = value["axis_config"]["categories"]
    for position, series in enumerate(value["series"]):
        if [point["label"] for point in series["data"]] != categories:
            yield problem("labels must match the axis categories", f"{at}/series/{position}/data")


_XY = also(shape({"series": _SERIES, "axis_config": _AXES}), _points_fit)
_CHART = by_type(
    {
        "pie": shape(
            {"segments": each(shape({"label": _LABEL, "value": number(0, 1e15)}), 1, _MOST_SERIES)}
        ),
        "bar": _XY,
        "line": _XY,
        "area": _XY,
    },
    "chart",
)


def _table_fits(value: dict[str, Any], at: str) -> Iterator[str]:
    if len({len(row) for row in value["rows"]}) > 1:
        yield problem("all rows must have the same number of cells", f"{at}/rows")
    if any(cell["type"] == "rich_text" for cell in value["rows"][0]):
        yield problem("header cells can't be rich_text", f"{at}/rows/0")


_DATA_TABLE = also(
    _block(
        {"caption": string(1_000), "rows": each(each(_CELL, 1, 20), 2, 201)},
        {"page_size": number(1, 100), "row_header_column_index": number(0, 19)},
    ),
    _table_fits,
)
_EVERYWHERE: Mapping[str, Check] = {
    "actions": _block({"elements": each(IN_ACTIONS, 1, 25)}),
    "context": _block(
        {
            "elements": each(
                by_type(
                    {
                        "image": IMAGE,
                        "mrkdwn": shape({"text": string(3_000)}, {"verbatim": flag}),
                        "plain_text": shape({"text": string(3_000)}, {"emoji": flag}),
                    },
                    "element in a context block",
                ),
                1,
                10,
            )
        }
    ),
    "divider": _block({}),
    "header": _block({"text": plain(150)}, {"level": number(1, 4)}),
    "image": also(
        _block(
            {"alt_text": string(2_000)},
            {"image_url": string(3_000), "slack_file": anything, "title": plain(2_000)},
        ),
        _needs_one_of("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain(2_000), "element": IN_INPUT},
        {"hint": plain(2_000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": _block({"elements": each(anything, 1, 1_000)}),
    "section": also(
        _block(
            {},
            {
                "text": words(3_000),
                "fields": each(words(2_000), 1, 10),
                "accessory": IN_SECTION,
                "expand": flag,
            },
        ),
        _needs_one_of("text", "fields"),
    ),
    "video": _block(
        {
            "alt_text": string(2_000),
            "title": plain(200),
            "thumbnail_url": string(3_000),
            "video_url": string(3_000),
        },
        {
            "author_name": string(50),
            "description": plain(200),
            "provider_name": string(200),
            "provider_icon_url": string(3_000),
            "title_url": string(3_000),
        },
    ),
}
_CARD = _block(
    {},
    {
        "title": words(150),
        "subtitle": words(150),
        "body": words(200),
        "actions": each(by_type({"button": BUTTON}, "action"), 1, 3),
        "hero_image": anything,
        "icon": anything,
    },
)
_IN_MESSAGES: Mapping[str, Check] = {
    **_EVERYWHERE,
    "card": _CARD,
    "carousel": _block({"elements": each(by_type({"card": _CARD}, "card"), 1, 10)}),
    "container": _block(
        {"child_blocks": each(by_type({**_EVERYWHERE, "card": _CARD}, "block"), 1, 10)},
        {
            "title": plain(150),
            "rich_text_title": _RICH,
            "subtitle": words(150),
            "width": choice("narrow", "standard", "wide", "full"),
            "icon": anything,
            "is_collapsible": flag,
            "default_collapsed": flag,
            "has_header_divider": flag,
        },
    ),
    "context_actions": _block({"elements": each(IN_CONTEXT_ACTIONS, 1, 5)}),
    "data_table": _DATA_TABLE,
    "data_visualization": _block({"title": string(50), "chart": _CHART}),
    "markdown": _block({"text": string(MARKDOWN_LIMIT)}),
    "plan": _block(
        {"title": string(256)}, {"tasks": each(by_type({"task_card": _TASK}, "task"), 0, 50)}
    ),
    "table": _block(
        {"rows": each(each(_CELL, 1, 20), 1, 100)}, {"column_settings": each(anything, 0, 20)}
    ),
    "task_card": _TASK,
}
_IN_MODALS: Mapping[str, Check] = {
    **_EVERYWHERE,
    "alert": _block(
        {"text": words(3_000)},
        {"level": choice("default", "info", "warning", "error", "success")},
    ),
}
_SURFACES: Mapping[str, Mapping[str, Check]] = {
    "message": _IN_MESSAGES,
    "modal": _IN_MODALS,
    "home": _EVERYWHERE,
}


def check_message_blocks(blocks: Any) -> None:
    """Refuse what Slack would not take as a message's blocks. Raises Refusal."""
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if any(isinstance(one, dict) and one.get("type") == "file" for one in blocks):
        raise Refusal("internal_error")  # what the platform says to a `file` block of an app
    found = list(problems(blocks, "message", MOST_IN_MESSAGE, "/blocks"))
    if found:
        raise Refusal("invalid_blocks", errors=found, response_metadata={"messages": found})
    markdown = sum(len(one["text"]) for one in blocks if one["type"] == "markdown")
    if markdown > MARKDOWN_LIMIT:
        raise Refusal("msg_blocks_too_long")


def problems(blocks: Any, surface: str, most: int, at: str) -> Iterator[str]:
    """Everything that is wrong with the blocks of a `message`, a `modal` or a `home`."""
    check = each(by_type(_SURFACES[surface], "block type"), 0, most)
    found = list(check(blocks, at))
    yield from found
    if not found:
        yield from _doubled(blocks, at)
        yield from _too_much(blocks, at)


def _doubled(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    ids = Counter(one["block_id"] for one in blocks if one.get("block_id"))
    yield from (
        problem(f"`block_id` {name} already exists", at) for name, n in ids.items() if n > 1
    )
    for position, block in enumerate(blocks):
        actions = Counter(
            part.get("action_id") for part in elements(block) if part.get("action_id")
        )
        for name, count in actions.items():
            if count > 1:
                yield problem(f"`action_id` {name} already exists", f"{at}/{position}")


def _too_much(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    charts = sum(one["type"] == "data_visualization" for one in blocks)
    if charts > _MOST_CHARTS:
        yield problem(f"no more than {_MOST_CHARTS} data_visualization blocks allowed", at)
    for kind, limit in (("table", _TABLES_LIMIT), ("data_table", _DATA_TABLES_LIMIT)):
        letters = sum(_letters(one["rows"]) for one in blocks if one["type"] == kind)
        if letters > limit:
            yield problem(f"{kind} blocks must be less than {limit + 1} characters", at)


def _letters(part: Any) -> int:
    if isinstance(part, list):
        return sum(map(_letters, part))
    if isinstance(part, dict):
        return sum(_letters(value) for name, value in part.items() if name != "type")
    return len(part) if isinstance(part, str) else 0


def elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block that somebody can act on."""
    found = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
    return [one for one in found if isinstance(one, dict) and block["type"] != "rich_text"]


def named(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks with the ids that Slack gives to what has none."""
    result = []
    for block in blocks:
        kept = {"block_id": f"b{next(_numbers):04x}", **block}
        for place in ("accessory", "element"):
            if isinstance(kept.get(place), dict) and kept[place].get("type") != "image":
                kept[place] = {"action_id": f"a{next(_numbers):04x}", **kept[place]}
        if kept["type"] in {"actions", "context_actions"}:
            kept["elements"] = [
                {"action_id": f"a{next(_numbers):04x}", **one} for one in kept["elements"]
            ]
        result.append(kept)
    return result
