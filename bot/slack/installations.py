"""The workspaces that have the bot, each with everything that speaks to it."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.ports import Person
from bot.slack.access import Access
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.directory import Directory
from bot.slack.history import History
from bot.slack.inbound import Identity
from bot.slack.status import Status


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
    def of(cls, api: SlackApi, identity: Identity) -> "Installation":
        """Put the parts of one workspace together. Needs a running event loop."""
        budget = Budget(asyncio.get_running_loop().time)
        return cls(
            identity=identity,
            api=api,
            budget=budget,
            history=History(api, identity),
            directory=Directory(api, Person(id=identity.user_id, name=identity.name)),
            access=Access(api),
            status=Status(api, budget),
        )


class Installations(Protocol):
    """Finds the workspace that an event, a command or a turn belongs to."""

    async def of(self, team_id: str) -> Installation:
        """The bot in that workspace."""
        ...


class OneInstallation:
    """The only workspace there is: its token stands in the settings.

    Whatever team an event names is ours: in Slack Connect it may be the author's own.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def of(self, team_id: str) -> Installation:
        """The bot in that workspace."""
        return self._installation
