"""A database that can be read but takes nothing: its disk is full, or it has become read-only."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from bot.assembly.stored import Stored
from bot.conversation.errands import Errand, Keep
from bot.conversation.events import MessagePosted, Wake
from bot.conversation.thread import Author, ChannelType, ThreadKey
from bot.errors import DatabaseUnreachable
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.web import make_web
from bot.work.errands import ErrandRunner

KEY = ThreadKey(team_id="T1", channel_id="C1", thread_ts="10.000000")


class Disk:
    """A database whose disk fills and empties: no page more on SQLite, read-only on PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.is_full = False
        self._is_sqlite = url.startswith("sqlite")
        engine = make_engine(url)
        event.listen(engine.sync_engine, "checkout", self._taken)
        self.stored = Stored(engine, Writer(engine), "one")
        self.intake = self.stored.intake(reply_in_threads="auto")
        self._web = make_web([], {"database": self.stored.is_usable}, {})

    def _taken(self, connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        if self._is_sqlite:
            cursor.execute(f"PRAGMA max_page_count={1 if self.is_full else 2**30}")
        else:
            cursor.execute(f"SET default_transaction_read_only = {self.is_full}")
            connection.commit()
        cursor.close()

    async def post(self) -> Wake | None:
        """A question comes in, with more words than fit into what is left of a page."""
        message = MessagePosted(
            key=KEY,
            ts=KEY.thread_ts,
            channel_type=ChannelType.CHANNEL,
            author=Author.PERSON,
            author_id="U1",
            text="why? " * 20_000,
            mentions_us=True,
        )
        return await self.intake.take(message)

    async def messages(self) -> int:
        async with self.stored.engine.connect() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM messages")) or 0)

    async def readiness(self) -> tuple[int, dict[str, Any]]:
        transport = httpx.ASGITransport(self._web)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            answer = await client.get("/readyz")
            return answer.status_code, answer.json()


@pytest.fixture
async def disk(database: str) -> AsyncIterator[Disk]:
    disk = Disk(database)
    yield disk
    await disk.stored.writer.close()
    await disk.stored.engine.dispose()


async def test_a_message_that_can_not_be_kept_is_refused_and_kept_when_it_comes_again(
    disk: Disk,
) -> None:
    disk.is_full = True
    with pytest.raises(DatabaseUnreachable):
        await disk.post()
    assert await disk.messages() == 0

    disk.is_full = False
    assert await disk.post() is not None
    assert await disk.messages() == 1


class Poster:
    """Posts something, and the disk fills; that it has posted must be kept."""

    def __init__(self, disk: Disk) -> None:
        self.posted = self.failed = 0
        self._disk = disk

    async def run(self, errand: Errand, keep: Keep) -> None:
        self.posted += 1
        self._disk.is_full = True
        await keep({"posted": "word " * 20_000})

    async def give_up(self, errand: Errand) -> None:
        self.failed += 1


async def test_an_errand_is_not_done_again_because_its_end_could_not_be_kept(disk: Disk) -> None:
    errands, poster = disk.stored.errands, Poster(disk)
    await errands.add(team_id="T1", kind="post", payload={}, key="once")
    runner = ErrandRunner(errands, {"post": poster}, look_seconds=0.05)
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(20):
        while True:
            if disk.stored.writer.trouble:
                disk.is_full = False
            if await _has_ended(errands):
                break
            await asyncio.sleep(0.01)
    await runner.stop(5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (poster.posted, poster.failed) == (1, 0)


async def _has_ended(errands: StoredErrands) -> bool:
    with suppress(DatabaseUnreachable):
        return bool(await errands.sweep(time.time() + 60))
    return False


async def test_it_is_not_ready_and_says_why_until_something_can_be_kept_again(disk: Disk) -> None:
    ready = (200, {"ok": True, "database": True})
    assert await disk.readiness() == ready
    disk.is_full = True
    with pytest.raises(DatabaseUnreachable):
        await disk.post()
    for _ in range(2):
        status, told = await disk.readiness()
        assert (status, told["ok"], told["database"]) == (503, False, False)
        assert any(word in told["why"]["database"] for word in ("is full", "read-only"))

    disk.is_full = False
    assert await disk.readiness() == ready
    async with disk.stored.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM commons")) == 0
