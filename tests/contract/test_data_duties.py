"""What is kept of people can be given out, and deleted, on both databases."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.assembly.stored import Stored
from bot.commands.kept import purge
from bot.config import parse_settings
from bot.conversation.digests.digest import ChannelNote, Plan
from bot.conversation.digests.recurrence import Recurrence
from bot.conversation.events import MessagePosted, Rated
from bot.conversation.modes import ChannelSettings
from bot.conversation.ports import Ending
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.thread import (
    Author,
    ChannelType,
    Outcome,
    Progress,
    SharedFile,
    ThreadKey,
    Turn,
)
from bot.schedule import Schedule
from bot.store.db import Writer, make_engine
from bot.store.digests import StoredDigests
from bot.store.errands import StoredErrands
from bot.store.exports import export, teams
from bot.store.installations import StoredInstalls
from bot.store.intake import Intake
from bot.store.kept_summaries import StoredSummaries
from bot.store.readings import StoredReadings
from bot.store.retention import forget_before, forget_channel, forget_person
from bot.store.settings import ChannelSettingsStore
from bot.store.turns import Turns
from tests.contract.test_check import NOWHERE
from tests.contract.test_installations import ACME

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ANNA, BEN = "U0ANNA", "U0BEN"


class Kept:
    """Two people, a thread in a channel, a direct message, and all that grows around them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.writer = Writer(engine)
        self.turns = Turns(engine, self.writer, worker="one")
        self.intake = Intake(engine, self.writer, reply_in_threads="auto")
        self.digests = StoredDigests(engine, self.writer)
        self.errands = StoredErrands(engine, self.writer, worker="one")

    async def fill(self) -> None:
        await StoredInstalls(self.engine, self.writer).add(ACME)
        await self.ask(ANNA, "C1", "10.000000", "anna in the channel")
        await self.ask(BEN, "C1", "11.000000", "ben in the channel", thread_ts="10.000000")
        await self.ask(ANNA, "D1", "12.000000", "anna in private", channel_type=ChannelType.DM)
        await self.ask(BEN, "C2", "13.000000", "ben elsewhere")
        readings = StoredReadings(self.engine, self.writer)
        await readings.keep(2, "F1", "text", "what anna's file says")
        await self.turns.remember(1, "anna and ben spoke", "09.000000")
        settings = ChannelSettings(instructions="short")
        for user in (ANNA, BEN):
            address = {"user_id": user, "response_url": "https://hooks.slack.com/one-secret"}
            payload = {"address": address, "request": {"channel_id": "C1"}}
            await self.errands.add(team_id="T1", kind="summary", payload=payload)
        for channel in ("C1", "C2", "D1"):
            await ChannelSettingsStore(self.engine, self.writer).save("T1", channel, settings)
            for user in (ANNA, BEN) if channel != "D1" else ():
                await StoredSummaries(self.engine, self.writer).add(
                    KeptSummary(team_id="T1", user_id=user, channel_id=channel, markdown="sum")
                )
        for owner in (ANNA, BEN):
            recurrence = Recurrence(days=frozenset({0}), at=clock_time(9), zone="UTC")
            plan = Plan(channels=("C1", "C2"), recurrence=recurrence)
            digest = await self.digests.add("T1", owner, plan, NOW)
            assert digest is not None
            notes = [
                ChannelNote(channel_id=channel, read_from=NOW, read_until=NOW, headline="news")
                for channel in ("C1", "C2")
            ]
            await self.digests.told(digest.id, NOW, notes)

    async def ask(self, who: str, channel: str, ts: str, words: str, **more: Any) -> None:
        """Ask, be answered, and say that it was good."""
        turn = await self.begin(who, channel, ts, words, **more)
        await self.turns.finish(
            turn, Ending(outcome=Outcome.DONE, text=f"answer to {words}", segments=())
        )
        rated = Rated(
            reply_id=turn.reply_id, team_id="T1", channel_id=channel, user_id=who, is_good=True
        )
        await self.intake.take(rated)

    async def begin(
        self,
        who: str,
        channel: str,
        ts: str,
        words: str,
        *,
        thread_ts: str = "",
        channel_type: ChannelType = ChannelType.CHANNEL,
    ) -> Turn:
        """Ask; the turn of whoever answers."""
        key = ThreadKey(team_id="T1", channel_id=channel, thread_ts=thread_ts or ts)
        file = SharedFile(file_id="F1", name=words, media_type="x/y", size=1, url="https://x")
        wake = await self.intake.take(
            MessagePosted(
                key=key,
                ts=ts,
                channel_type=channel_type,
                author=Author.PERSON,
                author_id=who,
                text=words,
                files=(file,),
                mentions_us=True,
            )
        )
        assert wake is not None
        turn = await self.turns.claim(wake.conversation_id)
        assert isinstance(turn, Turn)
        return turn

    async def rows(self, **which: str) -> list[dict[str, Any]]:
        return [row async for row in export(self.engine, "T1", **which)]


@pytest.fixture
async def kept(database: str) -> AsyncIterator[Kept]:
    engine = make_engine(database, ["k" * 32])
    kept = Kept(engine)
    await kept.fill()
    yield kept
    await engine.dispose()


def _all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def by_table(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        table: sum(row["table"] == table for row in rows) for table in {r["table"] for r in rows}
    }


async def test_an_export_has_everything_readable_but_no_token(kept: Kept) -> None:
    rows = await kept.rows()

    assert by_table(rows) == {
        "conversations": 3,
        "messages": 4,
        "attachments": 4,
        "readings": 1,
        "replies": 4,
        "ratings": 4,
        "channel_settings": 3,
        "errands": 2,
        "summaries": 4,
        "digests": 2,
        "digest_runs": 2,
    }
    assert "anna in private" in str(rows)
    assert "xoxb" not in str(rows)
    assert "one-secret" not in str(rows), "whoever has it may speak as us"
    assert await teams(kept.engine) == ["T1"]
    assert [row async for row in export(kept.engine, "T2")] == []


async def test_an_export_of_a_person_has_theirs_alone(kept: Kept) -> None:
    rows = await kept.rows(user_id=ANNA)

    assert by_table(rows)["messages"] == by_table(rows)["replies"] == 2
    assert by_table(rows)["errands"] == 1
    assert "answer to anna in private" in str(rows)
    assert "what anna's file says" in str(rows)
    assert "ben in" not in str(rows)


async def test_an_export_of_a_channel_has_that_alone(kept: Kept) -> None:
    rows = await kept.rows(channel_id="C1")

    assert by_table(rows)["messages"] == 2
    assert "private" not in str(rows)
    assert "elsewhere" not in str(rows)


async def test_a_person_is_forgotten_and_the_others_stay(kept: Kept) -> None:
    assert await forget_person(kept.writer, "T1", ANNA) == 2

    rows = str(await kept.rows())
    assert "anna" not in rows
    assert ANNA not in rows
    assert "ben in the channel" in rows
    assert "answer to ben in the channel" in rows
    assert by_table(await kept.rows(user_id=BEN)) == {
        "messages": 2,
        "attachments": 2,
        "replies": 2,
        "ratings": 2,
        "errands": 1,
        "summaries": 2,
        "digests": 1,
        "digest_runs": 1,
    }
    settings = ChannelSettingsStore(kept.engine, kept.writer)
    assert await settings.load("T1", "D1") == ChannelSettings()
    assert await settings.load("T1", "C1") != ChannelSettings()
    await kept.ask(BEN, "C1", "20.000000", "ben goes on", thread_ts="10.000000")


async def test_what_is_forgotten_is_in_no_file_any_more(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = Path(shutil.copy(sqlite_template, tmp_path / "bot.db"))
    engine = make_engine(f"sqlite:///{file}")
    kept = Kept(engine)
    await kept.fill()
    assert b"anna in private" in _all_bytes(tmp_path)

    await forget_person(kept.writer, "T1", ANNA)

    left = _all_bytes(tmp_path)
    assert b"anna in" not in left
    assert b"ben in the channel" in left
    await engine.dispose()


async def test_an_answer_that_is_being_written_is_stopped_and_forgotten(
    kept: Kept, database: str
) -> None:
    given = {**NOWHERE, "DATABASE_URL": database, "BOT_SECRET_KEY": "k" * 32}
    turn = await kept.begin(ANNA, "C1", "20.000000", "anna once more", thread_ts="10.000000")
    forgetting = asyncio.create_task(purge(parse_settings(given), "T1", user=ANNA))
    progress = Progress(turn=turn, text="half an answer to anna", segments=())
    async with asyncio.timeout(10):
        while not (await kept.turns.save_progress([progress])).stopped:  # noqa: ASYNC110  as a worker
            await asyncio.sleep(0.01)
    ending = Ending(outcome=Outcome.STOPPED, text="half an answer to anna", segments=())
    await kept.turns.finish(turn, ending)

    assert await forgetting == 3
    assert "anna" not in str(await kept.rows())


async def test_a_channel_is_forgotten_and_the_others_stay(kept: Kept) -> None:
    assert await forget_channel(kept.writer, "T1", "C1") == 1

    rows = await kept.rows()
    assert "in the channel" not in str(rows)
    assert "anna in private" in str(rows)
    assert [row["channel_id"] for row in rows if row["table"] == "summaries"] == ["C2", "C2"]
    assert "errands" not in by_table(rows)
    [[note]] = {
        tuple(note["channel_id"] for note in row["told"]["notes"])
        for row in rows
        if row["table"] == "digest_runs"
    }
    assert note == "C2"


async def test_what_is_old_goes_as_soon_as_a_process_starts(kept: Kept) -> None:
    async with kept.engine.begin() as connection:
        long_ago = {"then": time.time() - 2 * 86_400}
        await connection.execute(text("UPDATE conversations SET created_at = :then"), long_ago)
    settings = parse_settings({**NOWHERE, "BOT_RETENTION_DAYS": "1"})
    running = asyncio.create_task(
        Schedule(settings, Stored(kept.engine, kept.writer, "clock")).run()
    )
    async with asyncio.timeout(20):
        while "conversations" in by_table(await kept.rows()):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert "messages" not in by_table(await kept.rows())


async def test_what_is_old_goes_from_every_table(kept: Kept) -> None:
    async with kept.engine.begin() as connection:
        for table in ("conversations", "summaries"):
            await connection.execute(text(f"UPDATE {table} SET created_at = 5"))  # noqa: S608

    assert await forget_before(kept.writer, time.time() + 9e8) == 3
    assert set(by_table(await kept.rows())) == {"channel_settings", "digests", "errands"}
    assert await teams(kept.engine) == ["T1"], "something is kept of it"
