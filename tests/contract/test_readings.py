"""What files became is kept with the messages they are on, and gone with them, on both databases."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessageDeleted, MessagePosted
from bot.conversation.thread import Author, ChannelType, SharedFile, ThreadKey
from bot.store.db import Writer, make_engine
from bot.store.intake import Intake
from bot.store.readings import StoredReadings
from bot.store.retention import forget_before, forget_person
from bot.store.tables import ReadingRow

FILE = SharedFile(file_id="F1", name="a.pdf", media_type="application/pdf", size=9, url="https://x")
KEY = ThreadKey(team_id="T1", channel_id="C1", thread_ts="10.000000")

SHARED = MessagePosted(
    key=KEY,
    ts=KEY.thread_ts,
    channel_type=ChannelType.CHANNEL,
    author=Author.PERSON,
    author_id="U1",
    author_name="",
    author_team="T1",
    text="look",
    files=(FILE,),
    is_whole=True,
    mentions_us=True,
    mentions_others=False,
    bot_is_allowed=False,
)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(database)
    yield made
    await made.dispose()


@pytest.fixture
async def readings(engine: AsyncEngine) -> StoredReadings:
    """A thread with one file, which has been read."""
    writer = Writer(engine)
    await Intake(engine, writer, reply_in_threads="auto").take(SHARED)
    kept = StoredReadings(engine, writer)
    await kept.keep(1, "F1", "1p", "the quay")
    return kept


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count(ReadingRow.id))) or 0


async def test_it_is_found_in_its_thread_and_form(
    readings: StoredReadings, engine: AsyncEngine
) -> None:
    assert await readings.load(1, "F1", "1p") == "the quay"
    assert await readings.load(1, "F1", "1") is None
    assert await readings.load(2, "F1", "1p") is None

    await readings.keep(1, "F1", "1p", "again")
    assert await readings.load(1, "F1", "1p") == "the quay"
    await readings.keep(1, "gone", "1p", "nobody shared it")
    assert await _count(engine) == 1


@pytest.mark.parametrize("how", ["retention", "person", "deletion"])
async def test_it_goes_with_the_message(
    how: str, readings: StoredReadings, engine: AsyncEngine
) -> None:
    writer = Writer(engine)
    match how:
        case "retention":
            await forget_before(writer, 2_000_000_000.0)
        case "person":
            await forget_person(writer, "T1", "U1")
        case _:
            gone = MessageDeleted(team_id="T1", channel_id="C1", ts=KEY.thread_ts)
            await Intake(engine, writer, reply_in_threads="auto").take(gone)

    assert await readings.load(1, "F1", "1p") is None
    assert await _count(engine) == 0


async def test_it_is_sealed_where_there_is_a_key(database: str) -> None:
    sealing = make_engine(database, ["a key of more than thirty-two letters"])
    writer = Writer(sealing)
    await Intake(sealing, writer, reply_in_threads="auto").take(SHARED)
    await StoredReadings(sealing, writer).keep(1, "F1", "1p", "the quay")

    async with sealing.connect() as connection:
        raw = await connection.scalar(text("SELECT content FROM readings"))
    assert str(raw).startswith("sealed:1:")
    assert await StoredReadings(sealing, writer).load(1, "F1", "1p") == "the quay"
    await sealing.dispose()
