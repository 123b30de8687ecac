"""The promises of errands: kept once, done by one worker at a time, taken over after a crash."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update

from bot.conversation.errands import Errand, Keep
from bot.errors import LostTurn
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.store.tables import ErrandRow
from bot.work.errands import AT_ONCE, ErrandRunner


class Kept:
    """One database, and two workers at it."""

    def __init__(self, one: StoredErrands, two: StoredErrands, writer: Writer) -> None:
        self.one = one
        self.two = two
        self._writer = writer

    async def add(self, **more: Any) -> int | None:
        return await self.one.add(**{"team_id": "T1", "kind": "sum", "payload": {"n": 1}, **more})

    async def age(self, seconds: float) -> None:
        """Let the time since everybody's last heartbeat pass."""
        then = time.time() - seconds
        await self._writer.run(
            lambda connection: connection.execute(update(ErrandRow).values(heartbeat_at=then))
        )


@pytest.fixture
async def kept(database: str) -> AsyncIterator[Kept]:
    engine = make_engine(database)
    writer = Writer(engine)
    yield Kept(
        StoredErrands(engine, writer, worker="one"),
        StoredErrands(engine, writer, worker="two"),
        writer,
    )
    await writer.close()
    await engine.dispose()


async def test_a_key_is_kept_once_however_many_add_it(kept: Kept) -> None:
    added = await asyncio.gather(*(kept.add(key="digest:1:900") for _ in range(10)))

    assert len([one for one in added if one is not None]) == 1
    assert len(await kept.one.due({"sum"})) == 1


async def test_a_key_can_be_used_again_once_it_was_given_back(kept: Kept) -> None:
    errand = await kept.one.claim(await kept.add(key="detail:1") or 0)
    assert errand
    await kept.one.reopen(errand)
    await kept.one.finish(errand, failure="no")

    assert await kept.add(key="detail:1") is not None
    assert await kept.add(key="detail:1") is None


async def test_an_errand_has_one_worker_and_waits_for_its_time(kept: Kept) -> None:
    later = await kept.add(due_at=time.time() + 60)
    now = await kept.add()
    assert await kept.one.due({"sum"}) == [now]
    assert later is not None
    assert now is not None

    claims = await asyncio.gather(kept.one.claim(now), kept.two.claim(now), kept.one.claim(later))

    assert len([one for one in claims if one is not None]) == 1
    assert await kept.one.due({"sum"}) == []


async def test_an_errand_counts_the_workers_that_died_over_it(kept: Kept) -> None:
    errand_id = await kept.add()
    assert errand_id is not None
    found = []
    for died in (False, True, True, False):
        errand = await kept.one.claim(errand_id)
        assert errand is not None
        found.append(errand.setbacks)
        await (kept.one.release_all() if died else kept.one.release(errand))

    assert found == [0, 0, 1, 2]


async def test_whoever_takes_over_goes_on_from_what_was_kept(kept: Kept) -> None:
    first = await _claimed(kept.one, await kept.add())
    await kept.one.keep(first, {"posted": "1.5"})
    await kept.age(60)

    second = await _claimed(kept.two, first.id)

    assert (second.attempt, second.kept) == (2, {"posted": "1.5"})
    assert await kept.one.beat([first]) == frozenset()
    with pytest.raises(LostTurn):
        await kept.one.keep(first, {"posted": "2.5"})
    with pytest.raises(LostTurn):
        await kept.one.finish(first)
    await kept.two.finish(second)
    assert await kept.one.due({"sum"}) == []
    assert await kept.one.sweep(time.time() + 1) == 1


async def test_a_dead_worker_is_found_out_though_the_clock_was_put_back(kept: Kept) -> None:
    """Its last heartbeat seems to come from the future; who lives is heard of within the lease."""
    errand_id = await kept.add()
    errand = await _claimed(kept.one, errand_id)
    await kept.age(-3_600)
    assert await kept.two.due({"sum"}) == [errand_id], "somebody has to look at it"
    assert await kept.two.claim(errand.id) is None, "perhaps it lives"
    assert await kept.two.due({"sum"}) == []
    assert await kept.one.beat([errand]) == {errand.id}

    await kept.age(60)
    assert (await _claimed(kept.two, errand_id)).attempt == 2


class Handler:
    """Does what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[Errand] = []
        self.given_up: list[int] = []
        self.done = asyncio.Event()
        self.error: Exception | None = None
        self.waits = False

    async def run(self, errand: Errand, keep: Keep) -> None:
        self.seen.append(errand)
        await keep({"seen": errand.attempt})
        self.done.set()
        if self.waits:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

    async def give_up(self, errand: Errand) -> None:
        self.given_up.append(errand.id)
        self.done.set()


async def test_a_workspace_with_many_errands_does_not_keep_the_others_from_theirs(
    kept: Kept,
) -> None:
    many = [await kept.add(team_id="T1") for _ in range(3)]
    one = await kept.add(team_id="T2")
    await kept.add(kind="of a newer release")
    assert await kept.one.due({"sum"}) == [many[0], one, many[1], many[2]]


async def test_who_waits_finds_room_beside_what_nobody_waits_for(kept: Kept) -> None:
    for _ in range(AT_ONCE):
        await kept.add(kind="patient")
    slow, quick = Handler(), Handler()
    slow.waits = True
    handlers = {"patient": slow, "sum": quick}
    runner = ErrandRunner(kept.one, handlers, look_seconds=0.05, patient=frozenset({"patient"}))
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(30):
        await slow.done.wait()
        errand_id = await kept.add()
        await quick.done.wait()
    assert [one.id for one in quick.seen] == [errand_id]
    await runner.stop(0)
    running.cancel()


async def test_an_error_ends_an_errand_in_words_and_is_not_repeated(kept: Kept) -> None:
    handler = Handler()
    handler.error = ValueError("no")
    errand_id = await kept.add()

    await _run_until(kept.one, handler, lambda: bool(handler.given_up))

    assert handler.given_up == [errand_id]
    assert await kept.two.due({"sum"}) == []


async def test_who_was_frozen_and_fails_does_not_speak_for_whoever_took_over(kept: Kept) -> None:
    errand_id = await kept.add()
    handler = Handler()

    async def taken_over(errand: Errand, keep: Keep) -> None:
        await kept.age(60)
        await _claimed(kept.two, errand_id)
        handler.done.set()
        raise ValueError("no")

    handler.run = taken_over  # type: ignore[method-assign]
    await _run_until(kept.one, handler, handler.done.is_set)

    assert handler.given_up == []


async def test_one_that_brings_its_worker_down_is_given_up(kept: Kept) -> None:
    errand_id = await kept.add()
    for _ in range(3):
        await _claimed(kept.one, errand_id)
        await kept.age(60)
    handler = Handler()

    await _run_until(kept.two, handler, lambda: bool(handler.given_up))

    assert (handler.seen, handler.given_up) == ([], [errand_id])


async def test_a_process_that_ends_hands_over(kept: Kept) -> None:
    errand_id = await kept.add()
    handler = Handler()
    handler.waits = True
    runner = ErrandRunner(kept.one, {"sum": handler}, look_seconds=5)
    running = asyncio.create_task(runner.run())
    await handler.done.wait()

    await runner.stop(0)
    running.cancel()

    assert await kept.two.due({"sum"}) == [errand_id]
    assert (await _claimed(kept.two, errand_id)).kept == {"seen": 1}


async def _claimed(errands: StoredErrands, errand_id: int | None) -> Errand:
    assert errand_id is not None
    errand = await errands.claim(errand_id)
    assert errand is not None
    return errand


async def _run_until(errands: StoredErrands, handler: Handler, ended: Any) -> None:
    runner = ErrandRunner(errands, {"sum": handler}, look_seconds=0.05)
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(10):
        while not ended():
            await handler.done.wait()
            await asyncio.sleep(0)
    await runner.stop(5)
    running.cancel()
