"""The form behind *Summarize…*: which channel, since when, how. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.conversation.languages import LANGUAGES
from bot.conversation.summaries.request import Length, SummaryRequest

CALLBACK = "summarize_form"
CHOOSE_CHANNEL = "Choose a channel."
_MOST_FOCUS = 300
_CHANNEL_OWN = "own"
_LAST = "last"
_WHEN = {
    _LAST: "Since I last asked, or the last 24 hours",
    "today": "Today",
    "yesterday": "Yesterday",
    "3d": "The last 3 days",
    "this week": "This week",
    "last week": "Last week",
}
_LENGTHS = {
    Length.SHORT.value: "Short",
    Length.NORMAL.value: "Normal",
    Length.DETAILED.value: "Detailed",
}


def form(channel_id: str = "") -> dict[str, Any]:
    """The form, with a channel filled in where one is known ("Modals")."""
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": _plain("Summarize"),
        "submit": _plain("Summarize"),
        "close": _plain("Cancel"),
        "blocks": [
            _input("channel", "Channel", _channels(channel_id)),
            _input("when", "Which time", _select("when", _WHEN, _LAST)),
            _input(
                "since",
                "Or since when, in your own words",
                _text("since", "monday, 9:00, 20 nov", most=60),
                hint="This wins over the choice above.",
            ),
            _input("focus", "About what", _text("focus", "incidents", most=_MOST_FOCUS)),
            _input("length", "How long", _select("length", _LENGTHS, Length.NORMAL.value)),
            _input("language", "Language", _language()),
        ],
    }


def filled(values: Mapping[str, Any]) -> SummaryRequest:
    """What a person has filled in (`view.state.values`)."""
    when = _chosen(values, "when", _WHEN)
    since = _written(values, "since")
    language = _chosen(values, "language", dict.fromkeys(LANGUAGES, ""))
    channel = _field(values, "channel").get("selected_conversation") or ""
    return SummaryRequest(
        channel_id=str(channel),
        when="" if since or when == _LAST else when,
        since=since.removeprefix("since ").strip(),
        focus=_written(values, "focus")[:_MOST_FOCUS],
        language=language,
        length=Length(_chosen(values, "length", _LENGTHS) or Length.NORMAL),
    )


def _channels(channel_id: str) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "conversations_select",
        "action_id": "channel",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private", "mpim"], "exclude_bot_users": True},
    }
    if channel_id:
        element["initial_conversation"] = channel_id
    return element


def _language() -> dict[str, Any]:
    words = {_CHANNEL_OWN: "The channel's own", **{one: one for one in LANGUAGES}}
    return _select("language", words, _CHANNEL_OWN)


def _select(name: str, words: Mapping[str, str], initial: str) -> dict[str, Any]:
    options = [{"text": _plain(text), "value": value} for value, text in words.items()]
    return {
        "type": "static_select",
        "action_id": name,
        "options": options,
        "initial_option": next(one for one in options if one["value"] == initial),
    }


def _text(name: str, example: str, *, most: int) -> dict[str, Any]:
    return {
        "type": "plain_text_input",
        "action_id": name,
        "max_length": most,
        "placeholder": _plain(example),
    }


def _input(name: str, label: str, element: dict[str, Any], *, hint: str = "") -> dict[str, Any]:
    is_text = element["type"] == "plain_text_input"
    block = {
        "type": "input",
        "block_id": name,
        "optional": is_text,
        "label": _plain(label),
        "element": element,
    }
    return {**block, "hint": _plain(hint)} if hint else block


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (values.get(name) or {}).get(name) or {}
    return found


def _chosen(values: Mapping[str, Any], name: str, known: Mapping[str, str]) -> str:
    value = str((_field(values, name).get("selected_option") or {}).get("value") or "")
    return value if value in known else ""


def _written(values: Mapping[str, Any], name: str) -> str:
    return " ".join(str(_field(values, name).get("value") or "").split())


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
