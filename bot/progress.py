"""Keeps how far the running replies have come: all of them in one write, once a second.

The same write tells other workers that this one lives, and brings back what happened elsewhere: a
reply that was taken over, or that somebody stopped by way of another process.
"""

import asyncio

from bot.conversation.events import Interruption
from bot.conversation.ports import Turns
from bot.conversation.thread import Progress
from bot.conversation.turn import RunningTurn
from bot.telemetry import get_logger

log = get_logger("worker")

_PERIOD_SECONDS = 1.0


class ProgressKeeper:
    """Watches the running turns of one worker."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._running: dict[int, RunningTurn] = {}
        self._urgent: set[int] = set()
        self._hurry = asyncio.Event()

    def watch(self, running: RunningTurn) -> None:
        """Keep this turn's progress from now on."""
        self._running[running.turn.reply_id] = running

    def forget(self, running: RunningTurn) -> None:
        """The turn has ended."""
        self._running.pop(running.turn.reply_id, None)

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
        try:
            held = await self._turns.save_progress([_progress(running) for running in due])
        except Exception:
            # The replies go on without it; what a crash would lose is a second more.
            log.exception("progress not kept")
            return
        for running in due:
            reply_id = running.turn.reply_id
            if reply_id not in self._running:
                continue  # it ended while we were writing
            if reply_id not in held.reply_ids:
                running.interrupt.ask(Interruption.GIVE_WAY)
            elif reply_id in held.stopped:
                running.interrupt.ask(Interruption.STOP)


def _progress(running: RunningTurn) -> Progress:
    return Progress(turn=running.turn, text=running.reply.text, segments=running.reply.segments)
