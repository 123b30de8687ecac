"""The client against a real server that does what servers do."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    Image,
    Prompt,
    Text,
    TextDelta,
    UserTurn,
    Waiting,
)
from bot.conversation.spending import Spending, count_in
from bot.errors import (
    ContentRefused,
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelStalled,
    ModelUnavailable,
    PromptTooLong,
)
from bot.model import chat, connection, retry
from bot.model.allowance import TokenBuckets
from bot.model.client import ModelClient
from bot.model.connection import Connection, make_http, mapped, request_limit
from tests.playground import nobody_at

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]
PROMPT = Prompt(system="s", entries=(UserTurn(parts=(Text(text="hi"),)),), model="qwen3.7-plus")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
END = b"data: [DONE]\n\n"


def _text(text: str, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish, "index": 0}
    return b"data: " + orjson.dumps({"choices": [choice], "id": "chatcmpl-1"}) + b"\n\n"


def _refusal(status: int, code: str, **headers: str) -> Serve:
    body = orjson.dumps({"error": {"message": "no", "code": code}})
    lines = [f"HTTP/1.1 {status} No", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return serve


def _answer(*pieces: bytes, hold: bool = False) -> Serve:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if hold:
            await asyncio.sleep(30)

    return serve


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return await reader.readexactly(int(length[1]) if length else 0)


class Server:
    """Answers each connection with the next of its scripts."""

    def __init__(self, *scripts: Serve) -> None:
        self.requests = 0
        self.bodies: list[bytes] = []
        self.handlers: list[asyncio.Task[None] | None] = []
        self.came = asyncio.Event()
        self.gone = asyncio.Event()
        self._scripts = scripts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.handlers.append(asyncio.current_task())
        self.bodies.append(await _body(reader))
        script = self._scripts[min(self.requests, len(self._scripts) - 1)]
        self.requests += 1
        self.came.set()
        serving = asyncio.ensure_future(script(writer))
        leaving = asyncio.ensure_future(self._left(reader))
        await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        leaving.cancel()
        await asyncio.wait({serving, leaving})
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _left(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(4096):
            pass
        self.gone.set()


@asynccontextmanager
async def serving(*scripts: Serve, **options: Any) -> AsyncIterator[tuple[Server, ModelClient]]:
    server = Server(*scripts)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with make_http() as http:
        url = f"http://127.0.0.1:{port}"
        yield server, ModelClient(http, base_url=url, api_key="sk-secret", **options)
    listening.close()
    await asyncio.gather(*(one for one in server.handlers if one), return_exceptions=True)


async def _all(client: ModelClient, model: str = "qwen3.7-plus") -> list[Delta]:
    return [delta async for delta in client.stream(replace(PROMPT, model=model))]


def _said(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


async def test_characters_cut_by_the_network_arrive_whole() -> None:
    stream = _text("你好\u2028🙂") + _text("", "stop") + END
    async with serving(_answer(*(stream[n : n + 1] for n in range(len(stream))))) as (_, client):
        deltas = await _all(client)

    assert _said(deltas) == "你好\u2028🙂"
    assert isinstance(deltas[-1], Finished)


async def test_done_ends_it_even_if_the_connection_stays_open() -> None:
    async with serving(_answer(_text("a", "stop"), END, hold=True)) as (_, client):
        assert _said(await _all(client)) == "a"


async def test_one_connection_serves_one_answer_after_another() -> None:
    """A handshake costs more than anything else before the first word."""
    connections = 0
    stream = _text("a", "stop") + END
    chunked = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError):
            while await _body(reader):
                writer.write(chunked + b"%x\r\n%b\r\n" % (len(stream), stream))
                await asyncio.sleep(0)
                writer.write(b"0\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, make_http() as http:
        client = ModelClient(http, base_url=f"http://127.0.0.1:{port}", api_key="k")
        for _ in range(3):
            assert _said(await _all(client)) == "a"
    assert connections == 1


async def test_a_whole_answer_is_not_held_back_by_a_server_that_says_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_TAIL_SECONDS", 0.05)
    async with serving(_answer(_text("a", "stop"), hold=True)) as (_, client):
        assert _said(await _all(client)) == "a"


async def test_words_that_came_with_a_failure_are_kept() -> None:
    """However the network joins them: what was said before the failure is not asked for again."""
    failure = b'data: {"error":{"code":"data_inspection_failed","message":"Output data"}}\n\n'
    async with serving(_answer(_text("a") + failure)) as (server, client):
        stream = client.stream(PROMPT)
        assert await anext(stream) == TextDelta("a")
        with pytest.raises(ContentRefused):
            await anext(stream)
        assert server.requests == 1


async def test_a_model_that_stands_in_is_shown_only_what_it_sees() -> None:
    picture = Image(name="a.png", media_type="image/png", data=b"x", width=9, height=9)
    prompt = replace(PROMPT, entries=(UserTurn(parts=(Text(text="hi"), picture)),))
    busy = _refusal(429, "limit_requests", Retry_After="60")
    good = _answer(_text("a", "stop"), END)
    async with serving(busy, good, fallbacks=("qwen-plus",)) as (server, client):
        assert _said([delta async for delta in client.stream(prompt)]) == "a"
    assert b"data:image" in server.bodies[0]
    assert b"a.png: I can't see images" in server.bodies[1]


async def test_an_end_without_a_mark_is_a_cut_unless_the_reason_came() -> None:
    async with serving(_answer(_text("a"))) as (server, client):
        with pytest.raises(ModelCut):
            await _all(client)
        assert server.requests == 1, "what has begun is not begun again"
    async with serving(_answer(_text("a", "stop"))) as (_, client):
        assert _said(await _all(client)) == "a"


async def test_comments_are_no_sign_of_life() -> None:
    async def warm(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + _text("a"))
        while True:
            writer.write(b": keep-alive\n\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(warm, stall_seconds=0.15) as (_, client):
        with pytest.raises(ModelStalled):
            await _all(client)


async def test_a_first_word_that_does_not_come_is_a_stall() -> None:
    async with serving(_answer(hold=True), first_token_seconds=0.1) as (_, client):
        with pytest.raises(ModelStalled):
            await _all(client)


async def test_passing_faults_before_the_first_word_are_tried_again() -> None:
    good = _answer(_text("a", "stop"), END)
    busy = _refusal(429, "limit_requests", Retry_After="0")
    async with serving(busy, _refusal(503, "x", Retry_After="0"), good) as (server, client):
        assert _said(await _all(client)) == "a"
        assert server.requests == 3
    async with serving(busy) as (server, client):
        with pytest.raises(ModelBusy):
            await _all(client)
        assert server.requests == 3


async def test_lasting_faults_are_not_tried_again() -> None:
    async with serving(_refusal(401, "invalid_api_key")) as (server, client):
        with pytest.raises(ModelMisconfigured) as raised:
            await client.check("qwen3.7-plus")
        assert server.requests == 1
    assert "sk-secret" not in repr(client) + repr(raised.value)


async def test_redirects_are_not_followed() -> None:
    async with serving(_refusal(302, "", Location="http://127.0.0.1:1/")) as (_, client):
        with pytest.raises(ModelMisconfigured):
            await _all(client)


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000,
        HEAD + b'data: {"choices":"x"}\n\n',
        HEAD + b'data: {"choices":[{"delta":{"tool_calls":[null]}}]}\n\n',
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[]",
    ],
    ids=lambda sent: str(sent)[-30:],
)
async def test_nonsense_is_a_failure_of_the_model(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0)

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(sent)

    async with serving(serve) as (server, client):
        with pytest.raises((ModelCut, ModelUnavailable)):
            await _all(client)
        assert server.requests == 3


async def test_nobody_there_is_said_so() -> None:
    with nobody_at() as nowhere:
        async with make_http() as http:
            nobody = Connection(
                http,
                base_url=nowhere,
                api_key="k",
                first_token_seconds=5,
                stall_seconds=5,
            )
            with pytest.raises(ModelUnavailable):
                await anext(nobody.batches(chat.WIRE, b"{}"))


async def test_whoever_stops_listening_closes_the_connection() -> None:
    async with serving(_answer(_text("a"), hold=True)) as (server, client):
        reading = asyncio.create_task(_all(client))
        await asyncio.wait_for(server.came.wait(), 30)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.wait_for(server.gone.wait(), 30)


def test_every_error_of_the_transport_ismapped() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.TransportError)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        error: Any = kind("x")
        assert isinstance(mapped(error), ModelError)


def test_the_request_limit_follows_the_host() -> None:
    assert request_limit("https://ws-1.cn-beijing.maas.aliyuncs.com") == 64 * 1024 * 1024
    assert request_limit("https://dashscope.aliyuncs.com") == 16 * 1024 * 1024


def _json(body: dict[str, Any], **headers: str) -> Serve:
    encoded = orjson.dumps(body)
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", "Connection: close"]
    lines += [f"Content-Length: {len(encoded)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + encoded)

    return serve


async def test_a_server_that_does_not_stream_is_understood() -> None:
    choice = {"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    async with serving(_json(body)) as (_, client):
        deltas = await _all(client)

    assert _said(deltas) == "hi"
    assert isinstance(deltas[-1], Finished)


async def test_what_a_server_gives_at_its_time_limit_can_be_continued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0)
    choice = {"message": {"role": "assistant", "content": "half"}, "finish_reason": None}
    async with serving(_json({"choices": [choice]}, x_dashscope_partialresponse="true")) as (
        _,
        client,
    ):
        deltas = await _all(client)
    assert _said(deltas) == "half"
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.LENGTH

    async with serving(_json({"choices": [choice]})) as (_, client):
        with pytest.raises(ModelCut):
            await _all(client)


async def test_a_request_too_large_for_the_host_is_not_sent() -> None:
    picture = Image(
        name="a", media_type="image/png", data=b"x" * 13 * 1024 * 1024, width=9, height=9
    )
    prompt = replace(PROMPT, entries=(UserTurn(parts=(picture,)),))
    async with serving(_answer(_text("a", "stop"), END)) as (server, client):
        with pytest.raises(PromptTooLong):
            await anext(client.stream(prompt))
        assert server.requests == 0


async def test_another_model_stands_in_for_one_that_is_busy() -> None:
    count_in(spending := Spending())
    busy = _refusal(429, "limit_requests", Retry_After="60")
    async with serving(busy, _answer(_text("a", "stop"), END), fallbacks=("qwen-flash",)) as (
        server,
        client,
    ):
        await _all(client)
        assert spending.model == "qwen-flash"
        assert server.requests == 2
    async with serving(_refusal(401, "invalid_api_key"), fallbacks=("qwen-flash",)) as (
        server,
        client,
    ):
        with pytest.raises(ModelMisconfigured):
            await _all(client)
        assert server.requests == 1, "a wrong key is wrong for all"


async def test_each_request_costs_what_its_own_length_says() -> None:
    usage = {"prompt_tokens": 200_000, "completion_tokens": 1_000}
    counted = b"data: " + orjson.dumps({"choices": [], "usage": usage}) + b"\n\n"
    priced, unpriced = "qwen3.6-plus", "qwen3.7-plus"
    count_in(spending := Spending())
    async with serving(_answer(_text("a", "stop"), counted, END)) as (_, client):
        for _ in range(2):
            await _all(client, priced)
        cost = spending.cost
        await _all(client, unpriced)

    assert cost is not None
    assert cost.amount == pytest.approx(2 * (0.4 + 0.012)), "both are below the tier's limit"
    assert spending.usage is not None
    assert spending.usage.input_tokens == 600_000
    assert spending.cost is None, "one of them has no price that we know"


async def test_a_model_that_stands_in_is_asked_when_our_share_is_used_up() -> None:
    allowance = TokenBuckets(requests_a_minute=1, tokens_a_minute=0, longest=0.05)
    good = _answer(_text("a", "stop"), END)
    async with serving(good, allowance=allowance, fallbacks=("qwen-flash",)) as (_, client):
        count_in(spending := Spending())
        models = [spending.model for _ in range(3) if await _all(client)]

    assert models == ["qwen3.7-plus", "qwen3.7-plus", "qwen-flash"]


@pytest.mark.parametrize("limited", ["by our share", "by the service"])
async def test_of_a_request_that_waits_for_long_its_asker_is_told(limited: str) -> None:
    answer = _answer(_text("a", "stop"), END)
    busy = _refusal(429, "rate_limit_exceeded", retry_after_ms="300")
    scripts = (answer, answer, answer) if limited == "by our share" else (answer, busy, answer)
    rate = 120 if limited == "by our share" else 0
    allowance = TokenBuckets(requests_a_minute=rate, tokens_a_minute=0)
    async with serving(*scripts, allowance=allowance, patience_seconds=0.1) as (_, client):
        deltas = [await _all(client) for _ in range(5)]

    told = [one for one in deltas if Waiting() in one]
    assert [type(delta) for delta in told[0]] == [Waiting, TextDelta, Finished]
    assert Waiting() not in deltas[0], "who is served at once is told nothing"


async def test_who_was_told_to_wait_is_answered_by_a_model_that_stands_in() -> None:
    allowance = TokenBuckets(requests_a_minute=1, tokens_a_minute=0, longest=0.1)
    good = _answer(_text("a", "stop"), END)
    asked = {"allowance": allowance, "fallbacks": ("qwen-flash",), "patience_seconds": 0.01}
    async with serving(good, **asked) as (_, client):
        count_in(spending := Spending())
        first, second, third = [await _all(client) for _ in range(3)]

    assert third[0] == Waiting()
    assert spending.model == "qwen-flash"
    assert Waiting() not in [*first, *second]
