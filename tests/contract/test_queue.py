"""Whoever waits in line is told so, once and by one worker, on both databases."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.desk import Desks
from bot.conversation.events import StopAsked
from bot.conversation.queueing import Busy, Queued
from bot.conversation.thread import ThreadKey
from bot.store.db import Writer, make_engine
from bot.store.queued import _OVERDUE, AGAIN_SECONDS, MOST_OF_A_WORKSPACE, StoredQueue
from bot.work.usher import Usher
from tests.contract.plans import plan_of
from tests.contract.test_store import Store


class Street:
    """A workspace's threads, as far as signs go: what each shows, and how often it was told."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.told: list[str] = []
        self.room = True
        self.strangers: set[str] = set()
        self.on_show: Any = None
        self.desk = SimpleNamespace(signs=self, admission=self)

    async def of(self, team_id: str) -> Any:
        return self.desk

    async def has_room(self) -> bool:
        return self.room

    async def admits(self, queued: Queued) -> bool:
        return queued.author_id not in self.strangers

    async def show(self, queued: Queued, busy: Busy) -> None:
        if self.on_show is not None:
            await self.on_show()
        self.shown[queued.key.thread_ts] = busy.sentence
        self.told.append(queued.key.thread_ts)

    async def take_away(self, key: ThreadKey) -> None:
        self.shown.pop(key.thread_ts, None)

    async def give_way(self, key: ThreadKey) -> None:
        """What the reply shows takes its place."""


class Waiting:
    """Questions that wait, two workers that tell, and what people see."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.store = Store(engine)
        self.street = Street()
        self.queue = StoredQueue(engine, self.store.writer)
        desks = cast(Desks, self.street)
        self.ushers = [Usher(self.queue, desks), Usher(self.queue, desks)]

    async def ask(
        self, *, ago: float = 30, thread: str = "", who: str = "U1", team: str = "T1"
    ) -> str:
        ts = f"{time.time() - ago:.6f}"
        key = ThreadKey(team_id=team, channel_id="C1", thread_ts=thread or ts)
        await self.store.post(ts, key=key, author_id=who)
        return ts

    async def passes(self, seconds: float) -> None:
        """Since somebody was told, so much time has gone by."""
        passed = text("UPDATE messages SET told_at = told_at - :seconds")
        await self.store.writer.run(
            lambda connection: connection.execute(passed, {"seconds": seconds})
        )

    async def look(self, *, is_full: bool = True) -> None:
        await asyncio.gather(*(usher.look(is_full=is_full) for usher in self.ushers))


@pytest.fixture
async def waiting(database: str) -> AsyncIterator[Waiting]:
    engine = make_engine(database)
    yield Waiting(engine)
    await engine.dispose()


def sentence(place: str) -> str:
    return f"Busy right now: you are about {place} in line."


async def test_each_is_told_its_place_once_by_one_of_the_workers(waiting: Waiting) -> None:
    asked = [await waiting.ask(ago=40 - number) for number in range(3)]
    for _ in range(3):
        await waiting.look()

    places = dict(zip(asked, map(sentence, ("1st", "2nd", "3rd")), strict=True))
    assert waiting.street.shown == places
    assert sorted(waiting.street.told) == sorted(asked)


async def test_nobody_is_told_at_once_or_while_there_is_room(waiting: Waiting) -> None:
    old, new = await waiting.ask(ago=30), await waiting.ask(ago=1)
    await waiting.look(is_full=False)
    assert waiting.street.told == []
    waiting.street.room = False
    await waiting.look()
    assert waiting.street.told == [], "Slack has no room for it"

    waiting.street.room = True
    await waiting.look()
    assert waiting.street.told == [old] != [new]


async def test_who_is_not_going_to_be_answered_is_not_told(waiting: Waiting) -> None:
    waiting.street.strangers = {"U9"}
    await waiting.ask(who="U9", ago=40)
    ts = await waiting.ask()
    await waiting.look()

    assert waiting.street.shown == {ts: sentence("2nd")}


async def test_a_thread_is_told_once_for_all_that_waits_in_it(waiting: Waiting) -> None:
    first = await waiting.ask(ago=60)
    await waiting.look()
    await waiting.ask(ago=20, thread=first)
    await waiting.look()

    assert waiting.street.told == [first]


async def test_what_was_told_long_ago_is_told_again(waiting: Waiting) -> None:
    """Slack takes a status away after two minutes."""
    ts = await waiting.ask()
    await waiting.look()
    await waiting.passes(AGAIN_SECONDS)
    await waiting.look()

    assert waiting.street.told == [ts, ts]


async def test_only_one_of_many_may_tell(waiting: Waiting) -> None:
    await waiting.ask()
    [queued] = await waiting.queue.overdue()

    engine = waiting.store.engine
    workers = [StoredQueue(engine, Writer(engine)) for _ in range(8)]
    marks = await asyncio.gather(*(worker.mark(queued.message_id) for worker in workers))

    assert sorted(marks) == [False] * 7 + [True]


async def test_a_workspace_that_can_not_be_told_does_not_keep_the_others_from_it(
    waiting: Waiting,
) -> None:
    for _ in range(MOST_OF_A_WORKSPACE + 5):
        await waiting.ask(ago=60)
    ts = await waiting.ask(team="T2")
    overdue = await waiting.queue.overdue()

    assert len(overdue) == MOST_OF_A_WORKSPACE + 1
    assert (overdue[1].key.thread_ts, overdue[1].place) == (ts, 2), "it waits for one of theirs"


async def test_looking_for_those_who_wait_does_not_look_at_everything(waiting: Waiting) -> None:
    steps = await plan_of(waiting.store.engine, _OVERDUE.params(before="1.0"))
    assert "ix_messages_unanswered" in steps


async def test_a_turn_knows_what_its_thread_was_told(waiting: Waiting) -> None:
    await waiting.ask()
    assert not (await waiting.store.claim()).was_told
    await waiting.ask()
    await waiting.look()

    turn = await waiting.store.turns.claim(2)

    assert getattr(turn, "was_told", None)
    await waiting.look()
    assert len(waiting.street.shown) == 1, "the turn's own sign takes its place"


async def test_what_a_thread_was_told_once_is_no_matter_of_later_turns(waiting: Waiting) -> None:
    ts = await waiting.ask()
    await waiting.look()
    await waiting.store.end(await waiting.store.claim())
    await waiting.passes(3_600)
    await waiting.store.edit(ts, "or rather", f"{time.time():.6f}")
    stop = StopAsked(key=ThreadKey(team_id="T1", channel_id="C1", thread_ts=ts))
    await waiting.store.intake.take(stop)

    assert not (await waiting.store.claim()).was_told


async def test_a_sign_that_comes_later_than_the_turn_does_not_stay(waiting: Waiting) -> None:
    await waiting.ask()
    waiting.street.on_show = waiting.store.claim
    await waiting.look()

    assert len(waiting.street.told) == 1
    assert waiting.street.shown == {}


async def test_a_question_that_is_deleted_loses_its_sign(waiting: Waiting) -> None:
    first = await waiting.ask(ago=60)
    second = await waiting.ask()
    await waiting.look()
    await waiting.store.delete(first)
    await waiting.look(is_full=False)

    assert waiting.street.shown == {second: sentence("2nd")}


async def test_stop_takes_a_question_out_of_the_line(waiting: Waiting) -> None:
    ts = await waiting.ask()
    stop = StopAsked(key=ThreadKey(team_id="T1", channel_id="C1", thread_ts=ts))
    await waiting.store.intake.take(stop)
    assert [one.key.thread_ts for one in await waiting.queue.overdue()] == [ts], "no sign, no Stop"
    await waiting.look()
    await waiting.store.intake.take(stop)
    await waiting.look(is_full=False)

    assert waiting.street.shown == {}
    assert await waiting.store.turns.claim(1) is None


async def test_stop_of_an_answer_leaves_the_next_question_in_line(waiting: Waiting) -> None:
    ts = await waiting.ask(ago=60)
    await waiting.look()
    turn = await waiting.store.claim()
    await waiting.ask(thread=ts)
    stop = StopAsked(key=ThreadKey(team_id="T1", channel_id="C1", thread_ts=ts))
    await waiting.store.intake.take(stop)
    await waiting.store.end(turn)

    assert len((await waiting.store.claim()).questions) == 1
