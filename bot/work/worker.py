"""Answers what is unanswered: one turn a thread at a time, many threads at once.

The database says what is unanswered; a wake-up only says *look at this conversation*. So a lost,
late or doubled wake-up is harmless, several messages in a row become one answer, and after a crash
whoever looks next finds the half-written reply and finishes it. Wake-ups come from this process or
from another one (`Wakes`); what runs here, and what waits for room, is the line's affair.
"""

import asyncio
import time
from contextlib import suppress

from bot.conversation.desk import Desks
from bot.conversation.events import Wake
from bot.conversation.ports import Ending, Turns, Wakes
from bot.conversation.thread import Outcome, Turn, Withdrawal
from bot.conversation.turn import MOST_SETBACKS, RunningTurn
from bot.errors import DatabaseUnreachable, LostTurn, ModelError, NotInstalled
from bot.telemetry import metrics, tracing
from bot.telemetry.log import bind, get_logger
from bot.work.line import Line
from bot.work.progress import ProgressKeeper, progress_of
from bot.work.usher import Usher

log = get_logger("worker")

_LOOKS_MISSED = 6
"""A worker that has not been able to look for so many rounds is not ready."""

_PAUSE_SECONDS = 1.0


class Worker:
    """Tends the conversations that have something to answer. Implements `ports.Attendant`."""

    def __init__(
        self,
        turns: Turns,
        desks: Desks,
        wakes: Wakes,
        usher: Usher,
        *,
        look_seconds: float,
        concurrency: int,
    ) -> None:
        self._turns = turns
        self._desks = desks
        self._wakes = wakes
        self._usher = usher
        self._look_seconds = look_seconds
        self._keeper = ProgressKeeper(turns)
        self._line = Line(self._tend, limit=concurrency)
        self._running: dict[int, RunningTurn] = {}
        self._suspect: int | None = None
        """The conversation whose turn may be what its workers have died of."""
        self._stopping = False
        self._feeding: asyncio.Task[None] | None = None
        self._remembering: set[asyncio.Task[None]] = set()
        self._looked_at = time.monotonic()

    async def run(self) -> None:
        """Tend what is woken, and look now and then for what is unanswered, until cancelled.

        Wake-ups make it quick; looking makes it certain.
        """
        self._feeding = asyncio.create_task(self._wakes.run(self), name="wake-ups")
        side = {
            self._feeding,
            asyncio.create_task(self._keeper.run(), name="progress"),
            asyncio.create_task(self._usher.run(lambda: self._line.is_full), name="usher"),
        }
        try:
            while True:
                await self._look()
                done, _ = await asyncio.wait(
                    side, timeout=self._look_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                side -= done
                for task in done:
                    if not (self._stopping and task is self._feeding):
                        task.result()
        finally:
            for task in side:
                task.cancel()
            await asyncio.gather(*side, return_exceptions=True)

    def wake(self, wake: Wake) -> None:
        """Look at a conversation; what runs in it may lack just what has come."""
        running = self._running.get(wake.conversation_id)
        if running is not None:
            running.nudge()
        self._line.add(wake)

    def interrupt(self, wake: Wake) -> None:
        """Interrupt what runs in a conversation, if it runs here."""
        running = self._running.get(wake.conversation_id)
        if running is not None and wake.interruption is not None:
            running.interrupt.ask(wake.interruption)

    async def room(self) -> None:
        """Return once another conversation could begin at once."""
        await self._line.room()

    async def is_alive(self) -> bool:
        """Whether it still looks for what is unanswered."""
        return time.monotonic() - self._looked_at < self._look_seconds * _LOOKS_MISSED

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let running replies end; then hand over those that did not."""
        self._stopping = True
        for memory in self._remembering:
            memory.cancel()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait({self._feeding})
        log.info("waiting for running replies", replies=len(self._running), grace=grace_seconds)
        for conversation_id in await self._line.close(grace_seconds):
            await self._wakes.wake(Wake(conversation_id=conversation_id))

    async def _look(self) -> None:
        if self._stopping:
            return
        try:
            await self._wakes.recall(await self._turns.unfinished())
            self._looked_at = time.monotonic()
        except Exception:
            log.exception("could not look for unanswered messages")

    async def _tend(self, conversation_id: int) -> None:
        """Answer in one conversation until nothing is left to answer."""
        try:
            while not self._stopping:
                asked_at = time.monotonic()
                work = await self._turns.claim(conversation_id)
                if isinstance(work, Turn):
                    if not self._may_try(work):
                        await self._turns.release(work)
                        return
                    await self._answer(work, asked_at)
                elif isinstance(work, Withdrawal):
                    await self._take_away(work)
                else:
                    return
        except DatabaseUnreachable as error:
            log.warning("conversation interrupted", conversation=conversation_id, error=str(error))
        except Exception:
            # The conversation stays unanswered in the database: the next look finds it.
            log.exception("conversation interrupted", conversation=conversation_id)
        finally:
            if self._suspect == conversation_id:
                self._suspect = None

    def _may_try(self, turn: Turn) -> bool:
        """Whether this turn need not wait until another one has shown that it is harmless.

        Of the turns that a worker had when it died, one may have been to blame. They are tried
        once more all together; then one at a time, so that the others are not given up with it.
        """
        if turn.setbacks != MOST_SETBACKS - 1 or self._suspect == turn.conversation_id:
            return True
        if self._suspect is not None:
            return False
        self._suspect = turn.conversation_id
        return True

    async def _take_away(self, withdrawal: Withdrawal) -> None:
        with suppress(NotInstalled):
            desk = await self._desks.of(withdrawal.key.team_id)
            await desk.replies.take_away(withdrawal)
        await self._turns.withdrawn(withdrawal.reply_id)

    async def _answer(self, turn: Turn, claimed_at: float) -> None:
        try:
            desk = await self._desks.of(turn.key.team_id)
            if await desk.admission.refused(turn):
                await self._turns.finish(turn, _unspoken(turn, "Refused"))
                return
        except NotInstalled as error:
            with suppress(LostTurn):  # what is kept of the workspace may be gone by now
                await self._turns.finish(turn, _unspoken(turn, type(error).__name__))
            return
        running = RunningTurn(
            turn,
            desk,
            on_segment=lambda: self._keeper.soon(turn.reply_id),
            is_ours=lambda: self._keeper.is_ours(turn),
        )
        self._running[turn.conversation_id] = running
        self._keeper.watch(running, claimed_at)
        metrics.running_replies.inc()
        _measure_wait(turn)
        key = turn.key
        ids = {"team": key.team_id, "channel": key.channel_id, "thread": key.thread_ts}
        with bind(**ids, turn=turn.reply_id), tracing.span("turn", **ids, turn=turn.reply_id):
            log.info("turn begins", attempt=turn.attempt, questions=len(turn.questions))
            try:
                await self._see_through(running)
            except asyncio.CancelledError:
                await asyncio.shield(self._hand_over(running))
                raise
            finally:
                metrics.running_replies.dec()
                self._keeper.forget(running)
                del self._running[turn.conversation_id]

    async def _see_through(self, running: RunningTurn) -> None:
        try:
            ending = await running.run()
            if ending is not None:
                await self._finish(running.turn, ending)
                _report(ending)
                self._remember(running)
                return
        except LostTurn:
            await running.reply.abandon()
        # Another turn goes on with these messages, or takes them away: it must know of them all.
        await self._turns.leave(running.turn, running.reply.segments)
        log.info("turn gives way")

    async def _finish(self, turn: Turn, ending: Ending) -> None:
        """Keep the ending, for as long as it takes: the answer is complete in Slack."""
        while True:
            try:
                return await self._turns.finish(turn, ending)
            except DatabaseUnreachable as error:
                log.warning("ending not kept yet", error=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)

    def _remember(self, running: RunningTurn) -> None:
        """Beside the next turn: what no longer fits into the prompt is summarised for later ones."""
        if running.has_outgrown and not self._stopping:
            task = asyncio.create_task(self._fold(running), name="memory")
            self._remembering.add(task)
            task.add_done_callback(self._remembering.discard)

    async def _fold(self, running: RunningTurn) -> None:
        try:
            summary = await running.remember()
        except ModelError as error:
            log.info("no summary of the older messages", error=str(error))
            return
        if summary is not None:
            conversation_id = running.turn.conversation_id
            await running.desk.conversations.remember(conversation_id, summary.text, summary.until)
            log.info("older messages summarised", until=summary.until)

    async def _hand_over(self, running: RunningTurn) -> None:
        """The process ends: whoever starts next goes on from here."""
        await running.reply.abandon()
        progress = progress_of(running)
        try:
            await self._turns.save_progress([progress])
            await self._turns.release(running.turn)
        except LostTurn:
            return
        log.info("turn handed over", characters=len(progress.text))


def _measure_wait(turn: Turn) -> None:
    """How long the first question has waited, unless it is answered anew or by another worker now."""
    if turn.attempt == 1 and not turn.segments:
        metrics.wait_seconds.observe(max(0.0, time.time() - float(turn.questions[0].ts)))


def _unspoken(turn: Turn, reason: str) -> Ending:
    """The end of a turn that is not answered: by the admin's rules, or because we were removed."""
    log.info("turn ends unspoken", reason=reason, turn=turn.reply_id)
    return Ending(
        outcome=Outcome.FAILED, text=turn.text_so_far, segments=turn.segments, failure=reason
    )


def _report(ending: Ending) -> None:
    metrics.turns.labels(ending.outcome.value).inc()
    metrics.reply_seconds.observe(ending.seconds)
    if ending.first_text_seconds is not None:
        metrics.first_text_seconds.observe(ending.first_text_seconds)
    if ending.outcome is not Outcome.FAILED:
        log.info(
            "turn ended",
            outcome=ending.outcome.value,
            seconds=round(ending.seconds, 2),
            characters=len(ending.text),
            messages=len(ending.segments),
            request=ending.request_id,
        )
        return
    metrics.failures.labels(ending.failure).inc()
    request = getattr(ending.cause, "request_id", "") or ending.request_id
    code = getattr(ending.cause, "code", "")
    log.warning(
        "turn failed",
        failure=ending.failure,
        code=code,
        request=request,
        exc_info=ending.cause,
    )
