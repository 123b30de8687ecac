"""Whether memory stays flat over many turns. Reports; gates nothing.

    python -m tests.benchmarks.bench_memory --turns 10000

The playground runs in a process of its own, on the last core; the bot runs on the first.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.benchmarks.bench_replies import _answers, _memory, _on_core, _warm_up
from tests.playground import AT, free_port, until

ROUND = 500
"""Questions between two looks at the memory."""
PACE = 25
"""Questions a second."""
_TURNS = re.compile(r'^threadwise_turns_total\{outcome="done"\} (\S+)', re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(given.turns, Path(folder))


def run(turns: int, folder: Path) -> None:
    """Ask, wait for the answers, look at the memory, and so on."""
    port, own = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--port", str(port), "--more-channels", "50", "--first-token", "0.01"]
    playground = _on_core(-1, [sys.executable, "-m", "bot.playground.server", *options], {}, folder)
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "SLACK_APP_TOKEN": "xapp-playground",
        "SLACK_API_URL": f"{url}/api/",
        "DASHSCOPE_API_KEY": "sk-playground",
        "DASHSCOPE_BASE_URL": url,
        "PORT": str(own),
        "BOT_LOG_LEVEL": "warning",
    }
    with httpx.Client(base_url=url, timeout=120) as http:
        until(lambda: _answers(http), what="the playground")
        bot = _on_core(0, [sys.executable, "-m", "bot", "run"], environ, folder)
        try:
            until(lambda: http.get("/playground/state").json()["bot"]["connected"], seconds=30)
            _warm_up(http)
            began = _done(own)
            for asked in range(0, turns, ROUND):
                _ask(http, asked)
                until(
                    lambda count=asked: _done(own) - began >= count + ROUND,  # type: ignore[misc]
                    seconds=120,
                    what="answers",
                )
                print(f"{asked + ROUND:7,} turns  {_memory(bot.pid) / 1e6:6.1f} MB", flush=True)
        finally:
            for process in (bot, playground):
                process.kill()
                process.wait()


def _ask(http: httpx.Client, first: int) -> None:
    began = time.monotonic()
    for number in range(ROUND):
        time.sleep(max(0.0, began + number / PACE - time.monotonic()))
        body = {
            "as": "U0ANNA",
            "channel": f"C0ROOM{(first + number) % 50 + 1}",
            "text": f"{AT}/tokens 40 2000",
        }
        http.post("/playground/messages", json=body)


def _done(port: int) -> float:
    found = _TURNS.search(httpx.get(f"http://127.0.0.1:{port}/metrics").text)
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main()
