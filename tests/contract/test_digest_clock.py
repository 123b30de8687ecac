"""Digests are fired when they are due, exactly once, however many schedulers there are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import text
from typing_extensions import override

from bot.conversation.digests.digest import Digest, Pause, Plan
from bot.conversation.digests.errand import DIGEST
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence
from bot.store.db import Writer, make_engine
from bot.store.digests import StoredDigests
from bot.store.errands import StoredErrands
from bot.work.digest_clock import DigestClock, Recurring

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PLAN = Plan(channels=("C1",), recurrence=Recurrence(days=EVERY_DAY, at=time(9), zone="UTC"))


class Machine:
    """A scheduler process: its own connections and clock on the common database."""

    def __init__(self, database: str) -> None:
        self.engine = make_engine(database)
        self.writer = Writer(self.engine)
        self.digests = StoredDigests(self.engine, self.writer)
        self.errands = StoredErrands(self.engine, self.writer, worker="scheduler")
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        self.now = NINE
        self.woken = asyncio.Event()
        self.clock = DigestClock(
            self.scheduler,
            self.digests,
            self.errands,
            grace=HOUR,
            wake=self.woken.set,
            now=lambda: self.now,
        )

    async def save(self, plan: Plan = PLAN, *, since: datetime = NINE - DAY) -> Digest:
        digest = await self.digests.add("T1", "U1", plan, since)
        assert digest is not None
        return digest

    async def fired(self) -> list[int]:
        """The due times of the digests that wait to be made."""
        found = []
        for errand_id in await self.errands.due({DIGEST}):
            errand = await self.errands.claim(errand_id)
            assert errand is not None
            assert errand.kind == DIGEST
            found.append(int(errand.payload["due"]))
        return found

    async def close(self) -> None:
        await self.writer.close()
        await self.engine.dispose()


@pytest.fixture
async def machines(database: str) -> AsyncIterator[tuple[Machine, Machine]]:
    both = Machine(database), Machine(database)
    yield both
    for one in both:
        await one.close()


async def test_two_schedulers_fire_once(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    await one.save()
    await asyncio.gather(*(machine.clock.look() for machine in machines * 3))

    assert await two.fired() == [int(NINE.timestamp())]


async def test_after_downtime_it_comes_once_and_not_if_it_is_too_late(
    machines: tuple[Machine, Machine],
) -> None:
    one, two = machines
    await one.save(since=NINE - 30 * DAY)
    one.now = NINE + 2 * HOUR
    await one.clock.look()
    assert await one.fired() == [], "nine o'clock is longer ago than the grace time"

    two.now = NINE + DAY + HOUR
    await two.clock.look()
    assert await one.fired() == [int((NINE + DAY).timestamp())]


async def test_a_changed_paused_or_deleted_digest_is_followed(
    machines: tuple[Machine, Machine],
) -> None:
    one, two = machines
    digest = await one.save(since=NINE)
    await two.clock.look()
    assert two.scheduler.get_job(f"digest {digest.id}") is not None

    await one.digests.pause(digest.id, Pause.BY_OWNER)
    await two.clock.look()
    assert two.scheduler.get_job(f"digest {digest.id}") is None

    await one.digests.resume(digest.id, NINE)
    await two.clock.look()
    assert two.scheduler.get_job(f"digest {digest.id}") is not None

    await one.digests.delete(digest.id)
    two.now = NINE + DAY
    await two.clock.fire("T1", digest.id)
    assert two.scheduler.get_job(f"digest {digest.id}") is None
    assert await one.fired() == []


async def test_the_schedule_fires_by_itself_when_the_time_comes(
    machines: tuple[Machine, Machine],
) -> None:
    one, _ = machines
    started = datetime.now(UTC)
    soon = (started + timedelta(seconds=2)).time().replace(microsecond=0)
    await one.save(replace(PLAN, recurrence=replace(PLAN.recurrence, at=soon)), since=started)
    one.scheduler.start()
    await one.clock.look()
    one.now = started + HOUR
    await asyncio.wait_for(one.woken.wait(), timeout=30)
    one.scheduler.shutdown(wait=False)

    assert len(await one.fired()) == 1


@asynccontextmanager
async def following(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A scheduler process at work, by its machine's clock, which may jump."""

    class Clock(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(machine.now.timestamp(), tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Clock)
    monkeypatch.setattr("bot.work.digest_clock._LOOK_SECONDS", 0.01)
    monkeypatch.setattr("bot.work.digest_clock._WHOLE_SECONDS", 0.1)
    machine.scheduler.start()
    running = asyncio.create_task(machine.clock.follow())
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        machine.scheduler.shutdown(wait=False)


async def planned(machine: Machine, digest_id: int) -> None:
    """Wait until a scheduler has taken a digest into its schedule."""
    while True:
        if machine.scheduler.get_job(f"digest {digest_id}") is not None:
            return
        await asyncio.sleep(0.01)


async def test_a_clock_that_jumps_fires_each_digest_once_and_at_its_time(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    one.now = NINE - HOUR
    digest = await one.save(since=one.now)
    async with following(one, monkeypatch):
        await planned(one, digest.id)
        one.now = NINE  # put on by an hour
        await one.woken.wait()
        one.now = NINE - HOUR  # and back: nine o'clock comes a second time
        later = await one.save(since=one.now)
        await planned(one, later.id)
        one.woken.clear()
        one.now = NINE
        await one.woken.wait()

    assert await one.fired() == [int(NINE.timestamp())] * 2
    for saved in (digest, later):
        kept = await one.digests.load("T1", saved.id)
        assert kept is not None
        assert kept.fired_until == NINE


async def test_what_is_saved_while_the_clock_jumps_is_followed(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machines
    digest = await one.save(since=NINE)
    async with following(two, monkeypatch):
        await planned(two, digest.id)
        jumped = (  # saved, by the database's clock, long before its scheduler has last looked
            "INSERT INTO digests (team_id, owner_id, plan, pause, failures, failed_until,"
            " fired_until, changed_at) SELECT team_id, 'U2', plan, pause, failures, failed_until,"
            " fired_until, changed_at - 3600 FROM digests"
        )
        await one.writer.run(lambda connection: connection.execute(text(jumped)))
        [other] = await one.digests.owned_by("T1", "U2")
        await planned(two, other.id)


async def test_a_time_that_comes_twice_fires_once_and_one_that_is_skipped_fires_too(
    machines: tuple[Machine, Machine],
) -> None:
    half_past_two = Recurrence(days=EVERY_DAY, at=time(2, 30), zone="Europe/Berlin")
    trigger = Recurring(half_past_two)
    spring = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for due in (spring, autumn):
        assert trigger.get_next_fire_time(None, due - DAY / 2) == due
    assert trigger.get_next_fire_time(spring, spring) == spring + DAY - HOUR
    assert trigger.get_next_fire_time(autumn, autumn) == autumn + DAY + HOUR

    one, two = machines
    await one.save(replace(PLAN, recurrence=half_past_two), since=autumn - HOUR)
    for machine, now in ((one, autumn), (two, autumn + HOUR)):
        machine.now = now
        await machine.clock.look()
    assert await one.fired() == [int(autumn.timestamp())]
