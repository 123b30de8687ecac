"""The promises of the store, on SQLite and on a real PostgreSQL alike."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import (
    Again,
    AgainAsked,
    Interruption,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    StopAsked,
    Wake,
)
from bot.conversation.messages import Usage
from bot.conversation.ports import Ending
from bot.conversation.thread import (
    Author,
    ChannelType,
    Outcome,
    Progress,
    Segment,
    SharedFile,
    ThreadKey,
    Turn,
    Withdrawal,
)
from bot.errors import LostTurn
from bot.store.claims import LEASE_SECONDS
from bot.store.clock import now
from bot.store.db import Writer, make_engine
from bot.store.intake import Intake
from bot.store.retention import forget_before
from bot.store.schema import is_current, migrate
from bot.store.tables import Base, Reply
from bot.store.turns import _UNFINISHED, Turns
from tests.contract.plans import plan_of

KEY = ThreadKey(team_id="T1", channel_id="C1", thread_ts="10.000000")
SHOWN = (Segment(ts="11.000000", streamed=True),)
FILE = SharedFile(file_id="F1", name="a.png", media_type="image/png", size=9, url="https://x")


class Store:
    """Everything of the store on one database, and a second worker."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.writer = Writer(engine)
        self.intake = Intake(engine, self.writer, reply_in_threads="auto")
        self.turns = Turns(engine, self.writer, worker="one")
        self.others = Turns(engine, self.writer, worker="two")

    async def post(self, ts: str = "10.000000", **more: Any) -> Wake | None:
        given = {
            "key": KEY,
            "channel_type": ChannelType.CHANNEL,
            "author": Author.PERSON,
            "author_id": "U1",
            "text": "hi",
            "mentions_us": True,
            **more,
        }
        return await self.intake.take(MessagePosted(ts=ts, **given))

    async def claim(self) -> Turn:
        found = await self.turns.claim(1)
        assert isinstance(found, Turn)
        return found

    async def end(self, turn: Turn, outcome: Outcome = Outcome.DONE) -> None:
        usage = Usage(input_tokens=3, output_tokens=4)
        ending = Ending(outcome=outcome, text="answer", segments=SHOWN, usage=usage)
        await self.turns.finish(turn, ending)

    async def edit(self, ts: str, words: str, edited_ts: str = "20.000000") -> Wake | None:
        message = MessagePosted(
            key=KEY,
            ts=ts,
            channel_type=ChannelType.CHANNEL,
            author=Author.PERSON,
            author_id="U1",
            text=words,
        )
        return await self.intake.take(MessageEdited(message=message, edited_ts=edited_ts))

    async def delete(self, ts: str) -> Wake | None:
        return await self.intake.take(MessageDeleted(team_id="T1", channel_id="C1", ts=ts))


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    engine = make_engine(database)
    yield Store(engine)
    await engine.dispose()


async def test_a_message_is_kept_once_however_often_it_comes(store: Store) -> None:
    wakes = await asyncio.gather(*(store.post() for _ in range(20)))

    assert Wake(conversation_id=1) in wakes
    turn = await store.claim()
    assert [message.text for message in turn.questions] == ["hi"]
    assert await store.turns.claim(1) is None
    assert await store.post() is None, "a replay of an answered question changes nothing"


async def test_files_stay_in_the_order_in_which_they_were_shared(store: Store) -> None:
    """People say "the second picture"."""
    files = tuple(replace(FILE, file_id=f"F{number}") for number in (3, 1, 2))
    await store.post(files=files)
    turn = await store.claim()

    assert turn.asker.files == files
    assert await store.turns.files_of(turn.asker.id) == files


async def test_the_second_of_a_pair_brings_the_files(store: Store) -> None:
    await store.post(is_whole=False)
    turn = await store.claim()
    assert await store.turns.files_of(turn.asker.id) is None

    await store.post(files=(FILE,))
    assert await store.turns.files_of(turn.asker.id) == (FILE,)
    await store.turns.complete(turn, turn.asker)
    assert await store.turns.files_of(turn.asker.id) == (FILE,)


async def test_messages_during_a_turn_wait_for_the_next_one(store: Store) -> None:
    await store.post()
    first = await store.claim()
    await store.post("12.000000")
    await store.post("13.000000")
    assert await store.turns.claim(1) is None

    await store.end(first)
    second = await store.claim()
    assert [one.ts for one in second.questions] == ["12.000000", "13.000000"]
    assert second.answers[0].text == "answer"


async def test_a_reply_counts_the_workers_that_died_over_it(store: Store) -> None:
    """One that hands over has not died, and who dies while it gets on speaks not against it."""
    await store.post()
    turn = await store.claim()
    await store.turns.release(turn)
    assert (await store.claim()).setbacks == 0

    for died in (1, 2):
        await store.turns.release_all()
        turn = await store.claim()
        assert turn.setbacks == died
    await store.turns.save_progress([Progress(turn=turn, text="further", segments=SHOWN)])
    for died in (1, 2, 3):
        await store.turns.release_all()
        assert (await store.claim()).setbacks == died


async def test_only_one_worker_gets_a_turn(store: Store) -> None:
    await store.post()
    found = await asyncio.gather(*(one.claim(1) for one in (store.turns, store.others) * 5))

    assert len([one for one in found if one is not None]) == 1


async def test_a_turn_whose_worker_died_is_taken_over_once(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    progress = Progress(turn=turn, text="so far", segments=SHOWN)
    held = await store.turns.save_progress([progress])
    assert held.reply_ids == {turn.reply_id}
    assert await store.others.claim(1) is None
    assert await store.turns.unfinished() == []

    await store.turns.release_all()
    assert await store.turns.unfinished() == [Wake(conversation_id=1)]
    taken = await store.others.claim(1)
    assert isinstance(taken, Turn)
    assert (taken.attempt, taken.text_so_far, taken.segments) == (2, "so far", SHOWN)
    assert taken.questions == turn.questions

    assert not (await store.turns.save_progress([progress])).reply_ids
    with pytest.raises(LostTurn):
        await store.end(turn)
    await store.end(taken)


async def test_a_dead_worker_is_found_out_though_the_clock_was_put_back(store: Store) -> None:
    """Its last heartbeat seems to come from the future; who lives is heard of within the lease."""
    await store.post()
    turn = await store.claim()
    await _heartbeat(store, 3_600)
    assert await store.turns.unfinished() == [Wake(conversation_id=1)], "somebody has to look at it"
    assert await store.others.claim(1) is None, "perhaps it lives"
    assert await store.turns.unfinished() == []
    held = await store.turns.save_progress([Progress(turn=turn, text="", segments=SHOWN)])
    assert held.reply_ids == {turn.reply_id}

    await _heartbeat(store, -LEASE_SECONDS)
    taken = await store.others.claim(1)
    assert isinstance(taken, Turn)
    assert taken.attempt == 2


async def _heartbeat(store: Store, seconds: float) -> None:
    """Let the last heartbeat of all replies be so far ahead of the database's clock."""
    async with store.engine.begin() as connection:
        await connection.execute(update(Reply).values(heartbeat_at=now() + seconds))


async def test_an_edit_of_the_newest_question_asks_again_in_the_same_place(store: Store) -> None:
    await store.post()
    await store.end(await store.claim())

    assert await store.edit("10.000000", "hi") is None, "the same text is no edit"
    wake = await store.edit("10.000000", "new")
    assert wake == Wake(conversation_id=1, interruption=Interruption.GIVE_WAY)
    assert await store.edit("10.000000", "older", "19.000000") is None

    turn = await store.claim()
    assert turn.segments == SHOWN
    assert turn.asker.text == "new"
    assert turn.answers == ()


async def test_a_service_may_give_things_long_names(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    name = "arn:aws:bedrock:" + "x" * 300
    usage = Usage(input_tokens=3, output_tokens=4)
    await store.turns.finish(
        turn,
        Ending(
            outcome=Outcome.DONE,
            text="answer",
            segments=SHOWN,
            usage=usage,
            model=name,
            request_id=name,
        ),
    )

    assert await store.turns.claim(1) is None, "it is answered"


async def test_an_answer_is_made_anew_only_when_its_writer_has_let_go(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    await store.edit("10.000000", "new")
    assert await store.others.claim(1) is None, "its writer may be about to touch Slack"
    assert await store.turns.unfinished() == []

    await store.turns.leave(turn, SHOWN)
    assert await store.turns.unfinished() == [Wake(conversation_id=1)]
    again = await store.others.claim(1)
    assert isinstance(again, Turn)
    assert again.segments == SHOWN


async def test_an_edit_of_an_older_question_only_changes_what_is_shown(store: Store) -> None:
    await store.post()
    await store.end(await store.claim())
    await store.post("12.000000")
    await store.end(await store.claim())

    assert await store.edit("10.000000", "new") is None
    await store.post("14.000000")
    assert (await store.claim()).messages[0].text == "new"


async def test_a_deleted_question_takes_its_answer_along(store: Store) -> None:
    await store.post()
    await store.end(await store.claim())
    wake = await store.delete("10.000000")
    assert wake is not None
    assert await store.delete("10.000000") is None

    work = await store.turns.claim(1)
    assert isinstance(work, Withdrawal)
    assert work.segments == SHOWN
    await store.turns.withdrawn(work.reply_id)
    assert await store.turns.claim(1) is None
    async with store.engine.connect() as connection:
        kept = await connection.execute(
            text("SELECT text FROM messages UNION SELECT text FROM replies")
        )
        assert {row[0] for row in kept} == {""}


async def test_deleting_one_of_two_questions_answers_the_other(store: Store) -> None:
    await store.post()
    await store.post("12.000000")
    turn = await store.claim()
    wake = await store.delete("12.000000")
    assert wake == Wake(conversation_id=1, interruption=Interruption.GIVE_WAY)
    await store.turns.leave(turn, SHOWN)

    again = await store.claim()
    assert [one.ts for one in again.questions] == ["10.000000"]
    assert again.segments == SHOWN


async def test_a_stop_reaches_whichever_worker_writes(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    await store.intake.take(StopAsked(key=KEY))

    held = await store.turns.save_progress([Progress(turn=turn, text="", segments=())])
    assert held.stopped == {turn.reply_id}


async def test_only_a_failed_answer_is_tried_again(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    retry = AgainAsked(reply_id=turn.reply_id, team_id="T1", channel_id="C1", how=Again.RETRY)
    assert await store.intake.take(retry) is None
    await store.end(turn, Outcome.FAILED)
    elsewhere = replace(retry, channel_id="C2")
    assert await store.intake.take(elsewhere) is None
    assert await store.intake.take(retry) is not None

    assert (await store.claim()).segments == SHOWN


async def test_what_was_said_before_is_kept_once(store: Store) -> None:
    await store.post("12.000000")
    turn = await store.claim()
    assert not turn.history_read
    earlier = [
        turn.questions[0],
        *(
            type(turn.asker)(id=0, ts=ts, author=Author.PERSON, author_id="U2", text=ts)
            for ts in ("10.000000", "11.000000")
        ),
    ]
    turn = await store.turns.add_history(turn, earlier, is_whole=True)
    await store.turns.add_history(turn, earlier, is_whole=True)
    assert [one.ts for one in turn.messages] == ["10.000000", "11.000000", "12.000000"]
    await store.end(turn)

    assert await store.post("13.000000", mentions_us=False) is None, "two people are in it"
    await store.post("14.000000")
    assert len((await store.claim()).messages) == 5


async def test_history_that_slack_showed_in_part_is_looked_at_again(store: Store) -> None:
    await store.post("12.000000")
    turn = await store.claim()
    first = type(turn.asker)(id=0, ts="10.000000", author=Author.PERSON, author_id="U1", text="a")
    turn = await store.turns.add_history(turn, [first], is_whole=False)
    assert not turn.history_read
    await store.end(turn)

    assert await store.post("13.000000", mentions_us=False) is None, "who is in it is not known"
    await store.post("14.000000")
    again = await store.claim()
    assert not again.history_read
    assert again.messages[0].ts == "10.000000"


async def test_a_thread_whose_first_message_came_late_is_read_from_slack(store: Store) -> None:
    await store.post(is_late=True)

    assert not (await store.claim()).history_read


async def test_what_is_small_talk_leaves_no_trace(store: Store) -> None:
    await store.post(mentions_us=False)
    await store.post("12.000000", mentions_us=False)

    async with store.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM messages")) == 0


async def test_one_bad_change_does_not_take_the_others_along(store: Store) -> None:
    async def fail(_: Any) -> None:
        raise ValueError

    results = await asyncio.gather(
        store.post(), store.writer.run(fail), store.post("12.000000"), return_exceptions=True
    )

    assert isinstance(results[1], ValueError)
    assert isinstance(results[0], Wake)
    turn = await store.turns.claim(results[0].conversation_id)
    assert isinstance(turn, Turn)
    assert len(turn.questions) == 2


async def test_old_conversations_are_forgotten_whole(store: Store) -> None:
    await store.post()
    await store.end(await store.claim())
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE conversations SET created_at = 5"))

    assert await forget_before(store.writer, 5.0) == 0
    assert await forget_before(store.writer, time.time()) == 1
    async with store.engine.connect() as connection:
        for table in Base.metadata.tables:
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


async def test_a_second_writing_reply_is_impossible(store: Store) -> None:
    await store.post()
    turn = await store.claim()
    await store.end(turn)
    await store.post("12.000000")
    await store.claim()

    with pytest.raises(Exception, match=r"(?i)unique"):
        async with store.engine.begin() as connection:
            await connection.execute(update(Reply).values(outcome="writing"))


async def test_the_migrations_make_the_tables_and_can_be_taken_back(url: str) -> None:
    engine = make_engine(url)
    assert not await is_current(engine, url)
    await asyncio.to_thread(migrate, url)
    assert await is_current(engine, url)

    def differences(connection: Connection) -> list[Any]:
        # Procrastinate's tables are compared with its own schema (test_wakes.py).
        opts = {"include_name": lambda name, *_: not (name or "").startswith("procrastinate_")}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await asyncio.to_thread(migrate, url, "base")
    await asyncio.to_thread(migrate, url)
    await engine.dispose()


async def test_the_release_before_runs_on_the_schema_of_the_next(database: str) -> None:
    engine = make_engine(database)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'next'"))

    assert await is_current(engine, database)
    await asyncio.to_thread(migrate, database)
    async with engine.connect() as connection:
        kept = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await engine.dispose()
    assert kept == "next", "it does not touch what it does not know"


async def test_looking_for_what_waits_does_not_look_at_everything(store: Store) -> None:
    """However many answers are kept, only the few that wait are read: each by an index of its own."""
    steps = await plan_of(store.engine, _UNFINISHED)
    assert "ix_messages_unanswered" in steps or "ix_messages_place" in steps
    for index in ("uq_replies_writing", "ix_replies_withdrawing"):
        assert index in steps
