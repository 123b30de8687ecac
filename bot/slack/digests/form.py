"""The form of a digest: what it is about, where and when it comes. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from bot.conversation.digests.digest import MOST_CHANNELS, MOST_FOCUS, Plan, Quiet, Window
from bot.conversation.digests.recurrence import DAY_NAMES, WEEKDAYS, Recurrence
from bot.conversation.digests.words import TOO_MANY_CHANNELS, find_zone
from bot.conversation.languages import LANGUAGES
from bot.conversation.summaries.request import Length
from bot.errors import UnclearRequest

CALLBACK = "digest_form"
PREVIEW = "digest_preview"
DAYS, AT = "digest_days", "digest_at"
"""The fields whose change shows new next times at once; their names are nobody else's."""
NEXT_TIMES = "*Next:* {times}"
NO_TIMES = "Choose days and a time to see when it comes."
CHOOSE_CHANNELS = "Choose at least one channel."
CHOOSE_DAYS = "Choose at least one day."
_SHOWN_TIMES = 3
_CHANNELS_OWN = "own"
_WINDOWS = {
    Window.SINCE_LAST.value: "Since the last digest",
    Window.DAY.value: "The last 24 hours",
    Window.WEEK.value: "The last 7 days",
}
_LENGTHS = {
    Length.SHORT.value: "Short",
    Length.NORMAL.value: "Normal",
    Length.DETAILED.value: "Detailed",
}
_QUIET = {Quiet.SKIP.value: "Send nothing", Quiet.SAY.value: "Say that it was quiet"}
_DAYS = {str(number): name for number, name in enumerate(DAY_NAMES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMemory:
    """What the form carries along (`private_metadata`)."""

    digest_id: int = 0
    """0 for a new one."""
    channel_id: str = ""
    """Where the person is, for the confirmation; empty in App Home."""

    def as_text(self) -> str:
        """As Slack keeps it; `memory_of` reads it."""
        return json.dumps({"digest": self.digest_id, "channel": self.channel_id})


def memory_of(text: str) -> FormMemory:
    """What a form has carried along."""
    raw = json.loads(text)
    return FormMemory(digest_id=int(raw["digest"]), channel_id=str(raw["channel"]))


class UnfilledForm(Exception):
    """Something in the form can't be; `problems` says by block what."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = problems


def empty_plan(channel_id: str, zone: str) -> Plan:
    """What the form proposes at first."""
    is_channel = channel_id.startswith(("C", "G"))
    return Plan(
        channels=(channel_id,) if is_channel else (),
        recurrence=Recurrence(days=WEEKDAYS, at=time(9), zone=zone),
    )


def form(plan: Plan, memory: FormMemory, *, now: datetime) -> dict[str, Any]:
    """The form with this plan in it ("Modals")."""
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": memory.as_text(),
        "title": _plain("Change digest" if memory.digest_id else "New digest"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            _input("channels", "Channels", _channels(plan)),
            _place(plan),
            _input(DAYS, "Days", _days(plan.recurrence.days), dispatches=True),
            _input(AT, "Time", _timepicker(plan.recurrence.at), dispatches=True),
            _input("zone", "Time zone", _text("zone", plan.recurrence.zone, "Europe/Berlin", 60)),
            {**_note(next_times(plan, now)), "block_id": "next"},
            _input("window", "What it covers", _select("window", _WINDOWS, plan.window.value)),
            _focus(plan.focus),
            _input("language", "Language", _language(plan.language)),
            _input("length", "Length", _select("length", _LENGTHS, plan.length.value)),
            _input("quiet", "When nothing is new", _select("quiet", _QUIET, plan.quiet.value)),
            {
                "type": "actions",
                "block_id": "preview",
                "elements": [
                    {"type": "button", "action_id": PREVIEW, "text": _plain("Show me a preview")}
                ],
            },
        ],
    }


def with_problem(view: Mapping[str, Any], problem: str) -> dict[str, Any]:
    """The form as it stands, with a problem named at its end; what was filled in stays."""
    kept = ("type", "callback_id", "private_metadata", "title", "submit", "close")
    blocks = [block for block in view["blocks"] if block.get("block_id") != "problem"]
    said = {**_note(f":warning: {problem}"), "block_id": "problem"}
    return {**{name: view[name] for name in kept}, "blocks": [*blocks, said]}


def preview_view(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The view that lies over the form and shows how a digest would look."""
    return {
        "type": "modal",
        "title": _plain("Preview"),
        "close": _plain("Back"),
        "blocks": list(blocks),
    }


def filled(values: Mapping[str, Any]) -> Plan:
    """What a person has filled in (`view.state.values`). Raises UnfilledForm."""
    problems: dict[str, str] = {}
    channels = tuple(_field(values, "channels").get("selected_conversations") or ())
    days = frozenset(
        int(option["value"]) for option in _field(values, DAYS).get("selected_options") or ()
    )
    zone = ""
    try:
        zone = find_zone(_field(values, "zone").get("value") or "UTC")
    except UnclearRequest as error:
        problems["zone"] = str(error).replace("`", "")
    if not channels:
        problems["channels"] = CHOOSE_CHANNELS
    if len(channels) > MOST_CHANNELS:
        problems["channels"] = TOO_MANY_CHANNELS
    if not days:
        problems[DAYS] = CHOOSE_DAYS
    if problems:
        raise UnfilledForm(problems)
    at = time.fromisoformat(_field(values, AT).get("selected_time") or "09:00")
    language = _chosen(values, "language")
    return Plan(
        channels=channels,
        place=str(_field(values, "place").get("selected_conversation") or ""),
        recurrence=Recurrence(days=days, at=at, zone=zone),
        window=Window(_chosen(values, "window") or Window.SINCE_LAST.value),
        focus=" ".join((_field(values, "focus").get("value") or "").split())[:MOST_FOCUS],
        language=language if language in LANGUAGES else "",
        length=Length(_chosen(values, "length") or Length.NORMAL.value),
        quiet=Quiet(_chosen(values, "quiet") or Quiet.SKIP.value),
    )


def next_times(plan: Plan, now: datetime) -> str:
    """Such as `Next: Thu 26 Nov 9:00, Fri 27 Nov 9:00 and Mon 30 Nov 9:00 (Europe/Berlin)`."""
    if not plan.recurrence.days:
        return NO_TIMES
    zone = ZoneInfo(plan.recurrence.zone)
    dues = [due.astimezone(zone) for due in islice(plan.recurrence.after(now), _SHOWN_TIMES)]
    shown = ", ".join(f"{due:%a} {due.day} {due:%b} {due.hour}:{due:%M}" for due in dues)
    return NEXT_TIMES.format(times=f"{shown} ({plan.recurrence.zone})")


def _channels(plan: Plan) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "multi_conversations_select",
        "action_id": "channels",
        "max_selected_items": MOST_CHANNELS,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if plan.channels:
        element["initial_conversations"] = list(plan.channels)
    return element


def _place(plan: Plan) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "conversations_select",
        "action_id": "place",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        "placeholder": _plain("A direct message to me"),
    }
    if plan.place:
        element["initial_conversation"] = plan.place
    return {
        **_input("place", "Post it in this channel", element),
        "optional": True,
        "hint": _plain("Leave it empty to get it yourself, in a direct message."),
    }


def _days(days: frozenset[int]) -> dict[str, Any]:
    options = [_option(name, value) for value, name in _DAYS.items()]
    chosen = [option for option in options if int(option["value"]) in days]
    element: dict[str, Any] = {"type": "checkboxes", "action_id": DAYS, "options": options}
    return {**element, "initial_options": chosen} if chosen else element


def _timepicker(at: time) -> dict[str, Any]:
    return {"type": "timepicker", "action_id": AT, "initial_time": f"{at:%H:%M}"}


def _focus(focus: str) -> dict[str, Any]:
    element = _text("focus", focus, "incidents and releases", MOST_FOCUS)
    return {**_input("focus", "About what above all", element), "optional": True}


def _language(language: str) -> dict[str, Any]:
    words = {_CHANNELS_OWN: "The channels' own", **{one: one for one in LANGUAGES}}
    return _select("language", words, language or _CHANNELS_OWN)


def _select(name: str, words: Mapping[str, str], initial: str) -> dict[str, Any]:
    options = [_option(text, value) for value, text in words.items()]
    return {
        "type": "static_select",
        "action_id": name,
        "options": options,
        "initial_option": next(one for one in options if one["value"] == initial),
    }


def _text(name: str, written: str, example: str, most: int) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": name,
        "max_length": most,
        "placeholder": _plain(example),
    }
    return {**element, "initial_value": written} if written else element


def _input(
    name: str, label: str, element: dict[str, Any], *, dispatches: bool = False
) -> dict[str, Any]:
    block = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
    return {**block, "dispatch_action": True} if dispatches else block


def _note(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _option(words: str, value: str) -> dict[str, Any]:
    return {"text": _plain(words), "value": value}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return (values.get(name) or {}).get(name) or {}


def _chosen(values: Mapping[str, Any], name: str) -> str:
    return str((_field(values, name).get("selected_option") or {}).get("value") or "")
