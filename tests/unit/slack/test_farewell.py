"""Who is forgotten when the bot is removed, and who is not."""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any, cast

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.install.farewell import Farewell

Listener = Callable[..., Awaitable[None]]
TEAM = {"team_id": "T1"}
ORG = {"enterprise_id": "E1", "is_enterprise_install": True}


class FakeBolt:
    """Bolt, as far as events go: a listener gets what its arguments are named after."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}

    def event(self, kind: str) -> Callable[[Listener], None]:
        def register(listener: Listener) -> None:
            self._listeners[kind] = listener

        return register

    async def deliver(self, event: dict[str, Any], context: dict[str, Any]) -> None:
        listener = self._listeners[event["type"]]
        given = {
            "event": event,
            "body": {"event": event, "event_time": 1_700_000_000},
            "context": AsyncBoltContext(context),
        }
        await listener(**{name: given[name] for name in signature(listener).parameters})


@pytest.mark.parametrize(
    ("event", "context", "by_tokens", "forgotten"),
    [
        ({"type": "app_uninstalled"}, TEAM, True, ["T1"]),
        ({"type": "app_uninstalled"}, TEAM, False, ["T1"]),
        ({"type": "app_uninstalled"}, ORG, True, ["E1"]),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, TEAM, True, ["T1"]),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, ORG, True, ["E1"]),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, TEAM, True, []),
        ({"type": "tokens_revoked"}, TEAM, True, []),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, TEAM, False, []),
        ({"type": "team_access_revoked", "team_ids": ["T1", "T2"]}, ORG, True, ["T1", "T2"]),
        ({"type": "app_uninstalled"}, {}, True, []),
    ],
)
async def test_who_removes_the_bot_is_forgotten_and_nobody_else(
    event: dict[str, Any], context: dict[str, Any], by_tokens: bool, forgotten: list[str]
) -> None:
    left: list[tuple[str, float]] = []

    async def leave(place: str, moment: float) -> None:
        left.append((place, moment))

    bolt = FakeBolt()
    Farewell(leave, by_tokens=by_tokens).register(cast(AsyncApp, bolt))
    await bolt.deliver(event, context)

    assert left == [(place, 1_700_000_000.0) for place in forgotten]
