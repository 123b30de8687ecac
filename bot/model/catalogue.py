"""What each model can do, from `catalogue.toml`; sensible guesses for models that are not in it."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Thinking = Literal["on", "off", "only", "none"]

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4}|latest|us)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model's abilities."""

    name: str
    context: int
    """Tokens in and out together."""
    max_output: int
    images: bool
    thinking: Thinking
    """Whether it thinks by default, and whether that can be switched."""
    prefix: bool
    """Whether it goes on from a given beginning (Model Studio, "Partial mode")."""
    price: tuple[float, float] | None = None
    """US dollars a million tokens, in and out."""

    @property
    def can_switch_thinking(self) -> bool:
        """Whether the request should say if it is to think: the defaults differ."""
        return self.thinking in {"on", "off"}


def lookup(model: str) -> ModelCard:
    """The card of a model; a snapshot has its model's, an unknown one a cautious guess.

    The guess sends no switch that a strange server might refuse, and shows it pictures.
    """
    cards = _cards()
    known = cards.get(model) or cards.get(_SNAPSHOT.sub("", model))
    return known or ModelCard(
        name=model, context=131_072, max_output=8_192, images=True, thinking="none", prefix=False
    )


@cache
def _cards() -> dict[str, ModelCard]:
    text = resources.files("bot.model").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text).values()
    cards = [ModelCard(**{**row, "price": _price(row.get("price"))}) for row in rows]
    return {card.name: card for card in cards}


def _price(pair: list[float] | None) -> tuple[float, float] | None:
    return (pair[0], pair[1]) if pair else None
