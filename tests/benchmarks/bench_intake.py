"""How many events a second are taken in, and how soon each is acked. Reports; gates nothing.

    python -m tests.benchmarks.bench_intake --rate 200 --seconds 10

Signed HTTP requests, each a message that has to be kept; the bot runs on the first core.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import httpx

from tests.benchmarks.bench_replies import _answers, _cpu, _on_core
from tests.playground import free_port, until

SECRET = "playground-secret"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(given.rate, given.seconds, Path(folder))


def run(rate: float, seconds: float, folder: Path) -> None:
    port, web = free_port(), free_port()
    url, door = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{web}"
    options = ["--port", str(port), "--first-token", "0.05"]
    playground = _on_core(-1, [sys.executable, "-m", "bot.playground.server", *options], {}, folder)
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{url}/api/",
        "DASHSCOPE_API_KEY": "sk-playground",
        "DASHSCOPE_BASE_URL": url,
        "PORT": str(web),
        "BOT_LOG_LEVEL": "warning",
        "BOT_REPLY_IN_THREADS": "mention",
    }
    with httpx.Client(base_url=url) as http:
        until(lambda: _answers(http), what="the playground")
        bot = _on_core(0, [sys.executable, "-m", "bot", "run"], environ, folder)
        try:
            until(lambda: _is_up(door), seconds=30)
            body = {"as": "U0ANNA", "channel": "C0GENERAL", "text": "a thread"}
            root = http.post("/playground/messages", json=body).json()["ts"]
            before = _cpu(bot.pid)
            acks = asyncio.run(_flood(door, root, rate, seconds))
            cpu = _cpu(bot.pid) - before
        finally:
            bot.kill()
            playground.kill()
            bot.wait()
            playground.wait()
    cuts = statistics.quantiles(acks, n=100)
    print(f"{len(acks)} events at {rate:g} a second, all kept and acked")
    print(
        f"  ack  p50 {cuts[49] * 1000:.1f} ms  p99 {cuts[98] * 1000:.1f} ms  max {max(acks) * 1000:.1f} ms"
    )
    print(f"  CPU  {cpu / len(acks) * 1000:.2f} ms an event")


async def _flood(door: str, root: str, rate: float, seconds: float) -> list[float]:
    async with aiohttp.ClientSession() as session:
        first = _event(f"<@U0THREADW> begin {root}", root, root)
        await _post(session, door, first)
        began = time.monotonic()
        sending = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            ts = f"{time.time() + number / 1e6:.6f}"
            event = _event(f"message {number}", ts, root)
            sending.append(asyncio.create_task(_post(session, door, event)))
        return list(await asyncio.gather(*sending))


def _event(text: str, ts: str, root: str) -> bytes:
    event = {"type": "message", "channel": "C0GENERAL", "channel_type": "channel", "user": "U0ANNA"}
    event |= {"text": text, "ts": ts, "thread_ts": root, "event_ts": ts}
    body = {"type": "event_callback", "team_id": "T0ACME", "event_id": f"Ev{ts}", "event": event}
    return json.dumps(body).encode()


async def _post(session: aiohttp.ClientSession, door: str, body: bytes) -> float:
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
    }
    began = time.perf_counter()
    async with session.post(f"{door}/slack/events", data=body, headers=headers) as response:
        assert response.status == 200, await response.text()
    return time.perf_counter() - began


def _is_up(door: str) -> bool:
    try:
        return httpx.get(f"{door}/healthz").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
