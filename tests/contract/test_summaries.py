"""The promises of summaries as they are kept, and of what is remembered of a channel."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessagePosted
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.request import Length
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import Author, ChannelType, SharedFile, ThreadKey
from bot.store.db import Writer, make_engine
from bot.store.intake import Intake
from bot.store.kept_summaries import ROW_SECONDS, TEXT_SECONDS, StoredSummaries
from bot.store.recollections import StoredRecollections

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
SPAN = Span(start=NINE - timedelta(days=1), end=NINE)
SUMMARY = KeptSummary(
    team_id="T1",
    user_id="U1",
    channel_id="C1",
    asked_in="C2",
    span=SPAN,
    focus="money",
    language="German",
    length=Length.DETAILED,
    markdown="**All is well.**",
    title="#general",
)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[tuple[AsyncEngine, Writer]]:
    engine = make_engine(database)
    writer = Writer(engine)
    yield engine, writer
    await writer.close()
    await engine.dispose()


@pytest.fixture
def summaries(opened: tuple[AsyncEngine, Writer]) -> StoredSummaries:
    return StoredSummaries(*opened)


async def test_a_summary_is_kept_whole_for_whoever_asked(summaries: StoredSummaries) -> None:
    summary_id = await summaries.add(SUMMARY)
    assert await summaries.load("T1", summary_id, user_id="U1") == replace(SUMMARY, id=summary_id)
    assert await summaries.load("T1", summary_id, user_id="U2") is None
    assert await summaries.load("T2", summary_id, user_id="U1") is None


async def test_the_newest_end_counts_and_threads_do_not(summaries: StoredSummaries) -> None:
    assert await summaries.last_end("T1", "U1", "C1") is None
    await summaries.add(SUMMARY)
    earlier = Span(start=NINE - timedelta(days=9), end=NINE - timedelta(days=8))
    await summaries.add(replace(SUMMARY, span=earlier))
    later = Span(start=NINE, end=NINE + timedelta(hours=1))
    await summaries.add(replace(SUMMARY, span=later, thread_ts="1.1"))
    await summaries.add(replace(SUMMARY, span=later, user_id="U2"))
    assert await summaries.last_end("T1", "U1", "C1") == NINE


async def test_texts_are_forgotten_first_and_the_rest_later(summaries: StoredSummaries) -> None:
    summary_id = await summaries.add(SUMMARY)
    now = time.time()
    assert await summaries.sweep(now) == 0
    assert await summaries.load("T1", summary_id, user_id="U1") is not None
    assert await summaries.sweep(now + TEXT_SECONDS + 1) == 1
    assert await summaries.load("T1", summary_id, user_id="U1") is None
    assert await summaries.last_end("T1", "U1", "C1") == NINE
    await summaries.sweep(now + ROW_SECONDS + 1)
    assert await summaries.last_end("T1", "U1", "C1") is None


async def test_what_was_said_to_us_is_remembered_with_its_thread_and_files(
    opened: tuple[AsyncEngine, Writer],
) -> None:
    engine, writer = opened
    intake = Intake(engine, writer, reply_in_threads="auto")
    pdf = SharedFile(file_id="F1", name="a.pdf", media_type="application/pdf", size=3, url="u")
    for ts, files in (("1700000001.000000", (pdf,)), ("1700000009.000000", ())):
        await intake.take(
            MessagePosted(
                key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="1700000001.000000"),
                ts=ts,
                channel_type=ChannelType.CHANNEL,
                author=Author.PERSON,
                author_id="U1",
                text=f"said at {ts}",
                files=files,
                mentions_us=True,
            )
        )
    recollections = StoredRecollections(engine)
    bounds = {"oldest": "1700000000.000000", "latest": "1700000005.000000"}
    ((message, thread_ts),) = await recollections.within("T1", "C1", **bounds)
    assert (message.text, thread_ts) == ("said at 1700000001.000000", "1700000001.000000")
    assert message.files == (pdf,)
    assert await recollections.within("T1", "C2", **bounds) == []
