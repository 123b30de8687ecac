"""Opens the workspaces: the one whose token stands in the settings, or all that install the bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from starlette.routing import BaseRoute

from bot.assembly.forgetting import Leaving
from bot.assembly.stored import Stored
from bot.config import Settings
from bot.conversation.installed import Installs
from bot.conversation.rules import Rules
from bot.conversation.sharing import CatchUp
from bot.errors import SlackError, SlackRefused
from bot.slack.api import SlackApi
from bot.slack.inbound import Identity
from bot.slack.install.farewell import Farewell
from bot.slack.install.oauth import OAuth, SlackApp
from bot.slack.installations import Installation, Installations, ManyInstallations, OneInstallation
from bot.slack.listeners import Feature
from bot.slack.manifest import BOT_SCOPES
from bot.telemetry import metrics
from bot.telemetry.log import get_logger

log = get_logger("workspaces")

_SLACK_PAUSES = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Workspaces:
    """Where the bot is, and what belongs to its coming and going."""

    installations: Installations
    api: SlackApi
    """Calls without a workspace of their own."""
    farewell: Feature
    installs: Installs
    routes: list[BaseRoute] = field(default_factory=list)
    """The pages of an installation."""

    async def measure(self) -> None:
        """Bring the gauges up to date."""
        metrics.installations.set(await self.installs.count())
        left: dict[str, int] = {}
        for here in self.installations.present():
            for method, calls in here.budget.left().items():
                left[method] = min(calls, left.get(method, calls))
        for method, calls in left.items():
            metrics.slack_calls_left.labels(method).set(calls)


@asynccontextmanager
async def open_workspaces(
    settings: Settings,
    stored: Stored,
    session: aiohttp.ClientSession,
    catch_up: CatchUp,
    rules: Rules,
) -> AsyncIterator[Workspaces]:
    """Open them; close them at the end. Raises SlackRefused where the only token is refused."""
    installs = stored.installs
    api = SlackApi(token=settings.slack_bot_token, base_url=settings.slack_api_url, session=session)
    if not settings.many_workspaces:
        here = Installation.of(api, await identify(api), catch_up, rules)
        leaving = Leaving(installs, stored.errands, forget=lambda _: None)
        try:
            yield Workspaces(
                installations=OneInstallation(here),
                api=api,
                installs=installs,
                farewell=Farewell(leaving, by_tokens=False),
            )
        finally:
            await here.status.close()
        return
    many = ManyInstallations(
        installs,
        base_url=settings.slack_api_url,
        session=session,
        catch_up=catch_up,
        rules=rules,
    )
    app = SlackApp(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        scopes=BOT_SCOPES,
        base_url=settings.slack_api_url,
    )
    oauth = OAuth(app, installs, stored.states, session, on_installed=many.forget)
    leaving = Leaving(installs, stored.errands, forget=many.forget)
    try:
        yield Workspaces(
            installations=many,
            api=api,
            installs=installs,
            farewell=Farewell(leaving, by_tokens=True),
            routes=[*oauth.routes],
        )
    finally:
        await many.close()


async def identify(api: SlackApi) -> Identity:
    """Ask Slack who we are, for as long as it takes to reach it. Raises SlackRefused."""
    attempt = 0
    while True:
        try:
            who = await api.write("auth.test")
        except SlackRefused:
            raise
        except SlackError as error:
            pause = _SLACK_PAUSES[min(attempt, len(_SLACK_PAUSES) - 1)]
            log.warning("Slack can't be reached", error=str(error), again_in=pause)
            attempt += 1
            await asyncio.sleep(pause)
            continue
        return Identity(
            team_id=who["team_id"],
            user_id=who["user_id"],
            bot_id=who.get("bot_id") or "",
            name=str(who.get("user") or "Threadwise"),
            enterprise_id=str(who.get("enterprise_id") or ""),
        )
