"""The promises of wake-ups, within a process and by way of PostgreSQL alike."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import files
from typing import Any

import psycopg
import pytest

from bot.conversation.events import Interruption, Wake
from bot.conversation.ports import Wakes
from bot.store.db import Writer, make_engine
from bot.store.errands import ADDED, StoredErrands
from bot.store.jobs import Jobs, _forever
from bot.store.schema import migrate
from bot.work.wakes import LocalWakes
from tests.playground import until


class Attending:
    """An attendant that only notes what it is told."""

    def __init__(self, heard: asyncio.Queue[int] | None = None) -> None:
        self.heard: asyncio.Queue[int] = heard or asyncio.Queue()
        self.woken: list[int] = []
        self.interrupted: asyncio.Queue[Wake] = asyncio.Queue()
        self.has_room = asyncio.Event()
        self.has_room.set()

    def wake(self, wake: Wake) -> None:
        self.woken.append(wake.conversation_id)
        self.heard.put_nowait(wake.conversation_id)

    def interrupt(self, wake: Wake) -> None:
        self.interrupted.put_nowait(wake)

    async def room(self) -> None:
        await self.has_room.wait()

    async def next(self) -> int:
        return await asyncio.wait_for(self.heard.get(), timeout=30)


@pytest.fixture(params=["local", "postgresql"])
async def wakes(request: pytest.FixtureRequest) -> AsyncIterator[Wakes]:
    if request.param == "local":
        yield LocalWakes()
        return
    url = request.getfixturevalue("postgresql")
    async with Jobs(url).open() as jobs:
        yield jobs


@asynccontextmanager
async def attended(*pairs: tuple[Wakes, Attending]) -> AsyncIterator[None]:
    """These attendants, attending."""
    tasks = [asyncio.create_task(wakes.run(attending)) for wakes, attending in pairs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def listens(url: str) -> bool:
    """Whether somebody listens for errands."""
    with psycopg.connect(url) as connection:
        query = "SELECT FROM pg_stat_activity WHERE query LIKE %s"
        return connection.execute(query, [f'LISTEN "{ADDED}"%']).rowcount == 1


async def test_what_is_woken_is_attended_to(wakes: Wakes) -> None:
    attending = Attending()
    async with attended((wakes, attending)):
        for conversation in (7, 8, 9):
            await wakes.wake(Wake(conversation_id=conversation))
        assert {await attending.next() for _ in range(3)} == {7, 8, 9}

        await wakes.wake(Wake(conversation_id=7))
        assert await attending.next() == 7, "it may be woken again and again"


async def test_what_was_woken_before_anybody_attended_is_attended_to_once(wakes: Wakes) -> None:
    for _ in range(3):
        await wakes.wake(Wake(conversation_id=7))
    attending = Attending()
    async with attended((wakes, attending)):
        assert await attending.next() == 7
        await wakes.wake(Wake(conversation_id=8))
        assert await attending.next() == 8
    assert attending.woken == [7, 8]


async def test_an_interruption_is_heard_by_whoever_is_at_it(wakes: Wakes) -> None:
    attending = Attending()
    stop = Wake(conversation_id=7, interruption=Interruption.STOP)
    async with attended((wakes, attending)):
        await wakes.wake(Wake(conversation_id=7))
        await attending.next()

        async def heard() -> Wake:
            while attending.interrupted.empty():
                await wakes.wake(stop)  # the first may come before it listens
                await asyncio.sleep(0.01)
            return attending.interrupted.get_nowait()

        told = await asyncio.wait_for(heard(), timeout=30)
    assert (told.conversation_id, told.interruption) == (7, Interruption.STOP)


async def test_what_is_recalled_is_attended_to(wakes: Wakes) -> None:
    attending = Attending()
    await wakes.recall([Wake(conversation_id=7), Wake(conversation_id=8)])
    await wakes.recall([])
    async with attended((wakes, attending)):
        assert {await attending.next(), await attending.next()} == {7, 8}
        await wakes.recall([Wake(conversation_id=7)])
        assert await attending.next() == 7


@asynccontextmanager
async def two_workers(url: str) -> AsyncIterator[tuple[Jobs, Attending, Attending]]:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(Jobs(url).open()) for _ in range(2)]
        first = Attending()
        attending = first, Attending(first.heard)
        await stack.enter_async_context(attended((one, attending[0]), (two, attending[1])))
        yield one, *attending


async def test_one_wake_up_goes_to_one_of_many_workers(postgresql: str) -> None:
    async with two_workers(postgresql) as (jobs, first, second):
        for conversation in range(30):
            await jobs.wake(Wake(conversation_id=conversation))
        assert sorted([await first.next() for _ in range(30)]) == list(range(30))
        await jobs.wake(Wake(conversation_id=99))
        assert await first.next() == 99
    assert len(first.woken) + len(second.woken) == 31


async def test_a_worker_without_room_leaves_the_rest_to_others(postgresql: str) -> None:
    async with two_workers(postgresql) as (jobs, full, free):
        full.has_room.clear()
        for conversation in range(60):
            await jobs.wake(Wake(conversation_id=conversation))
        assert sorted([await free.next() for _ in range(60)]) == list(range(60))
        assert len(full.woken) <= 8
        full.has_room.set()


async def test_who_has_the_smaller_place_is_first(postgresql: str) -> None:
    now = time.time()
    async with Jobs(postgresql).open() as jobs:
        for number in range(5):
            await jobs.wake(Wake(conversation_id=number, place=now + number * 10.0))
        await jobs.wake(Wake(conversation_id=77, place=now + 5.0))
        attending = Attending()
        async with attended((jobs, attending)):
            assert [await attending.next() for _ in range(6)] == [0, 77, 1, 2, 3, 4]


async def test_a_finished_wake_up_leaves_nothing_behind(postgresql: str) -> None:
    async with two_workers(postgresql) as (jobs, first, _):
        for conversation in range(20):
            await jobs.wake(Wake(conversation_id=conversation))
        for _ in range(20):
            await first.next()
    async with await psycopg.AsyncConnection.connect(postgresql) as connection:
        for table in ("jobs", "events", "workers"):
            found = await connection.execute(f"SELECT count(*) FROM procrastinate_{table}")  # noqa: S608
            assert await found.fetchone() == (0,), table


async def test_a_wake_up_that_can_not_be_sent_is_no_error(postgresql: str) -> None:
    async with Jobs(postgresql).open() as jobs:
        async with await psycopg.AsyncConnection.connect(postgresql) as connection:
            await connection.execute("DROP TABLE procrastinate_jobs CASCADE")
        await jobs.wake(Wake(conversation_id=7))
        await jobs.recall([Wake(conversation_id=7)])


async def test_an_errand_is_announced_to_every_process(postgresql: str) -> None:
    engine = make_engine(postgresql)
    writer = Writer(engine)
    errands = StoredErrands(engine, writer, worker="elsewhere")
    heard: asyncio.Queue[None] = asyncio.Queue()
    announced = Jobs(postgresql, on_errand=lambda: heard.put_nowait(None))
    async with announced.open() as jobs, attended((jobs, Attending())):
        await asyncio.to_thread(until, lambda: listens(postgresql))
        added = await errands.add(team_id="T1", kind="sum", payload={})
        await asyncio.wait_for(heard.get(), timeout=30)
        assert await errands.due({"sum"}) == [added], "it is there when it is announced"

        claimed = await errands.claim(added or 0)
        assert claimed is not None
        await errands.release(claimed)
        await asyncio.wait_for(heard.get(), timeout=30)
    await writer.close()
    await engine.dispose()


async def test_a_wake_up_that_died_with_its_worker_is_recalled(postgresql: str) -> None:
    async with Jobs(postgresql).open() as jobs:
        await jobs.wake(Wake(conversation_id=7))
        async with await psycopg.AsyncConnection.connect(postgresql) as connection:
            await connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        await jobs.recall([Wake(conversation_id=7)])
        attending = Attending()
        async with attended((jobs, attending)):
            assert await attending.next() == 7


def test_the_installed_procrastinate_has_the_schema_that_the_migrations_make(server: Any) -> None:
    package = files("procrastinate.sql")
    for name in ("migrated", "installed"):
        server.psql(f"CREATE DATABASE {name}")
    migrate(server.get_uri(database="migrated"))
    with psycopg.connect(server.get_uri(database="installed")) as connection:
        connection.cursor().execute((package / "schema.sql").read_bytes())

    for query in (
        "SELECT column_name FROM information_schema.columns WHERE table_name LIKE %s",
        "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE %s",
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE %s",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE %s",
    ):
        rows = []
        for name in ("migrated", "installed"):
            with psycopg.connect(server.get_uri(database=name)) as connection:
                rows.append(set(connection.execute(query, ["procrastinate%"]).fetchall()))
        assert rows[0] == rows[1]


async def test_who_is_asked_to_end_ends_though_the_database_fails_at_that_moment() -> None:
    begun = asyncio.Event()

    async def fails_when_cancelled() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("the connection is gone") from None

    task = asyncio.create_task(_forever(fails_when_cancelled))
    await begun.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=30)

    assert task.cancelled()
