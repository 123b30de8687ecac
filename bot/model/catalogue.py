"""What each model can do, from `catalogue.toml`; sensible guesses for models that are not in it."""

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from bot.conversation.messages import Usage

Thinking = Literal["on", "off", "only", "none"]
Family = Literal["text", "multimodal"]

_SUCCESSOR = re.compile(r"^qwen(?:3\.9|[4-9](?:\.\d)?)-(max|plus|flash)$")
_ALWAYS_THINKS = re.compile(r"^(?:qwq|qvq)|-thinking")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4}|latest|us)$")
_SEEING = re.compile(r"-vl|-omni|qvq|^qwen3\.[5-9]")
_CACHED_SHARE = {"implicit": 0.2, "explicit": 0.1}
"""What a token read from the cache costs, as a share of its price ("Context cache")."""
_KEEPING_SHARE = 0.25
"""What a token costs more that is put into the explicit cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A price a million tokens that holds up to so many input tokens; 0 stands for no limit."""

    up_to: int
    read: float
    written: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model's abilities; `catalogue.toml` says what each field means."""

    name: str
    family: Family = "text"
    sees: frozenset[str] = frozenset()
    context: int = 131_072
    max_input: int = 120_000
    max_output: int = 0
    """0 where it is not known, as for `cot`."""
    thinking: Thinking = "none"
    cot: int = 0
    prefix: bool = False
    json: Literal["schema", "object", "none"] = "none"
    tools: bool = False
    responses: bool = False
    keeps_thoughts: bool = False
    cache: Literal["implicit", "explicit"] = "implicit"
    currency: str = ""
    prices: tuple[Tier, ...] = ()
    source: str = ""
    is_known: bool = True

    @property
    def can_switch_thinking(self) -> bool:
        """Whether the request should say if it is to think: the defaults differ."""
        return self.thinking in {"on", "off"}

    def cost(self, usage: Usage) -> float | None:
        """The price of a request in `currency`, None where it is not known.

        All tokens are billed at the tier of the input's length ("Model pricing").
        """
        for tier in self.prices:
            if not tier.up_to or usage.input_tokens <= tier.up_to:
                read = (
                    usage.input_tokens
                    - usage.cached_tokens * (1 - _CACHED_SHARE[self.cache])
                    + usage.cache_writes * _KEEPING_SHARE
                )
                return (read * tier.read + usage.output_tokens * tier.written) / 1_000_000
        return None


def lookup(model: str) -> ModelCard:
    """The card of a model; a snapshot has its model's, a newer generation its elder sister's.

    For any other it is a cautious guess: it sends no switch that a strange server might refuse, and
    shows it pictures.
    """
    cards = _cards()
    name = _SNAPSHOT.sub("", model)
    known = cards.get(model) or cards.get(name)
    if known is not None:
        return known
    if newer := _SUCCESSOR.match(name):
        sister = next(card for card in cards.values() if card.name.endswith(f"-{newer[1]}"))
        return replace(sister, name=model, prices=(), currency="", source="", is_known=False)
    family: Family = "multimodal" if _SEEING.search(model) else "text"
    thinking: Thinking = "only" if _ALWAYS_THINKS.search(model) else "none"
    sees = frozenset({"image"})
    return ModelCard(name=model, family=family, sees=sees, thinking=thinking, is_known=False)


def all_cards() -> list[ModelCard]:
    """Every model of the catalogue, in its order."""
    return list(_cards().values())


@cache
def _cards() -> dict[str, ModelCard]:
    text = resources.files("bot.model").joinpath("catalogue.toml").read_text(encoding="utf-8")
    cards = [_card(row) for row in tomllib.loads(text)["model"]]
    return {card.name: card for card in cards}


def _card(row: dict[str, Any]) -> ModelCard:
    tiers = tuple(
        Tier(up_to=up_to, read=read, written=written)
        for up_to, read, written in row.get("prices", ())
    )
    return ModelCard(**{**row, "sees": frozenset(row["sees"]), "prices": tiers})
