"""Whose workspace an event belongs to; what comes from one without the bot ends here, politely."""

from collections.abc import Awaitable, Callable

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext

from bot.errors import NotInstalled
from bot.slack.inbound import Payload
from bot.slack.installations import Installations
from bot.telemetry.log import get_logger

log = get_logger("slack")

NOT_HERE = "I'm not installed in this workspace any more. An admin can install me again."
_FAREWELLS = frozenset({"app_uninstalled", "tokens_revoked", "team_access_revoked"})
"""These come from workspaces that do not have the bot any more."""

Middleware = Callable[..., Awaitable[BoltResponse]]


def belonging(installations: Installations) -> Middleware:
    """Bolt's first middleware behind the signature: the workspace must be one of ours."""

    async def find(  # Bolt goes by the arguments' names
        body: Payload,
        context: AsyncBoltContext,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        if context.is_enterprise_install and not context.team_id:
            # An organisation's event names the workspace in the envelope only ("Events API").
            context["team_id"] = body.get("context_team_id") or body.get("team_id")
        if (context.team_id or "").startswith("E"):
            context["team_id"] = _workspace_of(body, context.team_id or "")
        kind = (body.get("event") or {}).get("type")
        if kind in _FAREWELLS or body.get("type") == "url_verification" or "ssl_check" in body:
            return await next()
        try:
            await installations.of(context.team_id or "", context.enterprise_id or "")
        except NotInstalled as error:
            log.info("ignored", reason=str(error))
            return BoltResponse(status=200, body="" if kind else NOT_HERE)
        return await next()

    return find


def _workspace_of(body: Payload, enterprise_id: str) -> str:
    """Where somebody of an organisation presses or fills in what is shown to them.

    Views name the place where the app is installed (`app_installed_team_id`), which may be the whole
    organisation. Who comes from outside is in none of its workspaces: for them it stays that.
    """
    if (body.get("enterprise") or {}).get("id") == enterprise_id:
        for part, name in (("team", "id"), ("view", "team_id"), ("user", "team_id")):
            if found := (body.get(part) or {}).get(name):
                return str(found)
    return enterprise_id
