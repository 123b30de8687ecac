"""How events reach the bot: signed HTTP requests or Socket Mode, with Slack's patience and retries."""

import asyncio
import hashlib
import hmac
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.playground.slack.workspace import Workspace

_ACK_SECONDS = 3.0
_RETRY_PAUSES = (0.05, 60.0, 300.0)
_LOGGED = 2_000
_ACKED = "acked"
_ACKED_LATE = "acked, once somebody was there"
_PATIENCE_SECONDS = 30.0
"""So long an event waits for the bot to connect: it may just be starting."""

Payload = dict[str, Any]


class Delivery:
    """Sends what happens to the bot; an answer is what the bot acked with."""

    def __init__(self, workspace: Workspace, *, request_url: str | None, secret: str) -> None:
        self.events: deque[Payload] = deque(maxlen=_LOGGED)
        self.on_event: Callable[[Payload], None] = lambda _: None
        self._workspace = workspace
        self._request_url = request_url
        self._secret = secret
        self._sockets: list[WebSocket] = []
        self._has_socket = asyncio.Event()
        self._acks: dict[str, asyncio.Future[Payload]] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Payload | None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End everything under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def emit(self, event: Payload, **envelope: Any) -> None:
        """Send an event of the Events API, if the app is told of it; nobody waits for it."""
        if self._workspace.app.hears(event):
            self.deliver(event, **envelope)

    def deliver(self, event: Payload, **envelope: Any) -> None:
        """Send an event, whatever the app has subscribed to."""
        body = {
            "token": "playground",
            "team_id": self._workspace.team_id,
            "api_app_id": self._workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._workspace.next_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._workspace.team_id,
                    "user_id": self._workspace.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            **envelope,
        }
        self.start(self.send("events_api", body, name=str(event.get("type"))))

    def start(self, sending: Awaitable[Payload | None]) -> None:
        """Let a delivery go on in the background."""
        task = asyncio.ensure_future(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, kind: str, body: Payload, *, name: str) -> Payload | None:
        """Deliver and return the answer; None when Slack would have given up."""
        for attempt, pause in enumerate((0.0, *_RETRY_PAUSES)):
            await asyncio.sleep(pause)
            began = time.perf_counter()
            answer, status = await self._try(kind, body, attempt)
            self._log(name, body, attempt, status, began)
            if answer is not None or kind != "events_api":
                return answer
        return None

    async def _try(self, kind: str, body: Payload, attempt: int) -> tuple[Payload | None, str]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                if self._request_url is None:
                    return await self._by_socket(kind, body, attempt)
                return await self._by_http(kind, body, attempt)
        except TimeoutError:
            return None, "nobody there"

    async def _by_socket(
        self, kind: str, body: Payload, attempt: int
    ) -> tuple[Payload | None, str]:
        nobody_was_there = not self._sockets
        while not self._sockets:
            self._has_socket.clear()
            await self._has_socket.wait()
        socket = self._sockets[0]
        self._sockets = [*self._sockets[1:], socket]  # each envelope goes to one connection
        envelope_id = self._workspace.next_id("envelope-")
        envelope: Payload = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": body,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        ack: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = ack
        try:
            await socket.send_text(orjson.dumps(envelope).decode())
            async with asyncio.timeout(_ACK_SECONDS):
                return await ack, _ACKED_LATE if nobody_was_there else _ACKED
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return None, "no ack"
        finally:
            self._acks.pop(envelope_id, None)

    async def _by_http(self, kind: str, body: Payload, attempt: int) -> tuple[Payload | None, str]:
        data, content_type = _encoded(kind, body)
        stamp = str(int(time.time()))
        base = f"v0:{stamp}:".encode() + data
        signature = hmac.new(self._secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"}
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ACK_SECONDS))
        try:
            posted = self._session.post(str(self._request_url), data=data, headers=headers)
            async with posted as response:
                text = await response.text()
                if response.status != 200:
                    return None, f"HTTP {response.status}"
                return _parsed(text), "HTTP 200"
        except (aiohttp.ClientError, TimeoutError) as error:
            return None, type(error).__name__

    def _log(self, name: str, body: Payload, attempt: int, status: str, began: float) -> None:
        entry = {
            "n": next(self._numbers),
            "type": name,
            "body": body,
            "attempt": attempt,
            "delivered": status in {_ACKED, _ACKED_LATE, "HTTP 200"},
            "status": status,
            "at": time.time(),
            "ms": round((time.perf_counter() - began) * 1000, 2),
        }
        self.events.append(entry)
        self.on_event(entry)

    async def serve_socket(self, socket: WebSocket) -> None:
        """One Socket Mode connection, from hello to its end."""
        await socket.accept()
        hello = {
            "type": "hello",
            "num_connections": len(self._sockets) + 1,
            "connection_info": {"app_id": self._workspace.app_id},
            "debug_info": {"host": "playground", "approximate_connection_time": 18_000},
        }
        await socket.send_text(orjson.dumps(hello).decode())
        self._sockets.append(socket)
        self._has_socket.set()
        self._tell_connection()
        try:
            while True:
                message = orjson.loads(await socket.receive_text())
                ack = self._acks.get(message.get("envelope_id", ""))
                if ack is not None and not ack.done():
                    ack.set_result(message.get("payload") or {})
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._sockets.remove(socket)
            self._tell_connection()

    async def refresh(self) -> None:
        """Ask every connection to come again, as Slack does every few hours."""
        for socket in list(self._sockets):
            with suppress(RuntimeError, WebSocketDisconnect):  # it has just gone by itself
                await socket.send_text('{"type":"disconnect","reason":"refresh_requested"}')

    @property
    def connected(self) -> bool:
        """Whether the bot can be reached, as far as that can be told."""
        return bool(self._sockets) or self._request_url is not None

    def _tell_connection(self) -> None:
        self._workspace.tell(None, {"type": "bot", "connected": self.connected})


def _encoded(kind: str, body: Payload) -> tuple[bytes, str]:
    """Events are JSON; commands are a form; clicks are JSON inside a form."""
    if kind == "events_api":
        return orjson.dumps(body), "application/json"
    form = body if kind == "slash_commands" else {"payload": orjson.dumps(body).decode()}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _parsed(text: str) -> Payload:
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}
