"""What an interaction entitles the app to: a trigger for three seconds, a URL for half an hour.

A trigger id opens one view ("Handling user interaction"); a response URL takes five messages within
thirty minutes ("Responding to interactions").
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.slack.workspace import Refusal

_MOST_USES = 5


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an interaction came from, and so what its response URL may replace."""

    user: str
    channel: str = ""
    thread_ts: str = ""
    message_ts: str = ""
    """The message that was acted on; empty for commands, whose URL replaces nothing."""


@dataclass(kw_only=True)
class _Trigger:
    user: str
    view_id: str
    until: float
    is_used: bool = False


@dataclass(kw_only=True)
class _ResponseUrl:
    origin: Origin
    until: float
    uses: int = field(default=0)


class Tickets:
    """Trigger ids and response URLs; `clock` counts seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        trigger_seconds: float = 3.0,
        response_seconds: float = 1_800.0,
    ) -> None:
        self._clock = clock
        self._trigger_seconds = trigger_seconds
        self._response_seconds = response_seconds
        self._triggers: dict[str, _Trigger] = {}
        self._urls: dict[str, _ResponseUrl] = {}
        self._numbers = itertools.count(1)

    def trigger(self, user: str, *, view_id: str = "") -> str:
        """A trigger id for what this person has done, in a view or elsewhere."""
        until = self._clock() + self._trigger_seconds
        trigger_id = f"1000.2000.{next(self._numbers):012x}"
        self._triggers[trigger_id] = _Trigger(user=user, view_id=view_id, until=until)
        return trigger_id

    def exchange(self, trigger_id: object) -> tuple[str, str]:
        """Use a trigger up: the person, and the view it came from. Raises Refusal."""
        found = self._triggers.get(str(trigger_id or ""))
        if found is None:
            raise Refusal("invalid_trigger_id")
        if found.is_used:
            raise Refusal("exchanged_trigger_id")
        if self._clock() > found.until:
            raise Refusal("expired_trigger_id")
        found.is_used = True
        return found.user, found.view_id

    def response_path(self, origin: Origin) -> str:
        """The path of a new response URL."""
        ticket = f"{next(self._numbers):012x}"
        until = self._clock() + self._response_seconds
        self._urls[ticket] = _ResponseUrl(origin=origin, until=until)
        return f"/response/{ticket}"

    def respond(self, ticket: str) -> Origin:
        """Use a response URL once. Raises Refusal."""
        found = self._urls.get(ticket)
        if found is None:
            raise Refusal("invalid_url")
        if self._clock() > found.until:
            raise Refusal("expired_url")
        if found.uses >= _MOST_USES:
            raise Refusal("used_url")
        found.uses += 1
        return found.origin
