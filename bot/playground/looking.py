"""What the page (and the tests) see as a person: channels, threads, views; and everything live."""

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.playground.questions import route
from bot.playground.slack.delivery import Delivery
from bot.playground.slack.views import Views
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace


class Looking:
    """Everything that can be looked at; `as` in the query says by whom."""

    def __init__(
        self, workspace: Workspace, views: Views, delivery: Delivery, web_api: WebApi, model: str
    ) -> None:
        self._workspace = workspace
        self._views = views
        self._delivery = delivery
        self._web_api = web_api
        self._model = model
        web_api.on_call = self._show_call
        delivery.on_event = self._show_event

    @property
    def routes(self) -> list[BaseRoute]:
        """GETs under /playground, and the live connection."""
        handlers = {
            "state": self.state,
            "history": self.history,
            "thread": self.thread,
            "ephemerals": self.ephemerals,
            "views": self.views,
            "calls": self.calls,
            "events": self.events,
        }
        return [
            *(route(name, handler) for name, handler in handlers.items()),
            WebSocketRoute("/playground/live", self.live),
        ]

    async def state(self, request: Request) -> dict[str, Any]:
        """Who and what there is, for one person."""
        workspace, app = self._workspace, self._workspace.app
        user = request.query_params.get("as", "")
        return {
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "bot": {
                "user_id": workspace.bot_user_id,
                "bot_id": workspace.bot_id,
                "name": workspace.bot_name,
                "connected": self._delivery.connected,
                "commands": app.commands,
                "shortcuts": app.shortcuts,
                "has_home": app.has_home,
            },
            "people": [vars(person) for person in workspace.people.values()],
            "channels": [_shown(channel) for channel in workspace.visible(user)],
            "sessions": [
                {"channel": channel, "thread_ts": thread_ts, **session}
                for (channel, thread_ts), session in workspace.sessions.items()
            ],
            "prompts": workspace.prompts,
            "views": self._views.stack(user),
            "home": self._views.home(user),
            "settings": {
                "limits": self._web_api.limits.on,
                "few_reads": self._web_api.limits.few_reads,
                "model": self._model,
            },
        }

    async def history(self, request: Request) -> dict[str, Any]:
        """A channel's messages as one person sees them."""
        user, channel = self._place(request)
        whispers = [one for one in self._whispers(channel, user) if not one.get("thread_ts")]
        return {"messages": [*self._workspace.history(channel), *whispers]}

    async def thread(self, request: Request) -> dict[str, Any]:
        """A thread's messages as one person sees them."""
        user, channel = self._place(request)
        root = request.query_params.get("ts", "")
        whispers = [one for one in self._whispers(channel, user) if one.get("thread_ts") == root]
        return {"messages": [*self._workspace.thread(channel, root), *whispers]}

    async def ephemerals(self, request: Request) -> dict[str, Any]:
        """What only this person sees in a channel, threads included."""
        user, channel = self._place(request)
        return {"messages": self._whispers(channel, user)}

    async def views(self, request: Request) -> dict[str, Any]:
        """What this person has open, the topmost last, and their Home tab."""
        user = request.query_params.get("as", "")
        return {"stack": self._views.stack(user), "home": self._views.home(user)}

    async def calls(self, request: Request) -> dict[str, Any]:
        """The Web API calls so far."""
        since = int(request.query_params.get("since", 0))
        return {"calls": [call for call in self._web_api.calls if call["n"] > since]}

    async def events(self, request: Request) -> dict[str, Any]:
        """The events sent so far."""
        since = int(request.query_params.get("since", 0))
        return {"events": [event for event in self._delivery.events if event["n"] > since]}

    async def live(self, socket: WebSocket) -> None:
        """Everything that one person sees happen, as it happens."""
        await socket.accept()
        queue = self._workspace.watch(socket.query_params.get("as", ""))
        sending = asyncio.create_task(_pass_on(queue, socket))
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            sending.cancel()
            self._workspace.unwatch(queue)

    def _place(self, request: Request) -> tuple[str, Channel]:
        user = request.query_params.get("as", "")
        channel = self._workspace.channel(request.query_params.get("channel"))
        if user and not self._workspace.sees(user, channel):
            raise Refusal("channel_not_found")
        return user, channel

    def _whispers(self, channel: Channel, user: str) -> list[Message]:
        return self._workspace.whispers(channel, user)

    def _show_call(self, call: dict[str, Any]) -> None:
        self._workspace.tell(None, {"type": "call", "call": call})

    def _show_event(self, event: dict[str, Any]) -> None:
        self._workspace.tell(None, {"type": "event", "event": event})


def _shown(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.type,
        "members": sorted(channel.members),
        "topic": channel.topic,
        "archived": channel.archived,
    }


async def _pass_on(queue: asyncio.Queue[dict[str, Any]], socket: WebSocket) -> None:
    while True:
        frame = await queue.get()
        await socket.send_text(orjson.dumps(frame).decode())
