"""What goes wrong or is changed from outside: faults, limits, odd events, new people and channels."""

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.playground.questions import body, route
from bot.playground.slack.cast import Channel, Person
from bot.playground.slack.conversations import Conversations
from bot.playground.slack.delivery import Delivery
from bot.playground.slack.web_api import Fault, WebApi
from bot.playground.slack.workspace import Refusal, Workspace

_TYPES = frozenset({"channel", "private", "mpim"})


class Meddling:
    """Switches for trying the bot out."""

    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        web_api: WebApi,
        conversations: Conversations,
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._web_api = web_api
        self._conversations = conversations

    @property
    def routes(self) -> list[BaseRoute]:
        """All of them are POSTs under /playground."""
        handlers = {
            "settings": self.settings,
            "faults": self.fault,
            "deliver": self.deliver,
            "refresh": self.refresh,
            "people": self.person,
            "channels": self.channel,
            "uninstall": self.uninstall,
        }
        return [route(name, handler, method="POST") for name, handler in handlers.items()]

    async def settings(self, request: Request) -> dict[str, Any]:
        """Slack's rate limits (`limits`), and history as few apps may read it (`few_reads`)."""
        given, limits = await body(request), self._web_api.limits
        limits.on = bool(given.get("limits", limits.on))
        limits.few_reads = bool(given.get("few_reads", limits.few_reads))
        self._conversations.is_limited = limits.few_reads
        return {"limits": limits.on, "few_reads": limits.few_reads}

    async def fault(self, request: Request) -> dict[str, Any]:
        """Let the next calls of a method go wrong; an empty body mends everything."""
        given = await body(request)
        given.pop("as", None)
        if given:
            self._web_api.faults.append(Fault(**given))
        else:
            self._web_api.faults.clear()
        return {}

    async def deliver(self, request: Request) -> dict[str, Any]:
        """Send an event as it stands, for odd and repeated ones."""
        given = await body(request)
        self._delivery.deliver(given.pop("event"), **given)
        return {}

    async def refresh(self, _: Request) -> dict[str, Any]:
        """Ask the Socket Mode connections to come again."""
        await self._delivery.refresh()
        return {}

    async def person(self, request: Request) -> dict[str, Any]:
        """Add somebody (`name`, `real_name`, guest or stranger …) to `channels`, or change them."""
        given = await body(request)
        channels = [self._workspace.channel(one) for one in given.pop("channels", [])]
        person = Person(id=given.pop("id", f"U0{given['name'].upper()}"), **given)
        self._workspace.people[person.id] = person
        self._workspace.dm(person.id)
        for channel in channels:
            channel.members.add(person.id)
        return {"id": person.id}

    async def channel(self, request: Request) -> dict[str, Any]:
        """Add a channel (`id`, `name`, `type`, `members`, `archived`), or change one."""
        given = await body(request)
        if given.get("type", "channel") not in _TYPES:
            raise Refusal("invalid_types")
        known = self._workspace.channels.get(given["id"])
        members = set(given.pop("members", known.members if known else ()))
        if known is None:
            kept: dict[str, Any] = {"type": "channel", "name": given["id"].lower(), **given}
            self._workspace.channels[given["id"]] = Channel(members=members, **kept)
        else:
            known.members = members
            known.archived = bool(given.get("archived", known.archived))
        return {"id": given["id"]}

    async def uninstall(self, request: Request) -> dict[str, Any]:
        """Remove the bot from a workspace, or an organisation, that has installed it by OAuth."""
        place = (await body(request))["team"]
        self._web_api.revoke(place)
        whole = place.startswith("E")
        ours = {
            "enterprise_id": place if whole else None,
            "team_id": None if whole else place,
            "user_id": self._workspace.bot_user_id,
            "is_bot": True,
            "is_enterprise_install": whole,
        }
        tokens = {"oauth": [], "bot": [self._workspace.bot_user_id]}
        for event in ({"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": tokens}):
            self._delivery.emit(
                event,
                team_id=ours["team_id"],
                enterprise_id=ours["enterprise_id"],
                authorizations=[ours],
            )
        return {}
