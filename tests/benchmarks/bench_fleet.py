"""Throughput, first words, 429s and the database's work with several workers. Reports; gates nothing.

    python -m tests.benchmarks.bench_fleet --workers 4 --questions 60 --limits
    python -m tests.benchmarks.bench_fleet --workers 2 --questions 300 --tokens 100

Real processes on a PostgreSQL of their own, in a playground in this process: on a small machine it
is the playground that is measured first.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.fleet import Database, Fleet, running_fleet
from tests.playground import AT, RunningPlayground, is_done, until

FIRST_TOKEN = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--over", type=float, default=0.0, help="seconds the questions come in")
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--limits", action="store_true")
    given = parser.parse_args()
    model = ModelSettings(first_token_seconds=FIRST_TOKEN, tokens_per_second=given.rate)
    playground = RunningPlayground(PlaygroundSettings(limits=given.limits, model=model))
    with tempfile.TemporaryDirectory(prefix="fleet", ignore_cleanup_errors=True) as folder:
        database = Database(Path(folder, "pg"))
        try:
            with running_fleet(playground, database, Path(folder), BOT_LOG_LEVEL="info") as fleet:
                fleet.start("web")
                for _ in range(given.workers):
                    fleet.start("worker")
                _measure(given, fleet)
        finally:
            playground.close()
            database.close()


def _measure(given: argparse.Namespace, fleet: Fleet) -> None:
    playground = fleet.playground
    idle = _commits(fleet, seconds=5.0)
    before, began = _transactions(fleet), time.monotonic()
    asked: dict[str, float] = {}
    for number in range(given.questions):
        if given.over:
            time.sleep(max(0.0, began + number * given.over / given.questions - time.monotonic()))
        at = time.time()
        asked[playground.say(f"{AT}/tokens {given.tokens} {given.rate:g}")] = at
    for ts in asked:
        until(
            lambda ts=ts: [is_done(one) for one in playground.answers(ts)] == [True],  # type: ignore[misc]
            seconds=600,
        )
    seconds = time.monotonic() - began
    commits = _transactions(fleet) - before - idle * seconds
    calls = playground.calls()
    limited = Counter(call["method"] for call in calls if call["status"] == 429)
    first = sorted(_first_words(asked, calls))
    print(f"{given.workers} workers, {given.questions} questions, {given.tokens} tokens each")
    print(f"  answers a second            {given.questions / seconds:.1f}")
    print(f"  first text after the token  {_spread(first)}")
    print(f"  transactions a turn         {commits / given.questions:.1f}")
    print(f"  transactions a second, idle {idle:.1f}")
    print(f"  Slack calls a turn          {len(calls) / given.questions:.1f}")
    print(f"  429s                        {limited.total()} {dict(limited)}")


def _first_words(asked: dict[str, float], calls: list[dict[str, Any]]) -> list[float]:
    """Seconds from the model's first token to Slack's first message, of each question."""
    found: dict[str, float] = {}
    for call in calls:
        ts = str(call["args"].get("thread_ts") or "")
        if call["ok"] and call["method"] in {"chat.startStream", "chat.postMessage"}:
            found.setdefault(ts, call["at"])
    return [found[ts] - at - FIRST_TOKEN for ts, at in asked.items()]


def _spread(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"p50 {cuts[49] * 1000:.0f} ms  p95 {cuts[94] * 1000:.0f} ms"


def _commits(fleet: Fleet, *, seconds: float) -> float:
    """Transactions a second while nothing happens."""
    before = _transactions(fleet)
    time.sleep(seconds)
    return (_transactions(fleet) - before) / seconds


def _transactions(fleet: Fleet) -> int:
    fleet.database.run("SELECT pg_stat_force_next_flush()")
    found = fleet.database.run(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database"
        " WHERE datname = current_database()"
    )
    return int(found[0][0])


if __name__ == "__main__":
    main()
