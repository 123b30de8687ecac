"""Whoever watches the bot sees how much waits, and for how long, on both databases."""

import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.db import make_engine
from bot.store.errands import StoredErrands
from bot.store.waiting import Queue, Waiting
from tests.contract.test_store import Store

NOBODY = Queue(length=0, age=0.0)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


def ago(seconds: float) -> str:
    """The ts of a message that was written so long ago."""
    return f"{time.time() - seconds:.6f}"


async def test_a_question_waits_until_a_worker_takes_it(engine: AsyncEngine) -> None:
    store, waiting = Store(engine), Waiting(engine)
    assert (await waiting.queues())["questions"] == NOBODY
    await store.post(ago(90))
    await store.post(ago(30))

    queue = (await waiting.queues())["questions"]
    assert (queue.length, round(queue.age)) == (2, 90)
    await store.claim()
    await store.post(ago(5))
    assert (await waiting.queues())["questions"] == NOBODY, "the worker there answers it next"


async def test_an_old_question_asked_anew_has_not_waited_since_then(engine: AsyncEngine) -> None:
    store = Store(engine)
    await store.post(ts := ago(9_000))
    await store.end(await store.claim())
    await store.edit(ts, "or rather", edited_ts=ago(0))

    assert (await Waiting(engine).queues())["questions"] == Queue(length=1, age=0.0)


async def test_an_errand_waits_from_when_it_is_due(engine: AsyncEngine) -> None:
    store, waiting = Store(engine), Waiting(engine)
    errands = StoredErrands(engine, store.writer, worker="one")
    first = await errands.add(team_id="T1", kind="x", payload={}, due_at=time.time() - 60)
    await errands.add(team_id="T1", kind="x", payload={}, due_at=time.time() + 60)
    assert first is not None

    queue = (await waiting.queues())["errands"]
    assert (queue.length, queue.age < 10) == (1, True), "it was not there before it was added"
    assert await errands.claim(first)
    assert (await waiting.queues())["errands"] == NOBODY
