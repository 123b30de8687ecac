"""What the model's room costs: decoding, a request, and a thousand streams at once.

    python -m tests.benchmarks.bench_model

The server has a core of its own; everything that is measured runs on another.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import orjson

from bot.conversation.messages import Prompt, Text, TextDelta, UserTurn
from bot.model import chat, dashscope, responses
from bot.model.client import ModelClient
from bot.model.connection import make_http
from bot.model.sse import SseDecoder
from bot.model.wire import Wire
from tests.playground import free_port, until

_DELTAS = 50_000
_PIECE = 1_400
"""Bytes that come at once: about a network packet."""
_REQUESTS = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each stream")
    parser.add_argument("--serve", type=int, help="only the server, on this port")
    given = parser.parse_args()
    if given.serve:
        asyncio.run(_serve(given.serve))
        return
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    _decoding()
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bench_model", "--serve", str(port)],
        cwd=Path(__file__).parents[2],
    )
    os.sched_setaffinity(server.pid, {cores[-1]})
    try:
        until(lambda: _listens(port), what="the server")
        asyncio.run(_requests(port))
        asyncio.run(_streams(port, given.streams, given.tokens, given.rate))
    finally:
        server.kill()
        server.wait()


def _decoding() -> None:
    print(f"decoding, {_DELTAS:,} deltas of four characters, in pieces of {_PIECE:,} bytes")
    for wire, stream in (
        (chat.WIRE, _chat_stream()),
        (responses.WIRE, _responses_stream()),
        (dashscope.TEXT, _native_stream('"abcd"')),
        (dashscope.MULTIMODAL, _native_stream('[{"text":"abcd"}]')),
    ):
        pieces = [stream[start : start + _PIECE] for start in range(0, len(stream), _PIECE)]
        ours = _best(lambda wire=wire, pieces=pieces: _decode(wire, pieces))  # type: ignore[misc]
        bare = _best(lambda pieces=pieces: _loop(pieces))  # type: ignore[misc]
        parsed = _best(lambda pieces=pieces: _parse(pieces))  # type: ignore[misc]
        print(
            f"  {wire.name:<11} {_DELTAS / ours:>9,.0f} deltas/s   "
            f"bare loop over lines {_DELTAS / bare:>10,.0f}/s   "
            f"with JSON parsed {_DELTAS / parsed:>9,.0f}/s"
        )


def _decode(wire: Wire, pieces: list[bytes]) -> int:
    events, decoder = SseDecoder(), wire.decoder()
    count = 0
    for piece in pieces:
        for event in events.feed(piece):
            count += len(decoder.feed(event))
    return count


def _loop(pieces: list[bytes]) -> int:
    """The least that anybody has to do: find the lines with data."""
    rest, count = b"", 0
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        count += sum(line.startswith(b"data:") for line in lines)
    return count


def _parse(pieces: list[bytes]) -> int:
    """The same, and the JSON of each line."""
    rest, count = b"", 0
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                orjson.loads(line[5:])
                count += 1
    return count


def _best(work: Callable[[], int]) -> float:
    times = []
    for _ in range(5):
        began = time.process_time()
        if work() < _DELTAS:
            raise RuntimeError("something was lost")
        times.append(time.process_time() - began)
    return min(times)


def _chat_stream() -> bytes:
    delta = b'{"delta":{"content":"abcd"},"finish_reason":null,"index":0,"logprobs":null}'
    about = (
        b'"object":"chat.completion.chunk","usage":null,"created":1745485391,"system_fingerprint"'
        b':null,"model":"qwen3.7-plus","id":"chatcmpl-6ada9ed2-7f33-9de2-8bb0-78bd4035025a"'
    )
    return (b'data: {"choices":[' + delta + b"]," + about + b"}\n\n") * _DELTAS


def _responses_stream() -> bytes:
    return (
        b"id:5\nevent:response.output_text.delta\n:HTTP_STATUS/200\n"
        b'data:{"sequence_number":4,"content_index":0,"item_id":"msg_502f","delta":"abcd",'
        b'"output_index":0,"type":"response.output_text.delta","logprobs":[]}\n\n'
    ) * _DELTAS


def _native_stream(content: str) -> bytes:
    return (
        "id:2\nevent:result\n:HTTP_STATUS/200\n"
        f'data:{{"output":{{"choices":[{{"message":{{"content":{content},"reasoning_content":"",'
        '"role":"assistant"},"finish_reason":"null"}]},"usage":{"total_tokens":27,"output_tokens":1,'
        '"input_tokens":26,"prompt_tokens_details":{"cached_tokens":0}},"request_id":"d30a9914"}\n\n'
    ).encode() * _DELTAS


async def _requests(port: int) -> None:
    """One after the other: what the client adds to a bare request on the same connection pool."""
    async with make_http() as http:
        client = ModelClient(http, base_url=f"http://127.0.0.1:{port}", api_key="k")
        body = orjson.dumps({"model": "bench-1-0"})
        url = f"http://127.0.0.1:{port}{chat.PATH}"
        bare = await _cpu(lambda: _bare(http, url, body))
        ours = await _cpu(lambda: _ask(client, "bench-1-0"))
    print(f"a request, {_REQUESTS} one after the other, CPU")
    print(f"  bare {bare * 1e6:,.0f} µs, the client adds {(ours - bare) * 1e6:,.0f} µs")


async def _cpu(request: Callable[[], Awaitable[object]]) -> float:
    """Seconds of CPU a request; the wall's clock would measure what else runs here."""
    await request()
    began = time.process_time()
    for _ in range(_REQUESTS):
        await request()
    return (time.process_time() - began) / _REQUESTS


async def _bare(http: httpx.AsyncClient, url: str, body: bytes) -> None:
    async with http.stream("POST", url, content=body) as response:
        await response.aread()


async def _streams(port: int, count: int, tokens: int, rate: float) -> None:
    async with make_http() as http:
        client = ModelClient(http, base_url=f"http://127.0.0.1:{port}", api_key="k")
        await asyncio.gather(*(_ask(client, "bench-1-0") for _ in range(count)))
        memory, cpu, began = _memory(), time.process_time(), time.perf_counter()
        peak = asyncio.create_task(_highest())
        model = f"bench-{tokens}-{rate:g}"
        late = await asyncio.gather(*(_ask(client, model) for _ in range(count)))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        peak.cancel()
    every = sorted(one for stream in late for one in stream)
    whole = sum(len(stream) == tokens for stream in late)
    print(f"{count:,} streams at once, {tokens} tokens each at {rate:g} a second")
    print(f"  whole                {whole} of {count}")
    print(
        f"  a token is late by   p50 {_ms(every, 0.5)}, p95 {_ms(every, 0.95)}, p99 {_ms(every, 0.99)}"
    )
    print(
        f"  CPU a token          {used / count / tokens * 1e6:.0f} µs, the core {used / took:.0%} busy"
    )
    print(f"  memory a stream      {(_peak[0] - memory) / count / 1024:.0f} KB")


_peak = [0]


async def _highest() -> None:
    while True:
        _peak[0] = max(_peak[0], _memory())
        await asyncio.sleep(0.2)


async def _ask(client: ModelClient, model: str) -> list[float]:
    """How late each token was: its text is the moment when it was sent."""
    entries = (UserTurn(parts=(Text(text="x"),)),)
    late = []
    async for delta in client.stream(Prompt(system="s", entries=entries, model=model)):
        if type(delta) is TextDelta:
            now = time.time()
            late += [now - float(sent) for sent in delta.text.split()]
    return late


def _ms(values: list[float], share: float) -> str:
    return f"{values[int((len(values) - 1) * share)] * 1e3:.1f} ms"


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=4_096)
    async with server:
        await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            model = orjson.loads(await reader.readexactly(length))["model"]
            _, tokens, rate = model.split("-")
            await _tell(writer, int(tokens), float(rate))
    except (asyncio.IncompleteReadError, ConnectionError, IndexError):
        writer.close()


async def _tell(writer: asyncio.StreamWriter, tokens: int, rate: float) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head)
    began = time.time()
    for number in range(tokens):
        if rate:
            await asyncio.sleep(began + number / rate - time.time())
        choice = {"delta": {"content": f"{time.time():.6f} "}, "finish_reason": None, "index": 0}
        _chunk(
            writer, b"data: " + orjson.dumps({"choices": [choice], "id": "chatcmpl-1"}) + b"\n\n"
        )
    end = {"choices": [{"delta": {}, "finish_reason": "stop", "index": 0}], "id": "chatcmpl-1"}
    _chunk(writer, b"data: " + orjson.dumps(end) + b"\n\ndata: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


if __name__ == "__main__":
    main()
