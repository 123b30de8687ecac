"""`bot models`: what the models can do, and with a key, which of them the account reaches."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from bot.config import ModelAccess
from bot.model.catalogue import ModelCard, all_cards
from bot.model.connection import make_http
from bot.model.service import Service

PATH = "/compatible-mode/v1/models"
NO_KEY = "With DASHSCOPE_API_KEY set, this also says which of them the account reaches."
UNKNOWN = "The service doesn't say what the account reaches: {reason}"
_YES, _NO = "✓", "–"


async def reachable(access: ModelAccess) -> frozenset[str]:
    """The ids of the models that the key may use. Raises ModelError."""
    async with make_http() as http:
        service = Service(http, base_url=access.base_url, api_key=access.api_key)
        listed = await service.get(PATH)
    return frozenset(str(one.get("id")) for one in listed.get("data") or ())


def table(reached: frozenset[str] | None) -> Table:
    """The catalogue as a table; `reached` adds a column, and the ids that are in no row."""
    shown = Table(title="Models", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("model", "sees", "tokens in", "out", "thinks", "goes on", "JSON", "tools"):
        shown.add_column(column, justify="right" if column in {"tokens in", "out"} else "left")
    shown.add_column("price in / out a million tokens", justify="right")
    if reached is not None:
        shown.add_column("reached", justify="center")
    for card in all_cards():
        cells = list(_cells(card))
        if reached is not None:
            cells.append(_mark(card.name in reached))
        shown.add_row(*cells)
    return shown


def others(reached: frozenset[str]) -> list[str]:
    """What the account reaches beside the catalogue: it works, by cautious guesses."""
    return sorted(reached - {card.name for card in all_cards()})


def _cells(card: ModelCard) -> Iterable[str]:
    yield card.name
    yield ", ".join(sorted(card.sees)) or "text"
    yield f"{card.max_input:,}"
    yield f"{card.max_output:,}"
    yield card.thinking
    yield _mark(card.prefix)
    yield card.json
    yield _mark(card.tools)
    if not card.prices:
        yield "not known"
        return
    first = card.prices[0]
    more = " +" if len(card.prices) > 1 else ""
    yield f"{first.read:g} / {first.written:g} {card.currency}{more}"


def _mark(yes: bool) -> str:
    return _YES if yes else _NO
