"""The playground on one port: Slack, Model Studio, and the page."""

import argparse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from bot.playground.acting import Acting
from bot.playground.looking import Looking
from bot.playground.meddling import Meddling
from bot.playground.model.service import ModelSettings, RehearsalModel
from bot.playground.people import People
from bot.playground.slack import directory, sessions
from bot.playground.slack.chat import Chat
from bot.playground.slack.conversations import Conversations
from bot.playground.slack.delivery import Delivery
from bot.playground.slack.files import Files
from bot.playground.slack.installed import Installed
from bot.playground.slack.interactions import Interactions
from bot.playground.slack.limits import Limits
from bot.playground.slack.oauth import OAuth
from bot.playground.slack.responding import Responding
from bot.playground.slack.streams import Streams
from bot.playground.slack.tickets import Tickets
from bot.playground.slack.views import Views
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import Refusal, Workspace

PAGE = Path(__file__).parent / "page"
_HARMLESS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
"""What somebody has uploaded must not run on the page."""
_LOGIN = "<!doctype html><html><head><title>Slack</title></head><body>Sign in</body></html>"


@dataclass(frozen=True, kw_only=True)
class PlaygroundSettings:
    """How strict, how fast and under which secrets the playground runs."""

    bot_token: str = "xoxb-playground"  # noqa: S105  opens nothing but the playground
    app_token: str = "xapp-playground"  # noqa: S105
    signing_secret: str = "playground-secret"  # noqa: S105
    request_url: str | None = None
    """Where events are posted; without one they go through Socket Mode."""
    redirect_url: str | None = None
    """Where people are sent back to when they have agreed to install the bot."""
    client_id: str = "1.playground"
    client_secret: str = "playground-client-secret"  # noqa: S105
    limits: bool = False
    """Whether Slack's rate limits hold."""
    stream_seconds: float = 300.0
    latency: float = 0.0
    """Seconds that each call of the Web API takes."""
    manifest: Mapping[str, Any] | None = None
    """The app's manifest: what it may do and is told. None: everything."""
    more_channels: int = 0
    """Further public channels, `#room-1` and so on, with everybody in them."""
    model: ModelSettings = field(default_factory=ModelSettings)
    model_name: str = "rehearsal"
    """What the page says of the model."""


def create_app(settings: PlaygroundSettings) -> Starlette:
    """The playground as an ASGI app."""
    playground = _Playground(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await playground.close()

    return Starlette(lifespan=lifespan, routes=playground.routes())


class _Playground:
    """The workspace, what speaks to the bot and what people do in it, put together."""

    def __init__(self, settings: PlaygroundSettings) -> None:
        self._settings = settings
        self._url = "http://127.0.0.1:8000"
        app = Installed.by(settings.manifest)
        self._workspace = workspace = Workspace(more_channels=settings.more_channels, app=app)
        self._delivery = delivery = Delivery(
            workspace, request_url=settings.request_url, secret=settings.signing_secret
        )
        tickets = Tickets(workspace.clock)
        streams = Streams(workspace, seconds=settings.stream_seconds)
        views = Views(workspace, tickets)
        conversations = Conversations()
        self._files = Files(lambda: self._url)
        self._responding = Responding(workspace, tickets)
        self._interactions = Interactions(workspace, delivery, tickets, views, self._responding)
        self._web_api = web_api = WebApi(
            workspace,
            {
                **directory.methods(lambda: self._url),
                **sessions.methods(),
                **conversations.methods,
                **Chat(streams).methods,
                **streams.methods,
                **self._files.methods,
                **views.methods,
            },
            Limits(on=settings.limits),
            bot_token=settings.bot_token,
            app_token=settings.app_token,
            latency=settings.latency,
        )
        people = People(workspace, delivery, streams, views)
        self._acting = Acting(workspace, people, self._interactions, delivery)
        self._looking = Looking(workspace, views, delivery, web_api, settings.model_name)
        self._meddling = Meddling(workspace, delivery, web_api, conversations)

    def routes(self) -> list[BaseRoute]:
        """Everything that can be asked for, of Slack, of the model and of the page."""
        return [
            Route("/", self._index),
            *self._oauth().routes,
            Route("/api/{method}", self._call, methods=["GET", "POST"]),
            Route("/files/{file_id}/{name:path}", self._download),
            Route("/upload/{file_id}", self._upload, methods=["POST"]),
            Route("/response/{ticket}", self._responding.take, methods=["POST"]),
            WebSocketRoute("/socket", self._delivery.serve_socket),
            *self._acting.routes,
            *self._looking.routes,
            *self._meddling.routes,
            *RehearsalModel(self._settings.model).routes,
            Mount("/page", StaticFiles(directory=PAGE)),
        ]

    async def close(self) -> None:
        """End what is under way."""
        await self._workspace.close()
        await self._delivery.close()

    def _oauth(self) -> OAuth:
        return OAuth(
            self._workspace,
            self._web_api,
            client_id=self._settings.client_id,
            client_secret=self._settings.client_secret,
            redirect_url=self._settings.redirect_url,
            scopes=",".join(sorted(self._workspace.app.scopes)),
        )

    async def _call(self, request: Request) -> Response:
        self._url = self._interactions.url = str(request.base_url).rstrip("/")
        return await self._web_api.answer(request)

    async def _download(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        who = request.query_params.get("as")
        if token != self._settings.bot_token and who not in self._workspace.people:
            return HTMLResponse(_LOGIN)  # as Slack answers who may not: a page, and 200
        stored = self._workspace.files.get(request.path_params["file_id"])
        if stored is None:
            return Response(status_code=404)
        if broken := await self._web_api.broken("download"):
            return broken
        return Response(stored.data, media_type=stored.meta["mimetype"], headers=_HARMLESS)

    async def _upload(self, request: Request) -> Response:
        try:
            data = await _uploaded(request)
            self._files.receive(self._workspace, request.path_params["file_id"], data)
        except Refusal as refusal:
            return Response(refusal.code, status_code=400, media_type="text/plain")
        return Response(f"OK - {len(data)}", media_type="text/plain")

    async def _index(self, _: Request) -> Response:
        return FileResponse(PAGE / "index.html")


async def _uploaded(request: Request) -> bytes:
    """The bytes of an upload: the whole body, or the only file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form() as form:
        for part in form.values():
            if isinstance(part, UploadFile):
                return await part.read()
    return b""


def serve(settings: PlaygroundSettings, *, host: str, port: int) -> uvicorn.Server:
    """A server for the playground, not yet running."""
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_level="critical",
        access_log=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def main() -> None:
    """`python -m bot.playground.server`: the playground alone, without the bot."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--request-url", help="where events are posted; else Socket Mode")
    parser.add_argument("--limits", action="store_true", help="Slack's rate limits hold")
    parser.add_argument("--first-token", type=float, default=0.3, help="seconds")
    parser.add_argument("--rate", type=float, default=50.0, help="tokens a second")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds for each call")
    parser.add_argument("--more-channels", type=int, default=0)
    given = parser.parse_args()
    model = ModelSettings(first_token_seconds=given.first_token, tokens_per_second=given.rate)
    settings = PlaygroundSettings(
        request_url=given.request_url,
        limits=given.limits,
        latency=given.latency,
        more_channels=given.more_channels,
        model=model,
    )
    serve(settings, host=given.host, port=given.port).run()


if __name__ == "__main__":
    main()
