"""Whose question is answered first when there are too many: nobody waits for a noisy channel."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.conversation.thread import ThreadKey
from bot.store.db import make_engine
from bot.store.places import NEXT_PLACE, asking
from tests.contract.plans import plan_of
from tests.contract.test_store import Store


class Town:
    """Channels in which people ask, and the order in which they are to be answered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._asked: list[str] = []

    async def ask(self, *channels: str, team: str = "T1") -> None:
        """One thread for each question, a second after the other."""
        for channel in channels:
            ts = f"{1_000 + len(self._asked)}.000000"
            key = ThreadKey(team_id=team, channel_id=channel, thread_ts=ts)
            assert await self.store.post(ts, key=key) is not None
            self._asked.append(channel)

    async def line(self) -> str:
        """The channels of the questions that wait, in order."""
        return " ".join(
            self._asked[wake.conversation_id - 1] for wake in await self.store.turns.unfinished()
        )

    async def answer(self, count: int) -> None:
        """The next ones in line have their turn."""
        for wake in (await self.store.turns.unfinished())[:count]:
            assert await self.store.turns.claim(wake.conversation_id) is not None


@pytest.fixture
async def town(database: str) -> AsyncIterator[Town]:
    engine = make_engine(database)
    yield Town(Store(engine))
    await engine.dispose()


async def test_a_noisy_channel_makes_only_itself_wait(town: Town) -> None:
    await town.ask("C1", "C1", "C1", "C1", "C2", "C3", "C2")
    assert await town.line() == "C1 C2 C3 C1 C2 C1 C1"


async def test_who_comes_late_does_not_stand_behind_all_that_others_have_asked(town: Town) -> None:
    await town.ask(*["C1"] * 5)
    await town.answer(3)
    await town.ask("C2", team="T2")
    assert await town.line() == "C2 C1 C1"


async def test_whoever_waits_is_not_overtaken_by_the_same_channel(town: Town) -> None:
    await town.ask("C1", "C1", "C1")
    first = [wake.conversation_id for wake in await town.store.turns.unfinished()]
    assert first == sorted(first)
    await town.answer(1)
    await town.ask("C1")
    assert [wake.conversation_id for wake in await town.store.turns.unfinished()] == [2, 3, 4]


async def test_what_waits_for_an_answer_in_its_own_thread_is_not_the_front(town: Town) -> None:
    await town.ask("C1")
    await town.answer(1)
    thread = ThreadKey(team_id="T1", channel_id="C1", thread_ts="1000.000000")
    await town.store.post("1000.500000", key=thread)
    await town.ask("C2", "C3")
    await town.ask("C4")
    assert await town.line() == "C2 C3 C4"


async def test_a_place_is_found_by_two_indexes(town: Town) -> None:
    where = ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0")
    steps = await plan_of(town.store.engine, select(NEXT_PLACE).params(**asking(where, "1.0")))
    assert steps.count("ix_messages_place") == 2
    assert "ix_messages_place_of_channel" in steps
