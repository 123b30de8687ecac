"""The workspaces that have the bot, each with everything that speaks to it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from bot.conversation.installed import Installed, Installs
from bot.conversation.ports import Person
from bot.conversation.rules import NO_RULES, Rules
from bot.conversation.sharing import CatchUp, nobody_else
from bot.errors import NotInstalled
from bot.slack.access import Access
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.directory import Directory
from bot.slack.history import History
from bot.slack.inbound import Identity
from bot.slack.replies.status import Status
from bot.telemetry.log import get_logger

log = get_logger("slack")

_KEEP_SECONDS = 300.0
"""So long an installation is taken for granted; another process may have changed it."""
_KEEP_MISSING_SECONDS = 10.0
_DEAD_SECONDS = 60.0
"""So long a token that Slack has refused is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The bot in one workspace: who we are there, and the parts that all replies there share."""

    identity: Identity
    api: SlackApi
    budget: Budget
    history: History
    directory: Directory
    access: Access
    status: Status

    @classmethod
    def of(
        cls,
        api: SlackApi,
        identity: Identity,
        catch_up: CatchUp = nobody_else,
        rules: Rules = NO_RULES,
    ) -> "Installation":
        """Put the parts of one workspace together. Needs a running event loop."""
        clock = asyncio.get_running_loop().time
        budget = Budget(clock, team_id=identity.team_id, catch_up=catch_up)
        return cls(
            identity=identity,
            api=api,
            budget=budget,
            history=History(api, identity),
            directory=Directory(
                api,
                Person(id=identity.user_id, name=identity.name),
                identity.team_id,
                identity.enterprise_id,
            ),
            access=Access(api, rules),
            status=Status(api, budget),
        )


class Installations(Protocol):
    """Finds the workspace that an event, a command or a turn belongs to."""

    async def of(self, team_id: str, enterprise_id: str = "") -> Installation:
        """The bot in that workspace. Raises NotInstalled.

        `enterprise_id` is its organisation, where an event names one.
        """
        ...

    def present(self) -> Sequence[Installation]:
        """Those that this process has had to do with lately."""
        ...


class OneInstallation:
    """The only workspace there is: its token stands in the settings.

    Whatever team an event names is ours: in Slack Connect it may be the author's own.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def of(self, team_id: str, enterprise_id: str = "") -> Installation:
        """The bot in that workspace."""
        return self._installation

    def present(self) -> Sequence[Installation]:
        """The only one."""
        return [self._installation]


@dataclass(slots=True, kw_only=True)
class _Known:
    """What was found of a workspace, and how long it holds."""

    installed: Installed | None
    installation: Installation | None
    until: float


class ManyInstallations:
    """The workspaces that have installed the bot by OAuth.

    What was found is kept for some minutes: an event costs neither a call of Slack's nor a visit
    to the database. A token that Slack refuses is not used again for a minute; then it is looked
    up anew, since the workspace may have installed the bot again by way of another process.
    """

    def __init__(
        self,
        installs: Installs,
        *,
        base_url: str,
        session: aiohttp.ClientSession,
        catch_up: CatchUp = nobody_else,
        rules: Rules = NO_RULES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._installs = installs
        self._base_url = base_url
        self._session = session
        self._catch_up = catch_up
        self._rules = rules
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}
        self._dead: dict[str, float] = {}
        """Refused tokens, and until when they are not tried again."""

    async def of(self, team_id: str, enterprise_id: str = "") -> Installation:
        """The bot in that workspace. Raises NotInstalled."""
        known = self._known.get(team_id)
        if known is None or known.until < self._clock():
            known = await self._ask(team_id, enterprise_id)
        if known.installation is None:
            raise NotInstalled(team_id)
        return known.installation

    def present(self) -> Sequence[Installation]:
        """Those that this process has had to do with lately."""
        known = self._known.values()
        return [one.installation for one in known if one.installation is not None]

    def forget(self, place: str) -> None:
        """Look a workspace, or an organisation's workspaces, up anew: something has changed."""
        for team_id, known in list(self._known.items()):
            of_place = known.installed is not None and known.installed.place == place
            if of_place or known.installed is None or team_id == place:
                del self._known[team_id]

    async def close(self) -> None:
        """End what is under way in all of them."""
        for known in self._known.values():
            if known.installation is not None:
                await known.installation.status.close()

    async def _ask(self, team_id: str, enterprise_id: str) -> _Known:
        """Look one up; many events at once cause one look."""
        task = self._asking.get(team_id)
        if task is None:
            looking = self._look(team_id, enterprise_id)
            task = self._asking[team_id] = asyncio.create_task(looking, name=f"install {team_id}")
            task.add_done_callback(lambda _: self._asking.pop(team_id, None))
        return await asyncio.shield(task)

    async def _look(self, team_id: str, enterprise_id: str) -> _Known:
        installed = await self._installs.find(team_id, enterprise_id)
        before = self._known.get(team_id)
        if installed is None or self._dead.get(installed.token, 0.0) > self._clock():
            known = _Known(
                installed=None, installation=None, until=self._clock() + _KEEP_MISSING_SECONDS
            )
        elif before is not None and before.installed == installed:
            known = before  # its parts know what has been said of late
            known.until = self._clock() + _KEEP_SECONDS
        else:
            installation = self._put_together(installed, team_id)
            known = _Known(
                installed=installed,
                installation=installation,
                until=self._clock() + _KEEP_SECONDS,
            )
        self._known[team_id] = known
        return known

    def _put_together(self, installed: Installed, team_id: str) -> Installation:
        api = SlackApi(
            token=installed.token,
            base_url=self._base_url,
            session=self._session,
            team_id=team_id if installed.is_organisation else None,
            on_dead_token=lambda: self._bury(installed),
        )
        identity = Identity(
            team_id=team_id,
            user_id=installed.bot_user_id,
            bot_id=installed.bot_id,
            name=installed.bot_name,
            enterprise_id=installed.place if installed.is_organisation else "",
        )
        return Installation.of(api, identity, self._catch_up, self._rules)

    def _bury(self, installed: Installed) -> None:
        now = self._clock()
        self._dead = {token: until for token, until in self._dead.items() if until > now}
        if installed.token not in self._dead:
            log.warning("Slack refuses this workspace's token", place=installed.place)
        self._dead[installed.token] = now + _DEAD_SECONDS
        self.forget(installed.place)
