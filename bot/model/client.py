"""The client of Model Studio: sends a prompt, yields deltas, and knows every way it can go wrong.

Requests are retried only before the first delta. Silence is timed between events that carry data,
since the service keeps dead connections warm with comments.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import cast
from urllib.parse import urlsplit

import httpx
import orjson
from httpx_aiohttp import AiohttpTransport
from typing_extensions import override

from bot import metrics
from bot.conversation.messages import Delta, Prompt, Text, UserTurn
from bot.errors import ModelCut, ModelError, ModelStalled, ModelUnavailable
from bot.model import chat
from bot.model.catalogue import lookup
from bot.model.faults import from_body
from bot.model.retry import retry_delay
from bot.model.sse import SseDecoder

_CONNECT_SECONDS = 10.0
_MOST_ERROR_BYTES = 64 * 1024
_MIB = 1024 * 1024


def make_http() -> httpx.AsyncClient:
    """An HTTP client with room for thousands of streams at once.

    It speaks through aiohttp's parser, which is written in C: a token costs a third of the CPU
    that httpx's own transport takes. The environment's proxies are left to the admin's network.
    """
    # 0 is aiohttp's word for "no limit"; None would leave its default of 100 connections.
    limits = httpx.Limits(max_connections=0, keepalive_expiry=30)
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS, write=60.0)
    return httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=timeout)


def request_limit(base_url: str) -> int:
    """The largest request the host takes, in bytes (Model Studio, "Image understanding")."""
    host = urlsplit(base_url).hostname or ""
    return 64 * _MIB if host.endswith(".maas.aliyuncs.com") else 16 * _MIB


class ModelClient:
    """Implements `conversation.ports.Model` over HTTP."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        api_key: str,
        first_token_seconds: float = 120.0,
        stall_seconds: float = 60.0,
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
        }
        self._first_token_seconds = first_token_seconds
        self._stall_seconds = stall_seconds

    @override
    def __repr__(self) -> str:
        return f"ModelClient({self._base_url!r})"

    def continues(self, model: str) -> bool:
        """Whether that model goes on from `Prompt.prefix`."""
        return lookup(model).prefix

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        """Yield the answer as it is written; `Finished` comes last. Raises ModelError."""
        body = orjson.dumps(chat.encode(prompt, lookup(prompt.model)))
        began = time.monotonic()
        failed = 0
        while True:
            has_begun = False
            try:
                async with aclosing(self._batches(body)) as batches:
                    async for batch in batches:
                        for delta in batch:
                            has_begun = True
                            yield delta
                metrics.model_calls.labels("ok").inc()
                return
            except ModelError as error:
                metrics.model_calls.labels(type(error).__name__).inc()
                failed += 1
                elapsed = time.monotonic() - began
                jitter = random.random()  # noqa: S311  no secret depends on it
                pause = retry_delay(error, failed=failed, elapsed=elapsed, jitter=jitter)
                if has_begun or pause is None:
                    raise
                await asyncio.sleep(pause)

    async def check(self, model: str) -> None:
        """Ask for one token, exactly as the bot asks for many. Raises ModelError."""
        hello = UserTurn(parts=(Text(text="Say hi."),))
        prompt = Prompt(system="Answer briefly.", entries=(hello,), model=model, max_tokens=1)
        async for _ in self.stream(prompt):
            pass

    async def _batches(self, body: bytes) -> AsyncGenerator[list[Delta], None]:
        """One request; yields the deltas of each piece of the response."""
        watchdog = _Watchdog(self._first_token_seconds)
        url = self._base_url + chat.PATH
        try:
            with watchdog:
                request = self._http.stream("POST", url, content=body, headers=self._headers)
                response = await request.__aenter__()
                try:
                    if response.status_code != 200:
                        raise await _refusal(response)
                    async for batch in self._decode(response, watchdog):
                        yield batch
                finally:
                    with suppress(httpx.HTTPError):
                        await request.__aexit__(None, None, None)
        except httpx.HTTPError as error:
            raise _mapped(error) from error

    async def _decode(
        self, response: httpx.Response, watchdog: "_Watchdog"
    ) -> AsyncGenerator[list[Delta], None]:
        events, decoder = SseDecoder(), chat.Decoder()
        # The stream itself, not `aiter_raw`: each layer in between costs as much as a token.
        pieces = aiter(cast(httpx.AsyncByteStream, response.stream))
        is_over = False
        while not (decoder.is_done or is_over):
            watchdog.is_waiting = True
            try:
                received = events.feed(await anext(pieces))
            except StopAsyncIteration:
                received, is_over = events.end(), True
            except httpx.HTTPError:
                if not decoder.is_complete:
                    raise
                received, is_over = [], True
            watchdog.is_waiting = False
            deltas: list[Delta] = []
            for event in received:
                deltas += decoder.feed(event)
            if received:
                watchdog.saw_data(self._stall_seconds)
            if deltas:
                yield deltas
        if not decoder.is_complete:
            raise ModelCut("the stream ended without an end mark")
        yield decoder.end()


class _Watchdog:
    """Ends a wait that has brought no data for too long. One timer a stream, not one a token."""

    def __init__(self, seconds: float) -> None:
        self.is_waiting = True
        """Whether we wait for the service; while others keep us, its silence does not count."""
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._last = self._loop.time()
        self._task = asyncio.current_task()
        self._has_barked = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> "_Watchdog":
        self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._has_barked or kind is not asyncio.CancelledError:
            return
        if self._task is not None and self._task.uncancel():
            return  # somebody else has cancelled us as well
        raise ModelStalled(f"no data for {self._seconds:g} s")

    def saw_data(self, seconds: float) -> None:
        """Data has come; the next may take so many seconds."""
        self._last = self._loop.time()
        if seconds != self._seconds and self._timer is not None:
            self._seconds = seconds
            self._timer.cancel()
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        silent = self._loop.time() - self._last
        if silent < self._seconds or not self.is_waiting:
            pause = max(self._seconds - silent, 0.05)
            self._timer = self._loop.call_later(pause, self._look)
            return
        self._has_barked = True
        if self._task is not None:
            self._task.cancel()


async def _refusal(response: httpx.Response) -> ModelError:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > _MOST_ERROR_BYTES:
            break
    raw = response.headers.get("retry-after", "")
    retry_after = float(raw) if raw.replace(".", "", 1).isdigit() else None
    request_id = response.headers.get("x-request-id", "")
    return from_body(
        response.status_code, bytes(body), request_id=request_id, retry_after=retry_after
    )


def _mapped(error: httpx.HTTPError) -> ModelError:
    """Every way a transport can fail, as one of ours."""
    match error:
        case httpx.RemoteProtocolError() | httpx.ReadError():
            return ModelCut(f"{type(error).__name__}: {error}")
        case httpx.ReadTimeout():
            return ModelStalled(str(error))
        case _:
            return ModelUnavailable(f"{type(error).__name__}: {error}")
