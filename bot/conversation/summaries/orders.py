"""What is to be done about a summary, as it is kept until a worker does it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bot.conversation.summaries.request import Length, SummaryRequest


class Deed(StrEnum):
    """What a person wants with a summary."""

    MAKE = "make"
    """A new one."""
    REMAKE = "remake"
    """One they have seen, in another way."""
    SHARE = "share"
    """That the channel sees it, too."""
    DOCUMENT = "document"
    """As a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the person can be told something that nobody else sees."""

    user_id: str
    channel_id: str = ""
    """Where they asked; empty for a form: then it is told in a direct message."""
    thread_ts: str = ""
    response_url: str = field(default="", repr=False)
    """Good for five messages within half an hour ("Handling user interaction")."""
    replaces: bool = False
    """Whether the response URL changes the message with the button; a command's can't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOrder:
    """One piece of work, with whom it is for."""

    deed: Deed = Deed.MAKE
    address: Address
    request: SummaryRequest = field(default_factory=SummaryRequest)
    """What to summarise; for `REMAKE` only `length` and `language` count."""
    summary_id: int = 0
    """Which summary it is about, for all deeds but `MAKE`."""
    joins: bool = False
    """Whether the person wants us to join the channel first."""

    def as_json(self) -> dict[str, Any]:
        """As it is kept; `order_of` reads it."""
        return asdict(self)


def order_of(raw: Mapping[str, Any]) -> SummaryOrder:
    """An order from what `SummaryOrder.as_json` made of it."""
    return SummaryOrder(
        deed=Deed(raw["deed"]),
        address=Address(**raw["address"]),
        request=request_of(raw["request"]),
        summary_id=int(raw["summary_id"]),
        joins=bool(raw["joins"]),
    )


def request_of(raw: Mapping[str, Any]) -> SummaryRequest:
    """A request from its JSON; what is missing is as usual."""
    known = {name: str(raw[name]) for name in SummaryRequest.__slots__ if name in raw}
    return SummaryRequest(**{**known, "length": Length(known.get("length", Length.NORMAL))})  # type: ignore[arg-type]


def short_json(request: SummaryRequest) -> dict[str, str]:
    """A request for a button's value: without what is as usual."""
    usual = asdict(SummaryRequest())
    return {name: str(value) for name, value in asdict(request).items() if value != usual[name]}
