"""What we serve over HTTP beside Slack's events: are we alive, are we ready, how are we doing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.telemetry import metrics

_CHECK_SECONDS = 5.0

Check = Callable[[], Awaitable[bool]]
Measure = Callable[[], Awaitable[None]]


def make_web(
    routes: Sequence[BaseRoute],
    checks: Mapping[str, Check],
    shown: Mapping[str, Check],
    measure: Measure | None = None,
) -> Starlette:
    """The HTTP side of a process.

    `checks` say by name whether each part is ready; those in `shown` are told and decide nothing.
    `measure` brings gauges up to date before they are read.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readyz(_: Request) -> Response:
        parts = await _state({**checks, **shown})
        ready = all(parts[name] for name in checks)
        return JSONResponse({"ok": ready, **parts}, status_code=200 if ready else 503)

    async def measured(_: Request) -> Response:
        for name, holds in (await _state({**checks, **shown})).items():
            metrics.parts.labels(name).set(holds)
        if measure is not None:
            with suppress(Exception):  # the rest is worth reading when the database is away
                await measure()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            *routes,
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", measured),
        ]
    )


async def _state(checks: Mapping[str, Check]) -> dict[str, bool]:
    holds = await asyncio.gather(*(_holds(check) for check in checks.values()))
    return dict(zip(checks, holds, strict=True))


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check()
    except Exception:  # noqa: BLE001  whatever it is, the part is not ready
        return False
