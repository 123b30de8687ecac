"""Keeps how far the running replies have come: all of them in one write, once a second.

The same write tells other workers that this one lives, and brings back what happened elsewhere: a
reply that was taken over, or that somebody stopped by way of another process.
"""

import asyncio
import time

from bot.conversation.events import Interruption
from bot.conversation.ports import Turns
from bot.conversation.thread import Progress, Turn
from bot.conversation.turn import RunningTurn
from bot.errors import DatabaseUnreachable, LostTurn
from bot.telemetry.log import get_logger

log = get_logger("worker")

_PERIOD_SECONDS = 1.0
_SURE_SECONDS = 10.0
"""So long after a heartbeat a turn is surely ours: well below the lease, after which it is taken."""


class ProgressKeeper:
    """Watches the running turns of one worker."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._running: dict[int, RunningTurn] = {}
        self._confirmed: dict[int, float] = {}
        """When each turn was last known to be ours (time.monotonic, which goes on while frozen)."""
        self._lost: set[int] = set()
        self._urgent: set[int] = set()
        self._hurry = asyncio.Event()

    def watch(self, running: RunningTurn, claimed_at: float) -> None:
        """Keep this turn's progress from now on; it was claimed after that moment (monotonic)."""
        reply_id = running.turn.reply_id
        self._lost.discard(reply_id)
        self._running[reply_id] = running
        self._confirmed[reply_id] = claimed_at

    def forget(self, running: RunningTurn) -> None:
        """The turn has ended."""
        self._running.pop(running.turn.reply_id, None)
        self._confirmed.pop(running.turn.reply_id, None)

    async def is_ours(self, turn: Turn) -> bool:
        """Whether a turn is surely ours still; False while nobody can tell. Raises LostTurn."""
        if not self._is_sure(turn.reply_id):
            await self._save([self._running[turn.reply_id]])
        return self._is_sure(turn.reply_id)

    def _is_sure(self, reply_id: int) -> bool:
        if reply_id in self._lost:
            raise LostTurn
        confirmed = self._confirmed.get(reply_id)
        return confirmed is None or time.monotonic() - confirmed < _SURE_SECONDS

    def soon(self, reply_id: int) -> None:
        """A Slack message came to exist: remember it now, since a crash could lose it."""
        self._urgent.add(reply_id)
        self._hurry.set()

    async def run(self) -> None:
        """Keep progress until cancelled."""
        loop = asyncio.get_running_loop()
        next_round = loop.time() + _PERIOD_SECONDS
        while True:
            try:
                async with asyncio.timeout_at(next_round):
                    await self._hurry.wait()
                self._hurry.clear()
                urgent, self._urgent = self._urgent, set()
                due = [self._running[one] for one in urgent if one in self._running]
            except TimeoutError:
                due = list(self._running.values())
                next_round = loop.time() + _PERIOD_SECONDS
            if due:
                await self._save(due)

    async def _save(self, due: list[RunningTurn]) -> None:
        asked_at = time.monotonic()
        try:
            held = await self._turns.save_progress([progress_of(running) for running in due])
        except DatabaseUnreachable as error:
            # The replies go on until their turns are no longer surely ours.
            log.warning("progress not kept", error=str(error))
            return
        for running in due:
            reply_id = running.turn.reply_id
            if reply_id not in self._running:
                continue  # it ended while we were writing
            if reply_id not in held.reply_ids:
                self._lost.add(reply_id)
                running.interrupt.ask(Interruption.GIVE_WAY)
                continue
            self._confirmed[reply_id] = asked_at
            if reply_id in held.stopped:
                running.interrupt.ask(Interruption.STOP)


def progress_of(running: RunningTurn) -> Progress:
    """How far a reply has come."""
    return Progress(turn=running.turn, text=running.text_to_resume, segments=running.reply.segments)
