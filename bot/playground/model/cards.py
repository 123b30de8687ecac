"""What the models are that the rehearsal plays, as far as requests are refused by it ("Models")."""

import re
from dataclasses import dataclass

NAMES = (
    "qwen3.8-max",
    "qwen3.8-flash",
    "qwen3.8-omni-flash",
    "qwen3.7-max",
    "qwen3.7-plus",
    "qwen3.7-flash",
    "qwen3.6-plus",
    "qwen3.6-flash",
    "qwen3.6-max-preview",
    "qwen3.5-plus",
    "qwen3.5-flash",
    "qwen3.5-omni-plus",
    "qwen3.5-omni-flash",
    "qwen3-max",
    "qwen3-vl-plus",
    "qwen3-vl-flash",
    "qwen-plus",
    "qwen-flash",
    "qwen-long",
    "qwq-plus",
    "qwen3-32b",
)
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4}|latest|us)$")
_TEXT = frozenset(
    {
        "qwen3.7-max",
        "qwen3.6-max-preview",
        "qwen3-max",
        "qwen-plus",
        "qwen-flash",
        "qwen-long",
        "qwq-plus",
        "qwen3-32b",
    }
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model."""

    sees: bool
    """Served by multimodal generation; the others are by text generation."""
    takes_lists: bool = True
    """Whether a content may be a list of parts."""
    hears: bool = False
    thinks: bool | None = False
    """By default; None where it can't."""
    always_thinks: bool = False
    only_streams: bool = False
    is_open: bool = False
    """One of the open models: they think in streams only, and never in JSON."""
    has_tools: bool = True
    has_schema: bool = False
    has_responses: bool = False


def card_of(model: str) -> Card | None:
    """That model's card, a snapshot's like its model's; None where there is no such model."""
    if model == "qwen3.7-max-2026-06-08":
        return _card("qwen3.7-plus")
    name = _SNAPSHOT.sub("", model)
    return _card(name) if name in NAMES else None


def _card(name: str) -> Card:
    hears = "omni" in name
    always, is_open = name.startswith("qwq"), name.endswith("b")
    recent = bool(re.match(r"qwen3\.[5-8]", name))
    return Card(
        sees=name not in _TEXT,
        takes_lists=name.startswith("qwen3"),
        hears=hears,
        thinks=None if hears or name == "qwen-long" else recent or always or is_open,
        always_thinks=always,
        only_streams=hears or always,
        is_open=is_open,
        has_tools=name != "qwen-long" and not hears,
        has_schema=bool(re.match(r"qwen3\.[78]-(max|plus|flash)", name)),
        has_responses=(recent or name == "qwen3-max") and (not hears or name.startswith("qwen3.8")),
    )
