"""Who is attended to next: one task for each conversation, so many at a time, by their places.

Places are given so that a noisy channel makes only itself wait (bot/store/places.py).
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable

from bot.conversation.events import Wake

Tend = Callable[[int], Awaitable[None]]


class Line:
    """Runs `tend` for the conversations that are added; never twice at a time for the same one."""

    def __init__(self, tend: Tend, *, limit: int) -> None:
        self._tend = tend
        self._limit = limit
        self._heap: list[tuple[float, int, int]] = []
        self._waiting: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._numbers = itertools.count()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, wake: Wake) -> None:
        """Have this conversation tended; once more, if it is being tended now."""
        conversation_id = wake.conversation_id
        if self._closed:
            return
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
        elif conversation_id not in self._waiting:
            self._waiting.add(conversation_id)
            heapq.heappush(self._heap, (wake.place, next(self._numbers), conversation_id))
            self._fill()

    @property
    def is_full(self) -> bool:
        """Whether whoever comes now has to wait."""
        return not self._has_room.is_set()

    async def room(self) -> None:
        """Return once another conversation could begin at once."""
        await self._has_room.wait()

    async def close(self, grace_seconds: float) -> Iterable[int]:
        """Begin nothing new, let what runs end, cancel what did not in time.

        Returns the conversations that somebody else has to look at.
        """
        self._closed = True
        left = {*self._waiting, *self._tasks}
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks.values()), timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        return left

    def _fill(self) -> None:
        while self._heap and len(self._tasks) < self._limit and not self._closed:
            _, _, conversation_id = heapq.heappop(self._heap)
            self._waiting.remove(conversation_id)
            self._tasks[conversation_id] = asyncio.create_task(
                self._see_to(conversation_id), name=f"conversation {conversation_id}"
            )
        if len(self._tasks) < self._limit:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def _see_to(self, conversation_id: int) -> None:
        try:
            while True:
                self._again.discard(conversation_id)
                await self._tend(conversation_id)
                if conversation_id not in self._again or self._closed:
                    return
        finally:
            self._again.discard(conversation_id)
            del self._tasks[conversation_id]
            self._fill()
