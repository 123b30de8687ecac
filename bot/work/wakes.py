"""Wake-ups where one process does everything: they go straight to its worker."""

import asyncio
from collections.abc import Sequence

from bot.conversation.events import Wake
from bot.conversation.ports import Attendant


class LocalWakes:
    """Implements `conversation.ports.Wakes` within one process."""

    def __init__(self) -> None:
        self._attendants: list[Attendant] = []
        self._early: dict[int, Wake] = {}

    async def wake(self, wake: Wake) -> None:
        """Have a worker attend to this conversation; interrupt whoever is at it, if asked to."""
        if wake.interruption is not None:
            for attendant in self._attendants:
                attendant.interrupt(wake)
        if self._attendants:
            self._attendants[0].wake(wake)
        else:
            self._early[wake.conversation_id] = wake

    async def recall(self, wakes: Sequence[Wake]) -> None:
        """Wake these conversations; to one that is attended to already it makes no difference."""
        for wake in wakes:
            await self.wake(wake)

    async def run(self, attendant: Attendant) -> None:
        """Hand over what comes, and what came before, until cancelled."""
        self._attendants.append(attendant)
        early, self._early = self._early, {}
        for wake in early.values():
            attendant.wake(wake)
        try:
            await asyncio.Event().wait()
        finally:
            self._attendants.remove(attendant)
