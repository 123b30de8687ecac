"""What people have put into the elements of a view or message, as Slack passes it on.

People (and tests) give plain values: words, a date, an option's value, a list of ids. Slack makes of
them the `state.values` that apps read ("View submission payloads").
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.playground.slack.views import View, asked

_REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
_TYPED = frozenset(
    ["plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"]
)
_ONE_OPTION = frozenset(["static_select", "external_select", "radio_buttons", "overflow"])

Values = Mapping[str, Mapping[str, Any]]
"""Plain values by block id and action id."""


def state(view: View, values: Values) -> dict[str, dict[str, Any]]:
    """`state.values` of a view: what was put in, and else what stood there at first."""
    found: dict[str, dict[str, Any]] = {}
    for block_id, element in asked(view):
        given = values.get(block_id, {})
        action_id = element["action_id"]
        plain = given[action_id] if action_id in given else _initial(element)
        found.setdefault(block_id, {})[action_id] = held(element, plain)
    return found


def held(element: Mapping[str, Any], plain: Any) -> dict[str, Any]:
    """An element's value as payloads have it."""
    kind = element["type"]
    if kind in _TYPED:
        return {"type": kind, "value": plain or None}
    if kind in _SINGLE:
        many = kind.startswith("multi_")
        return {"type": kind, _SINGLE[kind][0]: plain or ([] if many else None)}
    options = {one["value"]: one for one in _options(element)}
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": options.get(plain) if plain else None}
    chosen = [options[one] for one in plain or [] if one in options]
    return {"type": kind, "selected_options": chosen}


def complaints(view: View, values: Values) -> dict[str, str]:
    """What the client itself holds back, by block id: empty required fields, wrong lengths."""
    found = state(view, values)
    return {
        block["block_id"]: complaint
        for block in view["blocks"]
        if block["type"] == "input"
        for complaint in _complaints(block, found[block["block_id"]])
    }


def _complaints(block: Mapping[str, Any], held_values: Mapping[str, Any]) -> Iterator[str]:
    element = block["element"]
    content = held_values[element["action_id"]]
    value = next(part for name, part in content.items() if name != "type")
    if not value:
        if not block.get("optional"):
            yield _REQUIRED
    elif element["type"] in _TYPED:
        yield from _badly_typed(element, str(value))
    elif isinstance(value, list) and len(value) > element.get("max_selected_items", len(value)):
        yield f"Choose no more than {element['max_selected_items']}."


def _badly_typed(element: Mapping[str, Any], value: str) -> Iterator[str]:
    kind = element["type"]
    if len(value) < element.get("min_length", 0):
        yield f"Enter at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3_000):
        yield f"Enter no more than {element.get('max_length', 3_000)} characters."
    if kind == "email_text_input" and not _EMAIL.fullmatch(value):
        yield "Enter an email address."
    if kind == "url_text_input" and not value.startswith(("http://", "https://")):
        yield "Enter an address that begins with http."
    if kind == "number_input":
        yield from _bad_number(element, value)


def _bad_number(element: Mapping[str, Any], value: str) -> Iterator[str]:
    like = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(like, value):
        yield "Enter a number."
    elif float(value) < float(element.get("min_value", value)):
        yield f"Enter a number of at least {element['min_value']}."
    elif float(value) > float(element.get("max_value", value)):
        yield f"Enter a number of at most {element['max_value']}."


def _initial(element: Mapping[str, Any]) -> Any:
    kind = element["type"]
    if kind in _TYPED:
        return element.get("initial_value")
    if kind in _SINGLE:
        return element.get(_SINGLE[kind][1])
    if "initial_option" in element:
        return element["initial_option"]["value"]
    return [one["value"] for one in element.get("initial_options", [])]


def _options(element: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = [group["options"] for group in element.get("option_groups", [])]
    shown = element.get("loaded_options", [])  # an external menu's, as the app has answered
    initial = [element[name] for name in ("initial_option",) if name in element]
    lists = [
        element.get("options", []),
        *groups,
        shown,
        element.get("initial_options", []),
        initial,
    ]
    return [option for one in lists for option in one]
