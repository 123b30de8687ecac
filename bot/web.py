"""What we serve over HTTP beside Slack's events: are we alive, are we ready, how are we doing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

Check = Callable[[], Awaitable[bool]]


def make_web(routes: Sequence[BaseRoute], checks: Mapping[str, Check]) -> Starlette:
    """The HTTP side of a process; `checks` say by name whether each part is ready."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readyz(_: Request) -> Response:
        parts = {name: await _holds(check) for name, check in checks.items()}
        ready = all(parts.values())
        return JSONResponse({"ok": ready, **parts}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            *routes,
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


async def _holds(check: Check) -> bool:
    try:
        return await check()
    except Exception:  # noqa: BLE001  whatever it is, the part is not ready
        return False
