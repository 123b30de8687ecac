"""Events come in any order: what stands in Slack counts, on SQLite and on PostgreSQL alike."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessageDeleted, MessageEdited, MessagePosted, Wake
from bot.conversation.ports import Ending
from bot.conversation.thread import Author, ChannelType, Outcome, ThreadKey, Turn
from bot.store.db import Writer, make_engine
from bot.store.deletions import forget_deletions
from bot.store.intake import Intake
from bot.store.turns import Turns

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

    async def post(self, ts: str, *, channel: str = "C1", **more: Any) -> Wake | None:
        return await self.intakes[0].take(_message(ts, channel, **more))

    async def edit(self, ts: str, words: str, edited_ts: str, *, channel: str) -> Wake | None:
        message = _message(ts, channel, text=words)
        return await self.intakes[0].take(MessageEdited(message=message, edited_ts=edited_ts))

    async def questions(self) -> list[str]:
        """What the next turn has to answer."""
        turn = await Turns(self.engine, self.writer, worker="one").claim(1)
        assert isinstance(turn, Turn)
        return [question.text for question in turn.questions]

    async def noted(self) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM deletions")) or 0)


def _message(ts: str, channel: str, *, thread_ts: str = "", text: str = "hi") -> MessagePosted:
    """A mention in a channel; in direct messages a question needs none."""
    in_dm = channel.startswith("D")
    return MessagePosted(
        key=ThreadKey(team_id="T1", channel_id=channel, thread_ts=thread_ts or ts),
        ts=ts,
        channel_type=ChannelType.DM if in_dm else ChannelType.CHANNEL,
        author=Author.PERSON,
        author_id="U1",
        text=text,
        mentions_us=not in_dm,
    )


@pytest.fixture
async def door(database: str) -> AsyncIterator[Door]:
    engine = make_engine(database)
    yield Door(engine)
    await engine.dispose()


def ago(seconds: float) -> str:
    return f"{time.time() - seconds:.6f}"


async def test_a_question_is_not_too_late_for_a_thread_that_has_gone_on_without_it(
    door: Door,
) -> None:
    await door.post("10.000000", text="first")
    assert await door.questions() == ["first"]
    await door.writer.run(lambda connection: connection.execute(text(_MUCH_TALK)))
    await door.writer.run(
        lambda connection: connection.execute(text("UPDATE replies SET outcome = 'done'"))
    )
    await door.post("11.000000", thread_ts="10.000000", text="late")

    assert await door.questions() == ["late"]


_MUCH_TALK = """
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1999)
    INSERT INTO messages (conversation_id, team_id, channel_id, ts, author, author_id, author_name,
        author_team, text, edited_ts, deleted, asks, whole)
    SELECT conversation_id, team_id, channel_id, (20 + n) || '.000000', author, author_id,
        author_name, author_team, text, edited_ts, deleted, NOT asks, whole
    FROM numbers, messages
"""


@pytest.mark.parametrize("channel", ["C1", "D1"])
async def test_an_edit_before_its_message_counts_and_an_older_one_does_not(
    door: Door, channel: str
) -> None:
    assert await door.edit("10.000000", "the newest", "13.000000", channel=channel) is not None
    await door.edit("10.000000", "the second", "12.000000", channel=channel)
    await door.post("10.000000", channel=channel, text="the first")

    assert await door.questions() == ["the newest"]


async def test_a_question_known_from_its_threads_history_is_one_when_it_comes(door: Door) -> None:
    await door.post("11.000000", channel="D1", thread_ts="10.000000", text="second")
    turns = Turns(door.engine, door.writer, worker="one")
    turn = await turns.claim(1)
    assert isinstance(turn, Turn)
    first = replace(turn.asker, id=0, ts="10.000000", text="first")
    turn = await turns.add_history(turn, [first], is_whole=True)
    await turns.finish(turn, Ending(outcome=Outcome.DONE, text="answer", segments=()))

    assert await door.post("10.000000", channel="D1", text="first") is not None
    assert await door.questions() == ["first"]


async def test_what_is_deleted_stays_so_there_and_nowhere_else(door: Door) -> None:
    ts = ago(7_200)
    await door.delete(ts)

    assert await door.post(ts) is None
    assert await door.post(ts, channel="C2") is not None
    assert await door.noted() == 1


async def test_a_deletion_is_noted_for_as_long_as_its_event_may_come(door: Door) -> None:
    await door.delete(ago(3 * DAY))
    assert await door.noted() == 0, "it would have come long ago"

    await door.delete(ago(60))
    await forget_deletions(door.writer, time.time())
    assert await door.noted() == 1
    await forget_deletions(door.writer, time.time() + 2 * DAY)
    assert await door.noted() == 0


async def test_the_deletion_of_what_we_have_needs_no_note(door: Door) -> None:
    ts = ago(60)
    assert await door.post(ts) is not None
    await door.delete(ts)

    assert await door.post(ts) is None
    assert await door.noted() == 0
