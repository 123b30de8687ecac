"""A message that was deleted before we heard of it is not taken in when its own event comes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessageDeleted, MessagePosted, Wake
from bot.conversation.thread import Author, ChannelType, ThreadKey
from bot.store.db import Writer, make_engine
from bot.store.deletions import forget_deletions
from bot.store.intake import Intake

DAY = 86_400.0


class Door:
    """The intakes of two processes on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.writer = Writer(engine)
        writers = (self.writer, Writer(engine))
        self.intakes = [Intake(engine, one, reply_in_threads="auto") for one in writers]

    async def delete(self, ts: str) -> None:
        """Each process hears of the deletion, at once: Slack has sent it twice."""
        gone = MessageDeleted(team_id="T1", channel_id="C1", ts=ts)
        await asyncio.gather(*(intake.take(gone) for intake in self.intakes))

    async def post(self, ts: str, *, channel: str = "C1") -> Wake | None:
        message = MessagePosted(
            key=ThreadKey(team_id="T1", channel_id=channel, thread_ts=ts),
            ts=ts,
            channel_type=ChannelType.CHANNEL,
            author=Author.PERSON,
            author_id="U1",
            text="hi",
            mentions_us=True,
        )
        return await self.intakes[0].take(message)

    async def noted(self) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM deletions")) or 0)


@pytest.fixture
async def door(database: str) -> AsyncIterator[Door]:
    engine = make_engine(database)
    yield Door(engine)
    await engine.dispose()


def ago(seconds: float) -> str:
    return f"{time.time() - seconds:.6f}"


async def test_it_stays_deleted_there_and_nowhere_else(door: Door) -> None:
    ts = ago(7_200)
    await door.delete(ts)

    assert await door.post(ts) is None
    assert await door.post(ts, channel="C2") is not None
    assert await door.noted() == 1


async def test_it_is_noted_for_as_long_as_its_event_may_come(door: Door) -> None:
    await door.delete(ago(3 * DAY))
    assert await door.noted() == 0, "it would have come long ago"

    await door.delete(ago(60))
    await forget_deletions(door.writer, time.time())
    assert await door.noted() == 1
    await forget_deletions(door.writer, time.time() + 2 * DAY)
    assert await door.noted() == 0


async def test_one_that_we_have_needs_no_note(door: Door) -> None:
    ts = ago(60)
    assert await door.post(ts) is not None
    await door.delete(ts)

    assert await door.post(ts) is None
    assert await door.noted() == 0
