"""What the page (and the tests) do as a person: write, press, call, fill in."""

import mimetypes
from collections.abc import Coroutine
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.playground.people import People
from bot.playground.questions import body, origin, route
from bot.playground.slack.delivery import Delivery
from bot.playground.slack.files import new_file
from bot.playground.slack.interactions import Interactions
from bot.playground.slack.workspace import StoredFile, Workspace


class Acting:
    """Everything that somebody can do; `as` in the body says who."""

    def __init__(
        self,
        workspace: Workspace,
        people: People,
        interactions: Interactions,
        delivery: Delivery,
    ) -> None:
        self._workspace = workspace
        self._people = people
        self._interactions = interactions
        self._delivery = delivery

    @property
    def routes(self) -> list[BaseRoute]:
        """All of them are POSTs under /playground."""
        handlers = {
            "messages": self.say,
            "edit": self.edit,
            "delete": self.delete,
            "reactions": self.react,
            "stop": self.stop,
            "home": self.home,
            "look": self.look,
            "commands": self.command,
            "shortcuts": self.shortcut,
            "actions": self.click,
            "views/submit": self.submit,
            "views/close": self.close_view,
            "views/options": self.options,
            "join": self.join,
        }
        return [route(name, handler, method="POST") for name, handler in handlers.items()]

    async def say(self, request: Request) -> dict[str, Any]:
        """Write a message, with files if it is a multipart form; `ts` is for one of long ago."""
        files: list[StoredFile] = []
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                given: dict[str, Any] = {k: v for k, v in form.items() if isinstance(v, str)}
                uploads = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
                files = [await self._store(one, given["as"], origin(request)) for one in uploads]
        else:
            given = await body(request)
        message = self._people.say(
            given["as"],
            given["channel"],
            given.get("text", ""),
            thread_ts=given.get("thread_ts") or "",
            files=files,
            broadcast=bool(given.get("broadcast")),
            subtype=given.get("subtype") or "",
            ts=given.get("ts") or "",
        )
        return {"ts": message["ts"], "thread_ts": message.get("thread_ts")}

    async def _store(self, upload: UploadFile, user: str, url: str) -> StoredFile:
        name = upload.filename or "file"
        kind = mimetypes.guess_type(name)[0] or upload.content_type or "text/plain"
        return new_file(self._workspace, name, await upload.read(), kind, user, url)

    async def look(self, request: Request) -> dict[str, Any]:
        """Open a channel."""
        given = await body(request)
        self._people.look(given["as"], given["channel"])
        return {}

    async def edit(self, request: Request) -> dict[str, Any]:
        """Edit one's own message."""
        given = await body(request)
        self._people.edit(given["as"], given["channel"], given["ts"], given["text"])
        return {}

    async def delete(self, request: Request) -> dict[str, Any]:
        """Delete one's own message."""
        given = await body(request)
        self._people.delete(given["as"], given["channel"], given["ts"])
        return {}

    async def react(self, request: Request) -> dict[str, Any]:
        """Add or remove a reaction."""
        given = await body(request)
        remove = bool(given.get("remove"))
        self._people.react(given["as"], given["channel"], given["ts"], given["name"], remove=remove)
        return {}

    async def stop(self, request: Request) -> dict[str, Any]:
        """Press Slack's own Stop."""
        given = await body(request)
        self._people.stop(given["as"], given["channel"], given["thread_ts"])
        return {}

    async def home(self, request: Request) -> dict[str, Any]:
        """Open the bot's tab."""
        given = await body(request)
        return {"view": self._people.open_home(given["as"], given.get("tab", "home"))}

    async def join(self, request: Request) -> dict[str, Any]:
        """Take somebody, or the bot, into a channel."""
        given = await body(request)
        self._people.invite(given["as"], given["channel"], given["user"])
        return {}

    async def command(self, request: Request) -> dict[str, Any]:
        """Send a slash command."""
        given = await body(request)
        self._go(
            request,
            self._interactions.command(
                given["as"], given["channel"], given["text"], given.get("thread_ts") or ""
            ),
        )
        return {}

    async def shortcut(self, request: Request) -> dict[str, Any]:
        """Call a shortcut: of a message if `ts` is given, else a global one."""
        given = await body(request)
        where = (given.get("channel") or "", given.get("ts") or "")
        self._go(request, self._interactions.shortcut(given["as"], given["callback_id"], *where))
        return {}

    async def click(self, request: Request) -> dict[str, Any]:
        """Act on an element: `action` has its `action_id`, and the `value` chosen."""
        given = await body(request)
        if given.get("view"):
            clicking = self._interactions.click_in_view(
                given["as"], given["view"], given["action"], given.get("values") or {}
            )
        else:
            clicking = self._interactions.click(
                given["as"], given["channel"], given["ts"], given["action"]
            )
        self._go(request, clicking)
        return {}

    async def submit(self, request: Request) -> dict[str, Any]:
        """Send a form; answers with what is wrong with it, if anything."""
        given = await body(request)
        self._interactions.url = origin(request)
        values = given.get("values") or {}
        return await self._interactions.submit(given["as"], given["view"], values)

    async def close_view(self, request: Request) -> dict[str, Any]:
        """Close the topmost view, or with `whole` all of them."""
        given = await body(request)
        self._interactions.close(given["as"], whole=bool(given.get("whole")))
        return {}

    async def options(self, request: Request) -> dict[str, Any]:
        """Ask for the options of an external menu."""
        given = await body(request)
        found = await self._interactions.options(
            given["as"], given["view"], given["action_id"], given.get("value", "")
        )
        return {"options": found}

    def _go(self, request: Request, acting: Coroutine[Any, Any, None]) -> None:
        self._interactions.url = origin(request)
        self._delivery.start(acting)
