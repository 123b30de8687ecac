"""What we serve over HTTP beside Slack's events: are we alive, are we ready, how are we doing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.errors import ThreadwiseError
from bot.telemetry import metrics

_CHECK_SECONDS = 5.0

Check = Callable[[], Awaitable[bool]]
Measure = Callable[[], Awaitable[None]]


class _Part(NamedTuple):
    """How a part of the process is, and why it is not well, if that is known."""

    holds: bool
    reason: str = ""


def make_web(
    routes: Sequence[BaseRoute],
    checks: Mapping[str, Check],
    shown: Mapping[str, Check],
    measure: Measure | None = None,
) -> Starlette:
    """The HTTP side of a process.

    `checks` say by name whether each part is ready, or raise the reason why not; those in `shown` are told and decide nothing.
    `measure` brings gauges up to date before they are read.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readyz(_: Request) -> Response:
        parts = await _state({**checks, **shown})
        ready = all(parts[name].holds for name in checks)
        told: dict[str, Any] = {"ok": ready} | {name: one.holds for name, one in parts.items()}
        if reasons := {name: one.reason for name, one in parts.items() if one.reason}:
            told["why"] = reasons
        return JSONResponse(told, status_code=200 if ready else 503)

    async def measured(_: Request) -> Response:
        for name, part in (await _state({**checks, **shown})).items():
            metrics.parts.labels(name).set(part.holds)
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


async def _state(checks: Mapping[str, Check]) -> dict[str, _Part]:
    parts = await asyncio.gather(*(_part(check) for check in checks.values()))
    return dict(zip(checks, parts, strict=True))


async def _part(check: Check) -> _Part:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return _Part(await check())
    except ThreadwiseError as error:
        return _Part(holds=False, reason=str(error))
    except Exception:  # noqa: BLE001  whatever it is, the part is not ready
        return _Part(holds=False)
