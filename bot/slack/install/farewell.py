"""A workspace removes the bot: everything of it is forgotten."""

import time
from collections.abc import Awaitable, Callable

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.inbound import Payload
from bot.telemetry.log import get_logger

log = get_logger("slack")

Leave = Callable[[str, float], Awaitable[None]]
"""Forgets a workspace (`T…`) or an organisation (`E…`) as it was at a moment."""


class Farewell:
    """Hears of it ("app_uninstalled", "tokens_revoked", "team_access_revoked")."""

    def __init__(self, leave: Leave, *, by_tokens: bool) -> None:
        """`by_tokens`: a revoked token means removal. One in the settings may just be replaced."""
        self._leave = leave
        self._by_tokens = by_tokens

    def register(self, app: AsyncApp) -> None:
        """Add its listeners; each has kept what is to be done before it acks."""
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._revoked)
        app.event("team_access_revoked")(self._teams_withdrawn)

    async def _uninstalled(self, body: Payload, context: AsyncBoltContext) -> None:
        place = _place(context)
        if not place:
            return
        log.info("uninstalled", place=place)
        await self._leave(place, _moment(body))

    async def _revoked(self, event: Payload, body: Payload, context: AsyncBoltContext) -> None:
        tokens = event.get("tokens") or {}
        if self._by_tokens and tokens.get("bot"):
            await self._uninstalled(body, context)

    async def _teams_withdrawn(self, event: Payload, body: Payload) -> None:
        """An organisation keeps the bot, but not in these workspaces."""
        for team_id in event.get("team_ids") or ():
            log.info("withdrawn from a workspace", place=team_id)
            await self._leave(str(team_id), _moment(body))


def _place(context: AsyncBoltContext) -> str:
    if context.is_enterprise_install and context.enterprise_id:
        return context.enterprise_id
    return context.team_id or context.enterprise_id or ""


def _moment(body: Payload) -> float:
    """When it happened: an event may come late, after the bot was installed again."""
    return float(body.get("event_time") or time.time())
