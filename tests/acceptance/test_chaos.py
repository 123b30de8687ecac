"""Kill, freeze, restart and flood everything at random, then count: one answer each, none lost.

Two web processes, three workers and two schedulers on PostgreSQL, in a Slack that fails now and then.
`CHAOS_SECONDS=300 CHAOS_SEED=7 pytest -n 0 -s tests/acceptance/test_chaos.py` goes on for minutes.
"""

import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.playground.model.mind_samples import long_text
from tests.fleet import Database, Fleet, database, running_fleet
from tests.playground import (
    ANNAS_DM,
    AT,
    ENGINEERING,
    GENERAL,
    RunningBot,
    RunningPlayground,
    is_done,
    shown,
    until,
)

__all__ = ["database"]

SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.SystemRandom().randrange(10_000))))
COMMANDS = ("web", "web", "worker", "worker", "worker", "scheduler", "scheduler")
METHODS = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
    "conversations.replies",
)
FAULTS = ("drop_after", "drop_before", "error", "garbage", "status", "delay")
FLOOD = 10
"""Once Slack has said 429, a workspace has some two answers a second, however many workers."""


@dataclass
class Asked:
    """A question, and how long its answer has to be."""

    channel: str
    thread: str
    ts: str
    tokens: int


@dataclass
class Chaos:
    """What goes on: people who ask, and somebody who breaks things."""

    fleet: Fleet
    dice: random.Random
    asked: list[Asked] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    _frozen: RunningBot | None = None

    def ask(self) -> None:
        """A new thread, or another question in one that there is."""
        playground, dice = self.fleet.playground, self.dice
        tokens = dice.randint(20, 150)
        text = f"{AT}/tokens {tokens} {dice.choice((20, 60, 150))}"
        if self.asked and dice.random() < 0.4:
            before = dice.choice(self.asked)
            ts = playground.say(text, channel=before.channel, thread_ts=before.thread)
            self.asked.append(Asked(before.channel, before.thread, ts, tokens))
            return
        channel = dice.choice((GENERAL, ENGINEERING, ANNAS_DM))
        ts = playground.say(text, channel=channel)
        self.asked.append(Asked(channel, ts, ts, tokens))

    def strike(self) -> None:
        """Something goes wrong."""
        blow = self.dice.choice(
            (self.kill, self.kill, self.deploy, self.freeze, self.cut, self.flood, self.fault)
        )
        blow()
        self.done[blow.__name__] += 1

    def kill(self) -> None:
        bot = self._somebody()
        bot.kill()
        bot.launch(bot.command)

    def deploy(self) -> None:
        bot = self._somebody()
        bot.terminate()
        bot.launch(bot.command)

    def restart(self) -> None:
        """What every process manager does: begin again what has ended by itself."""
        for bot in self.fleet.processes:
            if bot.process.poll() is not None:
                self.done["ended by itself"] += 1
                bot.launch(bot.command)

    def freeze(self) -> None:
        """A worker stands still; the one that stood still before goes on."""
        self.thaw()
        self._frozen = self._somebody("worker")
        self._frozen.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._frozen is not None:
            self._frozen.process.send_signal(signal.SIGCONT)
        self._frozen = None

    def cut(self) -> None:
        """Every connection to the database breaks."""
        self.fleet.database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def flood(self) -> None:
        for _ in range(FLOOD):
            self.ask()

    def fault(self) -> None:
        kind = self.dice.choice(FAULTS)
        more = {"status": 429, "retry_after": 1} if kind == "status" else {}
        times = self.dice.randint(1, 3)
        self.fleet.playground.fault(self.dice.choice(METHODS), kind, times=times, **more)

    def _somebody(self, command: str = "") -> RunningBot:
        return self.dice.choice(
            [
                bot
                for bot in self.fleet.processes
                if command in {"", bot.command} and bot is not self._frozen
            ]
        )


@pytest.fixture
def fleet(playground: RunningPlayground, database: Database, tmp_path: Path) -> Iterator[Fleet]:
    environ = {"BOT_GRACE_SECONDS": "1", "BOT_LOG_LEVEL": "info"}
    with running_fleet(playground, database, tmp_path, **environ) as running:
        for command in COMMANDS:
            running.start(command)
        yield running


def test_whatever_breaks_every_question_has_one_whole_answer(fleet: Fleet) -> None:
    chaos = Chaos(fleet, random.Random(SEED))
    print(f"\nseed {SEED}, {SECONDS:g} s")
    ends_at = time.monotonic() + SECONDS
    people = Chaos(fleet, random.Random(SEED + 1), chaos.asked)
    asking = threading.Thread(target=_ask_until, args=(people, ends_at))
    asking.start()
    while time.monotonic() < ends_at:
        time.sleep(chaos.dice.uniform(0.2, 1.5))
        chaos.restart()
        chaos.strike()
    asking.join()
    chaos.thaw()
    chaos.restart()
    fleet.playground.post("faults")
    began = time.monotonic()
    _deliver_again(fleet)
    until(lambda: _unanswered(fleet) == 0, seconds=90 + SECONDS, what=f"every answer (seed {SEED})")
    settled = time.monotonic() - began
    _count(fleet, chaos.asked)
    print(f"{len(chaos.asked)} questions, {dict(chaos.done)}, settled in {settled:.1f} s")


def _ask_until(chaos: Chaos, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        chaos.ask()
        time.sleep(chaos.dice.uniform(0.2, 1.5))


def _deliver_again(fleet: Fleet) -> None:
    """Slack sends an event again that nobody has acked, a minute later; here at once."""
    playground = fleet.playground
    until(lambda: playground.http.get("/playground/state").json()["bot"]["connected"])
    acked = {one["body"]["event_id"] for one in playground.events() if one["delivered"]}
    again = {
        one["body"]["event_id"]: one["body"]["event"]
        for one in playground.events()
        if not one["delivered"] and one["body"]["event_id"] not in acked
    }
    for event in again.values():
        playground.post("deliver", event=event)


def _unanswered(fleet: Fleet) -> int:
    found = fleet.database.run(
        "SELECT count(*) FROM messages LEFT JOIN replies ON replies.id = messages.reply_id"
        " WHERE asks AND (replies.id IS NULL OR replies.finished_at IS NULL)"
    )
    return int(found[0][0])


def _count(fleet: Fleet, asked: list[Asked]) -> None:
    """Accepted is answered; no message is lost, doubled, cut or out of order."""
    kept = {
        str(ts): (int(reply), str(outcome))
        for ts, reply, outcome in fleet.database.run(
            "SELECT ts, reply_id, outcome || failure FROM messages"
            " JOIN replies ON replies.id = reply_id"
        )
    }
    lost = [one.ts for one in asked if one.ts not in kept]
    assert not lost, f"never taken in (seed {SEED})"
    outcomes = Counter(outcome for _, outcome in kept.values())
    assert outcomes == {"done": len(asked)}, f"seed {SEED}"
    threads: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        threads[one.channel, one.thread].append(one)
    for (channel, thread), questions in threads.items():
        _count_thread(fleet, channel, thread, [(kept[one.ts][0], one) for one in questions])


def _count_thread(
    fleet: Fleet, channel: str, thread: str, questions: list[tuple[int, Asked]]
) -> None:
    answers = fleet.playground.answers(thread, channel=channel)
    by_reply: dict[int, set[str]] = defaultdict(set)
    for reply, one in questions:
        by_reply[reply].add(long_text(one.tokens * 4))
    replies = sorted(by_reply)
    seen = [(one["ts"], shown(one)[:30], one.get("metadata")) for one in answers]
    assert [is_done(one) for one in answers] == [True] * len(replies), (SEED, questions, seen)
    for reply, answer in zip(replies, answers, strict=True):
        assert shown(answer) in by_reply[reply], (thread, SEED)
