"""The promises of digests as they are kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.conversation.digests.digest import MOST_DIGESTS, ChannelNote, Pause, Plan, TopicNote
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence
from bot.store.db import Writer, make_engine
from bot.store.digests import StoredDigests

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan(channels=("C1",), recurrence=Recurrence(days=EVERY_DAY, at=time(9), zone="UTC"))
NOTE = ChannelNote(
    channel_id="C1",
    read_from=NINE - DAY,
    read_until=NINE,
    messages=2,
    headline="A release",
    topics=(TopicNote(title="Release", link="https://x/1"),),
)


@pytest.fixture
async def digests(database: str) -> AsyncIterator[StoredDigests]:
    engine = make_engine(database)
    writer = Writer(engine)
    yield StoredDigests(engine, writer)
    await writer.close()
    await engine.dispose()


async def test_a_digest_is_kept_whole_and_seen_by_its_workspace_only(
    digests: StoredDigests,
) -> None:
    added = await digests.add("T1", "U1", PLAN, NINE)

    assert added is not None
    assert await digests.load("T1", added.id) == added
    assert await digests.load("T2", added.id) is None
    assert await digests.owned_by("T1", "U1") == [added]
    assert await digests.owned_by("T1", "U2") == []


async def test_a_person_can_have_so_many_and_no_more(digests: StoredDigests) -> None:
    for _ in range(MOST_DIGESTS):
        assert await digests.add("T1", "U1", PLAN, NINE)

    assert await digests.add("T1", "U1", PLAN, NINE) is None
    assert await digests.add("T1", "U2", PLAN, NINE) is not None


async def test_changes_are_found_by_their_time(digests: StoredDigests) -> None:
    first = await digests.add("T1", "U1", PLAN, NINE)
    assert first is not None
    assert [one.id for one in await digests.changed_within(60)] == [first.id]
    assert await digests.changed_within(-60) == []

    weekly = replace(PLAN, focus="incidents")
    await digests.replan(first.id, weekly, NINE + DAY)
    [changed] = await digests.changed_within(None)
    assert (changed.plan, changed.fired_until) == (weekly, NINE + DAY)


async def test_what_a_paused_digest_missed_does_not_count(digests: StoredDigests) -> None:
    digest = await digests.add("T1", "U1", PLAN, NINE)
    assert digest is not None
    await digests.pause(digest.id, Pause.OWNER_LEFT)
    paused = await digests.load("T1", digest.id)
    assert paused is not None
    assert paused.pause is Pause.OWNER_LEFT

    await digests.resume(digest.id, NINE + 5 * DAY)
    resumed = await digests.load("T1", digest.id)
    assert resumed == replace(digest, fired_until=NINE + 5 * DAY)


async def test_a_time_that_was_taken_care_of_stays_so(digests: StoredDigests) -> None:
    digest = await digests.add("T1", "U1", PLAN, NINE)
    assert digest is not None
    await digests.fired(digest.id, NINE + 2 * DAY)
    await digests.fired(digest.id, NINE + DAY)

    found = await digests.load("T1", digest.id)
    assert found is not None
    assert found.fired_until == NINE + 2 * DAY


async def test_a_run_is_kept_once_and_old_ones_are_forgotten(digests: StoredDigests) -> None:
    digest = await digests.add("T1", "U1", PLAN, NINE)
    assert digest is not None
    await digests.told(digest.id, NINE - 40 * DAY, [replace(NOTE, headline="old")])
    await digests.told(digest.id, NINE, [NOTE])
    await digests.told(digest.id, NINE, [NOTE])

    assert await digests.notes(digest.id) == [NOTE]
    assert await digests.told_at(digest.id, NINE) == [NOTE]
    assert await digests.told_at(digest.id, NINE + DAY) == []


async def test_failures_in_a_row_are_counted_until_one_succeeds(digests: StoredDigests) -> None:
    digest = await digests.add("T1", "U1", PLAN, NINE)
    assert digest is not None
    assert await digests.failed(digest.id, NINE) == 1
    assert await digests.failed(digest.id, NINE) == 1, "a repeat of the same run"
    assert await digests.failed(digest.id, NINE + DAY) == 2
    await digests.told(digest.id, NINE + 2 * DAY, [])

    assert await digests.failed(digest.id, NINE + 3 * DAY) == 1


async def test_a_deleted_digest_leaves_nothing(digests: StoredDigests) -> None:
    digest = await digests.add("T1", "U1", PLAN, NINE)
    assert digest is not None
    await digests.told(digest.id, NINE, [NOTE])
    await digests.delete(digest.id)
    await digests.told(digest.id, NINE + DAY, [NOTE])

    assert await digests.load("T1", digest.id) is None
    assert await digests.notes(digest.id) == []
