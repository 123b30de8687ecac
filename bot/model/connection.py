"""One request to Model Studio and the deltas of its response; what fails, fails as one of our errors."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from typing_extensions import override

from bot.conversation.messages import Delta, Finished, FinishReason
from bot.errors import ModelCut, ModelError, ModelStalled, ModelUnavailable
from bot.model.faults import from_body
from bot.model.retry import retry_after
from bot.model.sse import SseDecoder, SseEvent
from bot.model.watchdog import Watchdog
from bot.model.wire import Decoder, Wire

_CONNECT_SECONDS = 10.0
_PROMPT_PIECES = 8
_GULP_SECONDS = 0.1
"""A stream whose first words are through is read in gulps: Slack is shown more once a second at most,
and to take five tokens at a time costs a third of the CPU less than to be woken for each."""
_FULL_GULP = 16 * 1024
"""Bytes that the transport gives at a time: there may be more behind them."""
_MOST_ERROR_BYTES = 64 * 1024
_TAIL_SECONDS = 2.0
"""Behind its last word a stream says what it cost; a server that does not is not waited for."""
_DRAIN_SECONDS = 0.1
"""Behind the end mark the response ends at once, or not for a long time."""
_MIB = 1024 * 1024


def make_http() -> httpx.AsyncClient:
    """An HTTP client with room for thousands of streams at once.

    It speaks through aiohttp's parser, which is written in C: a token costs a third of the CPU
    that httpx's own transport takes. The environment's proxies are left to the admin's network.
    """
    # 0 is aiohttp's word for "no limit"; None would leave its default of 100 connections.
    limits = httpx.Limits(max_connections=0, keepalive_expiry=30)
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS, write=60.0)
    return httpx.AsyncClient(transport=_Transport(limits=limits), timeout=timeout)


class _Transport(AiohttpTransport):
    """Gives its httpx name to the one fault that has none yet: a response that is not HTTP."""

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError("the response is not HTTP", request=request) from error


def request_limit(base_url: str) -> int:
    """The largest request the host takes, in bytes (Model Studio, "Image understanding")."""
    host = urlsplit(base_url).hostname or ""
    return 64 * _MIB if host.endswith(".maas.aliyuncs.com") else 16 * _MIB


def address(base_url: str, path: str) -> str:
    """Where a path of the service is; a server of another kind has its own path, which ends in `/v1`."""
    return base_url + (path.partition("/v1")[2] if base_url.endswith("/v1") else path)


class Connection:
    """The service at one address, with one key."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        api_key: str,
        first_token_seconds: float,
        stall_seconds: float,
    ) -> None:
        self.http = http
        self.base_url = base_url
        self.headers: Mapping[str, str] = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
        }
        self._first_token_seconds = first_token_seconds
        self._stall_seconds = stall_seconds

    @override
    def __repr__(self) -> str:
        return f"Connection({self.base_url!r})"

    async def batches(self, wire: Wire, body: bytes) -> AsyncGenerator[list[Delta], None]:
        """One request; yields the deltas of each piece of the response."""
        watchdog = Watchdog(self._first_token_seconds)
        url = address(self.base_url, wire.path)
        request_id = ""
        try:
            with watchdog:
                headers = {**self.headers, **wire.headers}
                request = self.http.stream("POST", url, content=body, headers=headers)
                response = await request.__aenter__()
                request_id = response.headers.get("x-request-id", "")
                try:
                    if response.status_code != 200:
                        raise refusal(response, await _beginning(response))
                    if response.headers.get("content-type", "").startswith("application/json"):
                        yield await _whole(wire, response)
                        return
                    async with aclosing(_gulps(response)) as pieces:
                        async for batch in self._decode(wire, pieces, watchdog):
                            yield batch
                finally:
                    with suppress(httpx.HTTPError):
                        await request.__aexit__(None, None, None)
        except httpx.HTTPError as error:
            failure = mapped(error)
            failure.request_id = request_id
            raise failure from error
        except ModelError as failure:
            # What breaks in mid-stream does not say of which request it was; its beginning did.
            failure.request_id = failure.request_id or request_id
            raise

    async def _decode(
        self, wire: Wire, pieces: AsyncIterator[bytes], watchdog: Watchdog
    ) -> AsyncGenerator[list[Delta], None]:
        events, decoder = SseDecoder(), wire.decoder()
        is_over = False
        while not (decoder.is_done or is_over):
            watchdog.is_waiting = not decoder.is_complete
            try:
                received = events.feed(await _next(pieces, is_last=decoder.is_complete))
            except StopAsyncIteration:
                received, is_over = events.end(), True
            except (httpx.HTTPError, TimeoutError):
                if not decoder.is_complete:
                    raise
                received, is_over = [], True
            watchdog.is_waiting = False
            if received:
                watchdog.saw_data(self._stall_seconds)
            deltas, failure = _read(decoder, received)
            if deltas:
                yield deltas
            if failure is not None:
                raise failure
        if not decoder.is_complete:
            raise ModelCut("the stream ended without an end mark")
        yield decoder.end()
        await _drain(pieces)


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read to the very end: only then the connection serves the next request, without a handshake."""
    with suppress(TimeoutError, StopAsyncIteration, httpx.HTTPError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while True:
                await anext(pieces)


async def _gulps(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The bytes of a stream, the first of them as they come."""
    # The stream itself, not `aiter_raw`: each layer in between costs as much as a token.
    number = 0
    async for piece in cast(httpx.AsyncByteStream, response.stream):
        yield piece
        number += 1
        if number > _PROMPT_PIECES and len(piece) < _FULL_GULP:
            await asyncio.sleep(_GULP_SECONDS)


async def _next(pieces: AsyncIterator[bytes], *, is_last: bool) -> bytes:
    """The next bytes; once the answer is complete, only what comes at once is waited for."""
    if not is_last:
        return await anext(pieces)
    async with asyncio.timeout(_TAIL_SECONDS):
        return await anext(pieces)


def _read(decoder: Decoder, events: list[SseEvent]) -> tuple[list[Delta], ModelError | None]:
    """What events say, and the failure among them: the words before it have been said."""
    deltas: list[Delta] = []
    for event in events:
        try:
            deltas += decoder.feed(event)
        except ModelError as failure:
            return deltas, failure
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            nonsense = ModelUnavailable(f"an event that makes no sense: {error}")
            nonsense.__cause__ = error
            return deltas, nonsense
    return deltas, None


async def _whole(wire: Wire, response: httpx.Response) -> list[Delta]:
    """An answer that came at once, though a stream was asked for: some servers have only that.

    At its time limit the service gives what there is, and says so in a header: as good as an answer
    that has reached the output limit ("Text generation", partial responses).
    """
    body = b"".join([piece async for piece in response.aiter_raw()])
    decoder = wire.decoder()
    deltas, failure = _read(decoder, [SseEvent("", body)])
    if failure is not None:
        raise failure
    is_partial = response.headers.get("x-dashscope-partialresponse", "").lower() == "true"
    if decoder.is_complete:
        return deltas + decoder.end()
    if is_partial and deltas:
        rest = [one for one in decoder.end() if not isinstance(one, Finished)]
        request_id = response.headers.get("x-request-id", "")
        return [*deltas, *rest, Finished(reason=FinishReason.LENGTH, request_id=request_id)]
    raise ModelCut("the answer came whole, but without an end")


async def _beginning(response: httpx.Response) -> bytes:
    """The body of a refusal, as far as it is of a reasonable size."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > _MOST_ERROR_BYTES:
            break
    return bytes(body)


def refusal(response: httpx.Response, body: bytes) -> ModelError:
    """The error that a response of another status than 200 stands for."""
    return from_body(
        response.status_code,
        body,
        request_id=response.headers.get("x-request-id", ""),
        retry_after=retry_after(response.headers, now=datetime.now(UTC)),
    )


def mapped(error: httpx.HTTPError) -> ModelError:
    """Every way a transport can fail, as one of ours."""
    match error:
        case httpx.RemoteProtocolError() | httpx.ReadError():
            return ModelCut(f"{type(error).__name__}: {error}")
        case httpx.ReadTimeout():
            return ModelStalled(str(error))
        case _:
            return ModelUnavailable(f"{type(error).__name__}: {error}")
