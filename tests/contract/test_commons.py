"""The promises of what processes share: settled one after the other, each hears all the others."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from bot.conversation.sharing import Common, Settle, Sharing, Told
from bot.errors import DatabaseUnreachable
from bot.store.commons import StoredCommons
from bot.store.db import make_engine

SWEETS = Common("T1", "sweets")
WHOLE = 100


class Child:
    """Takes half of what is left, each time."""

    def __init__(self, common: Common = SWEETS) -> None:
        self.common = common
        self.has = 0
        self.heard: list[Sequence[Told]] = []

    def settle(self, others: Sequence[Told]) -> Mapping[str, Any]:
        self.heard.append(others)
        taken = self.has + sum(told.stake["has"] for told in others)
        self.has += (WHOLE - taken) // 2
        return {"has": self.has}


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


async def test_who_takes_at_once_takes_one_after_the_other(engine: AsyncEngine) -> None:
    children = [Child() for _ in range(5)]

    async def take(number: int, child: Child) -> None:
        commons = StoredCommons(engine, worker=f"worker {number}")
        for _ in range(3):
            await commons.exchange({child.common: child.settle})

    await asyncio.gather(*(take(number, child) for number, child in enumerate(children)))

    assert WHOLE - 1 <= sum(child.has for child in children) <= WHOLE


async def test_each_hears_the_others_and_not_itself(engine: AsyncEngine) -> None:
    one, two = Child(), Child()
    first, second = (StoredCommons(engine, worker=name) for name in ("one", "two"))
    await first.exchange({SWEETS: one.settle})
    await second.exchange({SWEETS: two.settle})
    await first.exchange({SWEETS: one.settle})

    assert one.heard[0] == []
    [told] = one.heard[1]
    assert told.stake == {"has": two.has}
    assert 0 <= told.age < 5


async def test_who_is_not_heard_of_for_a_minute_has_nothing(engine: AsyncEngine) -> None:
    one, two = Child(), Child()
    await StoredCommons(engine, worker="one").exchange({SWEETS: one.settle})
    async with engine.begin() as connection:
        stakes = '{"one": {"at": 5, "stake": {"has": 50}}}'
        await connection.execute(text("UPDATE commons SET stakes = :stakes"), {"stakes": stakes})
    await StoredCommons(engine, worker="two").exchange({SWEETS: two.settle})

    assert two.heard == [[]]


async def test_workspaces_share_nothing_with_each_other(engine: AsyncEngine) -> None:
    one, two = Child(), Child(Common("T2", "sweets"))
    commons = StoredCommons(engine, worker="one")
    await commons.exchange({one.common: one.settle, two.common: two.settle})
    three = Child(two.common)
    await StoredCommons(engine, worker="two").exchange({three.common: three.settle})

    assert (one.has, two.has, three.has) == (50, 50, 25)


async def test_who_has_nothing_is_not_spoken_of(engine: AsyncEngine) -> None:
    two = Child()
    await StoredCommons(engine, worker="one").exchange({SWEETS: lambda _: {}})
    await StoredCommons(engine, worker="two").exchange({SWEETS: two.settle})

    assert two.heard == [[]]


async def test_many_that_catch_up_at_once_cost_one_exchange(engine: AsyncEngine) -> None:
    rounds = 0

    class Counted(StoredCommons):
        @override
        async def exchange(self, settles: Mapping[Common, Settle]) -> None:
            nonlocal rounds
            rounds += 1
            await super().exchange(settles)

    children = [Child(Common(f"T{number}", "sweets")) for number in range(50)]
    sharing = Sharing(Counted(engine, worker="one"))
    await asyncio.gather(*(sharing.catch_up(child) for child in children))
    await sharing.catch_up(children[0])

    assert [len(child.heard) for child in children] == [1] * 50
    assert rounds == 1


async def test_without_the_database_everybody_keeps_what_they_have() -> None:
    class Gone:
        async def exchange(self, _settles: Mapping[Common, Any]) -> None:
            raise DatabaseUnreachable("gone")

    failures: list[Exception] = []
    child = Child()
    await Sharing(Gone(), on_failure=failures.append).catch_up(child)

    assert child.heard == []
    assert failures
