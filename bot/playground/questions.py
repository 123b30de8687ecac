"""How the page and the tests speak to the playground: small JSON questions and answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.playground.slack.workspace import Refusal

Handler = Callable[[Request], Awaitable[Any]]


def route(name: str, handler: Handler, *, method: str = "GET") -> Route:
    """A route under /playground whose refusals are 400, with the reason in `error`."""

    async def answer(request: Request) -> Response:
        try:
            return _json(await handler(request), 200)
        except Refusal as refusal:
            return _json({"error": refusal.code, **refusal.more}, 400)
        except (KeyError, orjson.JSONDecodeError) as missing:
            return _json({"error": f"missing or malformed: {missing}"}, 400)

    return Route(f"/playground/{name}", answer, methods=[method])


async def body(request: Request) -> dict[str, Any]:
    """What was posted, as JSON."""
    data = await request.body()
    found: dict[str, Any] = orjson.loads(data) if data else {}
    return found


def origin(request: Request) -> str:
    """The playground's own address, as whoever asks knows it."""
    return str(request.base_url).rstrip("/")


def _json(content: Any, status: int) -> Response:
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")
