"""Who is attended to next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation.events import Wake
from bot.work.line import Line


class Tending:
    """Tends conversations until it is told that one is done; notes the order."""

    def __init__(self, *, limit: int) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.line = Line(self.tend, limit=limit)
        self._done: dict[int, asyncio.Event] = {}
        self._news = asyncio.Condition()

    async def tend(self, conversation_id: int) -> None:
        done = self._done[conversation_id] = asyncio.Event()
        self.begun.append(conversation_id)
        async with self._news:
            self._news.notify_all()
        try:
            await done.wait()
        except asyncio.CancelledError:
            self.cancelled.append(conversation_id)
            raise

    def add(self, *conversations: int, place: float = 0.0) -> None:
        for conversation in conversations:
            self.line.add(Wake(conversation_id=conversation, place=place))

    async def begun_is(self, *conversations: int) -> None:
        async with self._news, asyncio.timeout(5):
            await self._news.wait_for(lambda: self.begun == list(conversations))

    def end(self, conversation_id: int) -> None:
        self._done[conversation_id].set()


@asynccontextmanager
async def tended(*, limit: int) -> AsyncIterator[Tending]:
    tending = Tending(limit=limit)
    yield tending
    await tending.line.close(0)


async def test_so_many_at_a_time_the_rest_in_turn() -> None:
    async with tended(limit=2) as tending:
        tending.add(1, 2, 3, 4)
        await tending.begun_is(1, 2)
        assert len(tending.line) == 2

        tending.end(2)
        await tending.begun_is(1, 2, 3)


async def test_a_noisy_channel_makes_only_itself_wait() -> None:
    async with tended(limit=1) as tending:
        tending.add(1)
        for number in range(2, 6):
            tending.add(number, place=number * 10.0)
        tending.add(9, place=15.0)
        await tending.begun_is(1)

        for ended, order in ((1, [1, 9]), (9, [1, 9, 2]), (2, [1, 9, 2, 3])):
            tending.end(ended)
            await tending.begun_is(*order)


async def test_what_is_added_while_it_is_tended_is_tended_once_more() -> None:
    async with tended(limit=2) as tending:
        tending.add(1)
        await tending.begun_is(1)
        tending.add(1, 1, 1)
        tending.end(1)
        await tending.begun_is(1, 1)
        tending.end(1)
        tending.add(2)
        await tending.begun_is(1, 1, 2)


async def test_there_is_room_again_when_one_has_ended() -> None:
    async with tended(limit=1) as tending:
        await tending.line.room()
        tending.add(1)
        await tending.begun_is(1)
        waiting = asyncio.create_task(tending.line.room())
        await asyncio.sleep(0)
        assert not waiting.done()

        tending.end(1)
        await asyncio.wait_for(waiting, timeout=30)


async def test_closed_it_names_what_others_have_to_look_at() -> None:
    async with tended(limit=2) as tending:
        tending.add(1, 2, 3)
        await tending.begun_is(1, 2)
        tending.end(1)

        left = await tending.line.close(0.01)

        assert set(left) == {1, 2, 3}
        assert tending.cancelled == [2]
        tending.add(4)
        assert tending.begun == [1, 2]
