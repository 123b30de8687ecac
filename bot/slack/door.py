"""How Slack reaches us: signed HTTP requests, or Socket Mode."""

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message
from typing_extensions import override

from bot.telemetry.log import get_logger

log = get_logger("slack")

_RECONNECT_PAUSES = (0.5, 1, 2, 5, 10)
_PING_SECONDS = 5.0
_MOST_BYTES = 4 * 2**20
_BODY_SECONDS = 3.0
"""Slack itself waits no longer for the answer."""
_STAMP = re.compile(r"[0-9]{1,12}")


def http_route(app: AsyncApp) -> Route:
    """`/slack/events`: events, commands and interactivity alike.

    Slack looks at our certificate from time to time with `ssl_check`, unsigned, by POST or by GET
    ("Slash commands"): that is answered, and nothing else comes of it.
    """
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        if request.method != "POST":
            is_check = request.query_params.get("ssl_check") == "1"
            return PlainTextResponse("", status_code=200 if is_check else 405)
        if not _may_be_signed(request):
            return PlainTextResponse("invalid request", status_code=401)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                whole = await _received(request)
        except TimeoutError:
            return PlainTextResponse("too slow", 408, headers={"Connection": "close"})
        if whole is None:
            return PlainTextResponse("too large", 413, headers={"Connection": "close"})
        try:
            return await handler.handle(whole)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            # Bolt reads the body before it looks at the signature; errors later on are its own.
            log.info("unreadable request", reason=type(error).__name__)
            return PlainTextResponse("invalid request", status_code=400)

    return Route("/slack/events", receive, methods=["GET", "POST"])


async def _received(request: Request) -> Request | None:
    """The request with its body read; None where that is larger than anything Slack sends.

    Whoever sends it is not known before the whole of it is here.
    """
    body = bytearray()
    with suppress(ClientDisconnect):  # what is missing is missed by the signature
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                return None

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, receive)


def _may_be_signed(request: Request) -> bool:
    """Whether Bolt can judge the signature, or its absence; on others it would fail with a 500
    ("Verifying requests from Slack").
    """
    stamp = request.headers.get("x-slack-request-timestamp", "0")
    signature = request.headers.get("x-slack-signature", "")
    return signature.isascii() and _STAMP.fullmatch(stamp) is not None


class Socket:
    """Socket Mode connections, each made again whenever it ends ("Using Socket Mode").

    Slack has them renewed every few hours, and gives each event to one of them. They are renewed
    one after the other, so that with two of them there is always one that hears.
    """

    def __init__(
        self, app: AsyncApp, *, app_token: str, client: AsyncWebClient, connections: int
    ) -> None:
        web_client = AsyncWebClient(base_url=client.base_url, session=client.session)
        self._handlers = [
            AsyncSocketModeHandler(
                app,
                app_token,
                logger=_socket_logger(),
                web_client=web_client,
                ping_interval=_PING_SECONDS,
            )
            for _ in range(connections)
        ]
        renewing = asyncio.Lock()
        for handler in self._handlers:
            handler.client.connect_operation_lock = renewing

    async def open(self) -> None:
        """Connect, however often it takes. The SDK reconnects by itself afterwards."""
        await asyncio.gather(*(_connect(handler) for handler in self._handlers))

    async def is_connected(self) -> bool:
        """Whether Slack can reach us now."""
        for handler in self._handlers:
            if await handler.client.is_connected():
                return True
        return False

    async def close(self) -> None:
        """Disconnect; the SDK's own close can hang, ours can't."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.gather(*(handler.close_async() for handler in self._handlers))  # type: ignore[no-untyped-call]


class _Calm(logging.Filter):
    """The SDK tries again by itself where Slack opens no connection, and tells each time by a
    stack trace: a sentence does.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage()
        if told.startswith("Failed to connect") and record.exc_info:
            error = record.exc_info[1]
            reason: Any = type(error).__name__
            if isinstance(error, SlackApiError):
                reason = error.response.get("error")
            log.warning("socket mode: no connection; `bot check` says more", reason=reason)
        return not told.startswith(("Failed to connect", "Failed to retrieve WSS URL"))


_CALM = _Calm()


def _socket_logger() -> logging.Logger:
    logger = logging.getLogger("slack_bolt.socket")
    logger.addFilter(_CALM)
    return logger


async def _connect(handler: AsyncSocketModeHandler) -> None:
    attempt = 0
    while True:
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            log.info("socket mode connected")
            return
        except Exception as error:  # noqa: BLE001  the SDK raises whatever its parts raise
            pause = _RECONNECT_PAUSES[min(attempt, len(_RECONNECT_PAUSES) - 1)]
            log.warning("socket mode: no connection", error=str(error), again_in=pause)
            attempt += 1
            await asyncio.sleep(pause)
