"""How long summaries take, and what they cost: 100, 1,000 and 5,000 messages. Reports; gates nothing.

    python -m tests.benchmarks.bench_summaries
    python -m tests.benchmarks.bench_summaries --messages 1000 --limits
    python -m tests.benchmarks.bench_summaries --messages 100 --files 20

`--files` are so many documents and as many pictures. Every tenth message begins a thread of four. The bot is the real program, asked by command.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import (
    ANNA,
    BEN,
    CHEN,
    GENERAL,
    RunningPlayground,
    buttons,
    running_bot,
    shown,
    until,
)
from tests.unit.reading.orders import FILES

PEOPLE = (ANNA, BEN, CHEN)
WORDS = "the importer, the release on Friday, ticket {n} and what Ben found in log {n}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, nargs="*", default=[100, 1_000, 5_000])
    parser.add_argument("--limits", action="store_true", help="Slack's rate limits")
    parser.add_argument("--files", type=int, default=0)
    given = parser.parse_args()
    print("messages  threads  Slack  model  seconds  peak MB")
    for count in given.messages:
        with tempfile.TemporaryDirectory() as folder:
            measure(count, Path(folder), limits=given.limits, files=given.files)


def measure(count: int, folder: Path, *, limits: bool, files: int) -> None:
    """One summary of so many messages, in a workspace of its own."""
    model = ModelSettings(first_token_seconds=0.3, tokens_per_second=100)
    playground = RunningPlayground(PlaygroundSettings(model=model, limits=limits))
    try:
        threads = fill(playground, count)
        share(playground, files)
        with running_bot(playground, folder) as bot:
            before = len(playground.calls())
            began = time.monotonic()
            playground.command("/summarize today")

            def complete() -> bool:
                found = playground.ephemerals(ANNA, GENERAL)
                return any(buttons(one) and shown(one) for one in found)

            until(complete, seconds=600, what="a summary")
            seconds = time.monotonic() - began
            slack = len(playground.calls()) - before
            peak = peak_megabytes(bot.process.pid)
        asked = len(playground.asked())
        print(f"{count:8,}  {threads:7,}  {slack:5}  {asked:5}  {seconds:7.1f}  {peak:7.0f}")
    finally:
        playground.close()


def fill(playground: RunningPlayground, count: int) -> int:
    """Let people talk; returns how many threads there are."""

    def thread(number: int) -> None:
        first = playground.say(WORDS.format(n=number), who=PEOPLE[number % 3])
        for reply in range(3):
            who = PEOPLE[(number + reply + 1) % 3]
            playground.say(f"reply {reply} about {number}", who=who, thread_ts=first)

    def single(number: int) -> None:
        playground.say(WORDS.format(n=number), who=PEOPLE[number % 3])

    threads = count // 13
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(thread, range(threads)))
        list(pool.map(single, range(count - 4 * threads)))
    return threads


def share(playground: RunningPlayground, count: int) -> None:
    """So many documents, and as many pictures of the size of a screen."""
    report = (FILES / "report.pdf").read_bytes()
    for number in range(count):
        picture = BytesIO()
        Image.effect_noise((1920, 1080), 20 + number).save(picture, "JPEG")
        playground.share(f"the report {number}", {f"{number}.pdf": report})
        playground.share(f"a picture {number}", {f"{number}.jpg": picture.getvalue()})


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has had at a time (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
