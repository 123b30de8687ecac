"""Tells those who wait in line that we are busy, and about where they stand.

It goes on beside the worker's own work and takes nothing from it: one look at a time, and
what Slack has no room for is left unsaid.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bot.conversation.desk import Desk, Desks
from bot.conversation.queueing import Queue, Queued, in_line
from bot.errors import NotInstalled
from bot.telemetry.log import get_logger

log = get_logger("worker")

_LOOK_SECONDS = 2.0
_AT_ONCE = 10


class Usher:
    """One worker's; of several workers, one tells each person."""

    def __init__(self, queue: Queue, desks: Desks) -> None:
        self._queue = queue
        self._desks = desks
        self._told: dict[int, Queued] = {}
        """Whose sign may still stand though no reply comes: the question may be deleted."""
        self._calls = asyncio.Semaphore(_AT_ONCE)

    async def run(self, is_full: Callable[[], bool]) -> None:
        """See to those who wait until cancelled; tell them only where the worker has no room."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.look(is_full=is_full())

    async def look(self, *, is_full: bool) -> None:
        """See to them once. Never raises."""
        try:
            await self._clear()
            if is_full:
                overdue = await self._queue.overdue()
                await asyncio.gather(*(self._tell(one) for one in overdue))
        except Exception as error:  # noqa: BLE001  decoration: the next look is soon
            log.debug("could not see to those who wait", error=str(error))

    async def _tell(self, queued: Queued) -> None:
        async with self._calls:
            try:
                await self._tell_at(await self._desks.of(queued.key.team_id), queued)
            except NotInstalled:
                return
            except Exception as error:  # noqa: BLE001  the others are told all the same
                log.debug("could not tell somebody who waits", error=str(error))

    async def _tell_at(self, desk: Desk, queued: Queued) -> None:
        if not await desk.signs.has_room() or not await desk.admission.admits(queued):
            return
        if await self._queue.mark(queued.message_id):
            self._told[queued.message_id] = queued
            await desk.signs.show(queued, in_line(queued.place))
            await self._make_sure(desk, queued)

    async def _make_sure(self, desk: Desk, queued: Queued) -> None:
        """A sign that has come later than the reply would stay."""
        fates = await self._queue.fates([queued.message_id])
        if queued.message_id not in fates.waiting:
            self._told.pop(queued.message_id, None)
            await desk.signs.take_away(queued.key)

    async def _clear(self) -> None:
        """Take the signs away of questions that do not wait any more."""
        if not self._told:
            return
        fates = await self._queue.fates(list(self._told))
        for message_id in self._told.keys() - fates.waiting:
            queued = self._told.pop(message_id)
            with suppress(NotInstalled):
                signs = (await self._desks.of(queued.key.team_id)).signs
                ends = signs.give_way if message_id in fates.begun else signs.take_away
                await ends(queued.key)
