"""Answers what is unanswered: one turn a thread at a time, thousands of threads at once.

The database says what is unanswered; a wake-up only says *look at this conversation*. So a lost,
late or doubled wake-up is harmless, several messages in a row become one answer, and after a crash
whoever looks next finds the half-written reply and finishes it.
"""

import asyncio

from bot import metrics
from bot.conversation.desk import Desks
from bot.conversation.events import Wake
from bot.conversation.ports import Ending, Turns
from bot.conversation.thread import Outcome, Progress, Turn, Withdrawal
from bot.conversation.turn import RunningTurn
from bot.errors import LostTurn, ModelError
from bot.progress import ProgressKeeper
from bot.telemetry import bind, get_logger

log = get_logger("worker")


class Worker:
    """Keeps one task for each conversation that has something to answer."""

    def __init__(self, turns: Turns, desks: Desks, *, look_seconds: float) -> None:
        self._turns = turns
        self._desks = desks
        self._look_seconds = look_seconds
        self._keeper = ProgressKeeper(turns)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._running: dict[int, RunningTurn] = {}
        self._stopping = False
        self._remembering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look for what is unanswered, now and then, until cancelled.

        Wake-ups make it quick; looking makes it certain.
        """
        keeping = asyncio.create_task(self._keeper.run(), name="progress")
        try:
            while not keeping.done():
                await self._look()
                await asyncio.wait({keeping}, timeout=self._look_seconds)
            await keeping
        finally:
            keeping.cancel()

    def wake(self, wake: Wake) -> None:
        """Look at a conversation, and interrupt what runs in it if asked to."""
        conversation_id = wake.conversation_id
        running = self._running.get(conversation_id)
        if running is not None:
            if wake.interruption is not None:
                running.interrupt.ask(wake.interruption)
            running.nudge()
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
        elif not self._stopping:
            task = asyncio.create_task(
                self._tend(conversation_id), name=f"conversation {conversation_id}"
            )
            self._tasks[conversation_id] = task

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let running replies end; then hand over those that did not."""
        self._stopping = True
        for memory in self._remembering:
            memory.cancel()
        tasks = set(self._tasks.values())
        if not tasks:
            return
        log.info("waiting for running replies", replies=len(self._running), grace=grace_seconds)
        _, late = await asyncio.wait(tasks, timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _look(self) -> None:
        try:
            for conversation_id in await self._turns.unfinished():
                if conversation_id not in self._tasks:
                    self.wake(Wake(conversation_id=conversation_id))
        except Exception:
            log.exception("could not look for unanswered messages")

    async def _tend(self, conversation_id: int) -> None:
        """Answer in one conversation until nothing is left to answer."""
        try:
            while not self._stopping:
                self._again.discard(conversation_id)
                work = await self._turns.claim(conversation_id)
                if isinstance(work, Turn):
                    await self._answer(work)
                elif isinstance(work, Withdrawal):
                    await self._take_away(work)
                elif conversation_id not in self._again:
                    return
        except Exception:
            # The conversation stays unanswered in the database: the next look finds it.
            log.exception("conversation interrupted", conversation=conversation_id)
        finally:
            self._tasks.pop(conversation_id, None)
            self._again.discard(conversation_id)

    async def _take_away(self, withdrawal: Withdrawal) -> None:
        desk = await self._desks.of(withdrawal.key.team_id)
        await desk.replies.take_away(withdrawal)
        await self._turns.withdrawn(withdrawal.reply_id)

    async def _answer(self, turn: Turn) -> None:
        desk = await self._desks.of(turn.key.team_id)
        running = RunningTurn(turn, desk, on_segment=lambda: self._keeper.soon(turn.reply_id))
        self._running[turn.conversation_id] = running
        self._keeper.watch(running)
        metrics.running_replies.inc()
        key = turn.key
        with bind(
            team=key.team_id, channel=key.channel_id, thread=key.thread_ts, turn=turn.reply_id
        ):
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
                await self._turns.finish(running.turn, ending)
                _report(ending)
                self._remember(running)
                return
        except LostTurn:
            await running.reply.abandon()
        # Another turn goes on with these messages, or takes them away: it must know of them all.
        await self._turns.leave(running.turn, running.reply.segments)
        log.info("turn gives way")

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
        progress = Progress(
            turn=running.turn, text=running.reply.text, segments=running.reply.segments
        )
        try:
            await self._turns.save_progress([progress])
            await self._turns.release(running.turn)
        except LostTurn:
            return
        log.info("turn handed over", characters=len(progress.text))


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
    request = getattr(ending.cause, "request_id", "") or ending.request_id
    code = getattr(ending.cause, "code", "")
    log.warning(
        "turn failed",
        failure=ending.failure,
        code=code,
        request=request,
        exc_info=ending.cause,
    )
