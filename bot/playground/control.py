"""What the page (and the tests) use: act as a person, look, watch live, break things."""

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.playground.delivery import Delivery
from bot.playground.people import People
from bot.playground.web_api import Fault, WebApi
from bot.playground.workspace import Message, Refusal, StoredFile, Workspace

Handler = Callable[[Request], Awaitable[Any]]


class Control:
    """The control API."""

    def __init__(
        self, workspace: Workspace, people: People, delivery: Delivery, web_api: WebApi, model: str
    ) -> None:
        self._workspace = workspace
        self._people = people
        self._delivery = delivery
        self._web_api = web_api
        self._model = model
        web_api.on_call = self._show_call
        delivery.on_event = self._show_event

    @property
    def routes(self) -> list[BaseRoute]:
        """Everything under /playground."""
        gets: dict[str, Handler] = {
            "state": self.state,
            "history": self.history,
            "thread": self.thread,
            "calls": self.calls,
            "events": self.events,
        }
        posts: dict[str, Handler] = {
            "messages": self.say,
            "edit": self.edit,
            "delete": self.delete,
            "reactions": self.react,
            "commands": self.command,
            "actions": self.click,
            "stop": self.stop,
            "home": self.home,
            "settings": self.settings,
            "faults": self.fault,
            "deliver": self.deliver,
            "refresh": self.refresh,
            "uninstall": self.uninstall,
        }
        return [
            *(Route(f"/playground/{name}", _json(handler)) for name, handler in gets.items()),
            *(
                Route(f"/playground/{name}", _json(handler), methods=["POST"])
                for name, handler in posts.items()
            ),
            WebSocketRoute("/playground/live", self.live),
        ]

    async def state(self, request: Request) -> dict[str, Any]:
        """Who and what there is, for one person."""
        workspace = self._workspace
        user = request.query_params.get("as", "")
        return {
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "bot": {
                "user_id": workspace.bot_user_id,
                "bot_id": workspace.bot_id,
                "name": workspace.bot_name,
                "connected": self._delivery.connected,
            },
            "people": [vars(person) for person in workspace.people.values()],
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "type": channel.type,
                    "members": sorted(channel.members),
                    "topic": channel.topic,
                }
                for channel in workspace.visible(user)
            ],
            "sessions": [
                {"channel": channel, "thread_ts": thread_ts, **session}
                for (channel, thread_ts), session in workspace.sessions.items()
            ],
            "prompts": workspace.prompts,
            "settings": {"limits": self._web_api.limits.on, "model": self._model},
        }

    async def history(self, request: Request) -> dict[str, Any]:
        """A channel's messages as one person sees them."""
        channel = self._workspace.channel(request.query_params.get("channel"))
        return {"messages": [*self._workspace.history(channel), *self._only_for(request, "")]}

    async def thread(self, request: Request) -> dict[str, Any]:
        """A thread's messages as one person sees them."""
        channel = self._workspace.channel(request.query_params.get("channel"))
        root = request.query_params.get("ts", "")
        messages = self._workspace.thread(channel, root)
        return {"messages": [*messages, *self._only_for(request, root)]}

    async def say(self, request: Request) -> dict[str, Any]:
        """Write a message, with files if it is a multipart form."""
        files: list[StoredFile] = []
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                given: dict[str, Any] = {k: v for k, v in form.items() if isinstance(v, str)}
                uploads = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
                files = [await self._store(one, given["as"], _origin(request)) for one in uploads]
        else:
            given = await _body(request)
        message = self._people.say(
            given["as"],
            given["channel"],
            given.get("text", ""),
            thread_ts=given.get("thread_ts") or "",
            files=files,
            broadcast=bool(given.get("broadcast")),
            subtype=given.get("subtype") or "",
        )
        return {"ts": message["ts"], "thread_ts": message.get("thread_ts")}

    async def _store(self, upload: UploadFile, user: str, url: str) -> StoredFile:
        name = upload.filename or "file"
        kind = mimetypes.guess_type(name)[0] or upload.content_type or "text/plain"
        return self._people.store(name, await upload.read(), kind, user, url)

    async def edit(self, request: Request) -> dict[str, Any]:
        """Edit one's own message."""
        given = await _body(request)
        self._people.edit(given["as"], given["channel"], given["ts"], given["text"])
        return {}

    async def delete(self, request: Request) -> dict[str, Any]:
        """Delete one's own message."""
        given = await _body(request)
        self._people.delete(given["as"], given["channel"], given["ts"])
        return {}

    async def react(self, request: Request) -> dict[str, Any]:
        """Add or remove a reaction."""
        given = await _body(request)
        remove = bool(given.get("remove"))
        self._people.react(given["as"], given["channel"], given["ts"], given["name"], remove=remove)
        return {}

    async def command(self, request: Request) -> dict[str, Any]:
        """Send a slash command."""
        given = await _body(request)
        url = f"{_origin(request)}/response/{given['channel']}/{given['as']}"
        sending = self._people.command(given["as"], given["channel"], given["text"], url)
        self._delivery.start(sending)
        return {}

    async def click(self, request: Request) -> dict[str, Any]:
        """Press a button."""
        given = await _body(request)
        url = f"{_origin(request)}/response/{given['channel']}/{given['as']}"
        clicking = self._people.click(
            given["as"], given["action"], given["channel"], given["ts"], url
        )
        self._delivery.start(clicking)
        return {}

    async def stop(self, request: Request) -> dict[str, Any]:
        """Press Slack's own Stop."""
        given = await _body(request)
        self._people.stop(given["as"], given["channel"], given["thread_ts"])
        return {}

    async def home(self, request: Request) -> dict[str, Any]:
        """Open the bot's tab."""
        given = await _body(request)
        return {"view": self._people.open_home(given["as"], given.get("tab", "home"))}

    async def settings(self, request: Request) -> dict[str, Any]:
        """Switch Slack's rate limits on or off."""
        given = await _body(request)
        if "limits" in given:
            self._web_api.limits.on = bool(given["limits"])
        return {"limits": self._web_api.limits.on}

    async def fault(self, request: Request) -> dict[str, Any]:
        """Let the next calls of a method go wrong; an empty body mends everything."""
        given = await _body(request)
        given.pop("as", None)
        if given:
            self._web_api.faults.append(Fault(**given))
        else:
            self._web_api.faults.clear()
        return {}

    async def deliver(self, request: Request) -> dict[str, Any]:
        """Send an event as it stands, for odd and repeated ones."""
        given = await _body(request)
        self._delivery.emit(given.pop("event"), **given)
        return {}

    async def refresh(self, _: Request) -> dict[str, Any]:
        """Ask the Socket Mode connections to come again."""
        await self._delivery.refresh()
        return {}

    async def uninstall(self, request: Request) -> dict[str, Any]:
        """Remove the bot from a workspace, or an organisation, that has installed it by OAuth."""
        place = (await _body(request))["team"]
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

    def _only_for(self, request: Request, root: str) -> list[Message]:
        channel = request.query_params.get("channel")
        mine = self._workspace.ephemeral.get(request.query_params.get("as", ""), [])
        return [
            message
            for message in mine
            if message["channel"] == channel and message.get("thread_ts", "") == root
        ]

    def _show_call(self, call: dict[str, Any]) -> None:
        self._workspace.tell(None, {"type": "call", "call": call})

    def _show_event(self, event: dict[str, Any]) -> None:
        self._workspace.tell(None, {"type": "event", "event": event})


async def _pass_on(queue: asyncio.Queue[dict[str, Any]], socket: WebSocket) -> None:
    while True:
        frame = await queue.get()
        await socket.send_text(orjson.dumps(frame).decode())


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    found: dict[str, Any] = orjson.loads(body) if body else {}
    return found


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return Response(orjson.dumps(await handler(request)), media_type="application/json")
        except Refusal as refusal:
            error = {"error": refusal.code}
        except (KeyError, orjson.JSONDecodeError) as missing:
            error = {"error": f"missing or malformed: {missing}"}
        return Response(orjson.dumps(error), status_code=400, media_type="application/json")

    return answer
