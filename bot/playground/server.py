"""The playground on one port: Slack, Model Studio, and the page."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from bot.playground import reads
from bot.playground.chat import Chat, show_ephemeral
from bot.playground.control import Control
from bot.playground.delivery import Delivery
from bot.playground.limits import Limits
from bot.playground.model import ModelSettings, RehearsalModel
from bot.playground.oauth import OAuth
from bot.playground.people import People
from bot.playground.web_api import WebApi
from bot.playground.workspace import Workspace

PAGE = Path(__file__).parent / "page"
SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,"
    "files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,mpim:history,"
    "mpim:read,reactions:read,reactions:write,users:read"
)
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
    more_channels: int = 0
    """Further public channels, `#room-1` and so on, with everybody in them."""
    model: ModelSettings = field(default_factory=ModelSettings)
    model_name: str = "rehearsal"
    """What the page says of the model."""


def create_app(settings: PlaygroundSettings) -> Starlette:
    """The playground as an ASGI app."""
    workspace = Workspace(more_channels=settings.more_channels)
    chat = Chat(stream_seconds=settings.stream_seconds)
    delivery = Delivery(workspace, request_url=settings.request_url, secret=settings.signing_secret)
    people = People(workspace, delivery, chat)
    here = {"url": "http://127.0.0.1:8000"}
    web_api = WebApi(
        workspace,
        {**chat.methods, **reads.methods(lambda: here["url"])},
        Limits(on=settings.limits),
        bot_token=settings.bot_token,
        app_token=settings.app_token,
        scopes=SCOPES,
        latency=settings.latency,
    )
    control = Control(workspace, people, delivery, web_api, settings.model_name)

    oauth = OAuth(
        workspace,
        web_api,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_url=settings.redirect_url,
        scopes=SCOPES,
    )

    async def call(request: Request) -> Response:
        here["url"] = str(request.base_url).rstrip("/")
        return await web_api.answer(request)

    async def download(request: Request) -> Response:
        stored = workspace.files.get(request.path_params["file_id"])
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != settings.bot_token and request.query_params.get("as") not in workspace.people:
            return HTMLResponse(_LOGIN)  # as Slack answers who may not: a page, and 200
        if stored is None:
            return Response(status_code=404)
        return Response(stored.data, media_type=stored.meta["mimetype"])

    async def upload(request: Request) -> Response:
        stored = workspace.files[request.path_params["file_id"]]
        stored.data = await request.body()
        return Response(f"OK - {len(stored.data)}", media_type="text/plain")

    async def respond(request: Request) -> Response:
        given = orjson.loads(await request.body())
        if "markdown_text" in given:
            return Response(orjson.dumps({"ok": False, "error": "no_text"}), status_code=400)
        channel = workspace.channel(request.path_params["channel"])
        message = {
            "type": "message",
            "bot_id": workspace.bot_id,
            "ts": workspace.next_ts(),
            **given,
        }
        if given.get("response_type") == "in_channel":
            workspace.add(channel, message)
        else:
            show_ephemeral(workspace, channel, request.path_params["user"], message)
        return Response("ok")

    async def index(_: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await delivery.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", index),
            *oauth.routes,
            Route("/api/{method}", call, methods=["GET", "POST"]),
            Route("/files/{file_id}/{name:path}", download),
            Route("/upload/{file_id}", upload, methods=["POST"]),
            Route("/response/{channel}/{user}", respond, methods=["POST"]),
            WebSocketRoute("/socket", delivery.serve_socket),
            *control.routes,
            *RehearsalModel(settings.model).routes,
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
    )


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
