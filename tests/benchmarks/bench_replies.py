"""How fast answers appear, how soon they end, and what they cost. Reports; gates nothing.

    python -m tests.benchmarks.bench_replies                       # one at a time
    python -m tests.benchmarks.bench_replies --replies 300         # 300 at once
    python -m tests.benchmarks.bench_replies --replies 60 --over 60 --limits --channels 10 \\
        --latency 0.08 --tokens 400                                # Slack's limits on

The playground runs in a process of its own, on the last core; the bot runs on the first.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.playground import AT, free_port, until

FIRST_TOKEN = 0.3
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Asked:
    """A question, and when what became of it."""

    channel: str
    ts: str
    at: float
    shown_at: float = 0.0
    ended_at: float = 0.0
    model_ended_at: float = 0.0
    calls: int = 0
    messages: int = 0
    whole: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=10)
    parser.add_argument("--over", type=float, default=0.0, help="seconds the questions come in")
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--tokens", type=int, default=625)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--limits", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(given, Path(folder))


def run(given: argparse.Namespace, folder: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--port", str(port), "--more-channels", str(given.channels)]
    options += ["--first-token", str(FIRST_TOKEN), "--latency", str(given.latency)]
    options += ["--limits"] if given.limits else []
    playground = _on_core(-1, [sys.executable, "-m", "bot.playground.server", *options], {}, folder)
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "SLACK_APP_TOKEN": "xapp-playground",
        "SLACK_API_URL": f"{url}/api/",
        "DASHSCOPE_API_KEY": "sk-playground",
        "DASHSCOPE_BASE_URL": url,
        "PORT": "0",
        "BOT_LOG_LEVEL": "warning",
    }
    with httpx.Client(base_url=url, timeout=120) as http:
        until(lambda: _answers(http), what="the playground")
        bot = _on_core(0, [sys.executable, "-m", "bot", "run"], environ, folder)
        try:
            until(lambda: http.get("/playground/state").json()["bot"]["connected"], seconds=30)
            _warm_up(http)
            began = _cpu(playground.pid), time.monotonic()
            _measure(given, http, bot.pid)
            busy = (_cpu(playground.pid) - began[0]) / (time.monotonic() - began[1])
            print(f"  (the playground's core      {busy:.0%} busy)")
        finally:
            bot.kill()
            playground.kill()
            bot.wait()
            playground.wait()


def _measure(given: argparse.Namespace, http: httpx.Client, pid: int) -> None:
    idle_cpu, idle_memory = _cpu(pid), _memory(pid)
    peak = _Peak(pid)
    since = http.get("/playground/calls").json()["calls"][-1]["n"]
    questions: list[Asked] = []
    began = time.monotonic()
    text = f"{AT}/tokens {given.tokens} {given.rate:g}"
    for number in range(given.replies):
        if given.over:
            time.sleep(max(0.0, began + number * given.over / given.replies - time.monotonic()))
        channel = f"C0ROOM{number % given.channels + 1}"
        at = time.time()
        body = {"as": "U0ANNA", "channel": channel, "text": text}
        ts = http.post("/playground/messages", json=body).json()["ts"]
        questions.append(Asked(channel, ts, at))
        if given.one_by_one:
            until(lambda: _is_whole(http, questions[-1], given), seconds=120)
    for question in questions:
        until(lambda q=question: _is_whole(http, q, given), seconds=300)  # type: ignore[misc]
    peak.stop()
    cpu = _cpu(pid) - idle_cpu
    calls = list(http.get("/playground/calls", params={"since": since}).json()["calls"])
    _attribute(questions, calls, http, given)
    _report(given, questions, calls, cpu, peak.highest - idle_memory)


def _attribute(
    questions: list[Asked], calls: list[dict[str, Any]], http: httpx.Client, given: Any
) -> None:
    by_message: dict[str, Asked] = {}
    for question in questions:
        thread = _thread(http, question)
        question.messages = len(thread)
        for message in thread:
            by_message[message["ts"]] = question
    by_thread = {question.ts: question for question in questions}
    for call in calls:
        args = call["args"]
        thread_ts = str(args.get("thread_ts") or "")
        found = by_thread.get(thread_ts) or by_message.get(str(args.get("ts") or ""))
        if found is None:
            continue
        question = found
        question.calls += 1
        if not call["ok"] or not call["method"].startswith("chat."):
            continue
        question.shown_at = question.shown_at or call["at"]
        question.ended_at = call["at"]
    for question in questions:
        # The model was asked to speak for exactly so long after its first token.
        question.model_ended_at = question.at + FIRST_TOKEN + given.tokens / given.rate


def _report(
    given: argparse.Namespace,
    questions: list[Asked],
    calls: list[dict[str, Any]],
    cpu: float,
    memory: int,
) -> None:
    first = [question.shown_at - question.at - FIRST_TOKEN for question in questions]
    ends = [question.ended_at - question.model_ended_at for question in questions]
    limited = sum(call["status"] == 429 for call in calls)
    one_piece = sum(question.messages == 1 for question in questions)
    count = len(questions)
    print(f"replies {count}, each {given.tokens} tokens at {given.rate:g}/s")
    print(f"  whole, in one message       {one_piece} of {count}")
    print(f"  first text after the token  p50 {_ms(first, 50)}  p95 {_ms(first, 95)}")
    print(f"  end after the model's end   p50 {_ms(ends, 50)}  p95 {_ms(ends, 95)}")
    print(f"  Slack calls a reply         {sum(q.calls for q in questions) / count:.1f}")
    print(f"  CPU a reply                 {cpu / count * 1000:.0f} ms")
    print(f"  memory a running reply      {memory / count / 1024:.0f} KB")
    print(f"  429s                        {limited}")
    span = max(q.ended_at for q in questions) - min(q.at for q in questions)
    print(f"  (the bot's core             {cpu / span:.0%} busy)")


def _ms(values: list[float], percent: int) -> str:
    if len(values) == 1:
        return f"{values[0] * 1000:.0f} ms"
    return f"{statistics.quantiles(values, n=100)[percent - 1] * 1000:.0f} ms"


def _is_whole(http: httpx.Client, question: Asked, given: argparse.Namespace) -> bool:
    question.whole = question.whole or _looks_whole(http, question, given)
    return question.whole


def _looks_whole(http: httpx.Client, question: Asked, given: argparse.Namespace) -> bool:
    messages = _thread(http, question)
    text = sum(len(message["text"]) for message in messages)
    done = all(message.get("streaming_state") != "in_progress" for message in messages)
    stop = any("stop_reply" in str(message.get("blocks")) for message in messages)
    return done and not stop and text >= given.tokens * 4 * 0.8


def _thread(http: httpx.Client, question: Asked) -> list[dict[str, Any]]:
    query = {"channel": question.channel, "ts": question.ts, "as": "U0ANNA"}
    messages: list[dict[str, Any]] = http.get("/playground/thread", params=query).json()["messages"]
    return messages[1:]


def _warm_up(http: httpx.Client) -> None:
    for number in range(2):
        body = {"as": "U0ANNA", "channel": "C0GENERAL", "text": f"{AT}/tokens {60 + number} 100"}
        ts = http.post("/playground/messages", json=body).json()["ts"]
        question = Asked("C0GENERAL", ts, time.time())
        until(lambda q=question: len(_thread(http, q)) == 1)  # type: ignore[misc]
        until(lambda q=question: "in_progress" not in str(_thread(http, q)))  # type: ignore[misc]


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/playground/state").status_code == 200
    except httpx.TransportError:
        return False


def _on_core(
    core: int, command: list[str], environ: dict[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    cores = sorted(os.sched_getaffinity(0))
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), **environ},
        cwd=folder,
    )
    os.sched_setaffinity(process.pid, {cores[core]})
    return process


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> int:
    """Bytes a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


class _Peak:
    """Watches a process's memory."""

    def __init__(self, pid: int) -> None:
        self.highest = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.highest = max(self.highest, _memory(self._pid))

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


if __name__ == "__main__":
    main()
