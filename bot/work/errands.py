"""Does what was put off: errands, some at a time, each to its end or to a sentence that says why not."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bot.conversation.errands import Errand, Errands, Handler
from bot.errors import DatabaseUnreachable, LostTurn, NotInstalled
from bot.telemetry import metrics, tracing
from bot.telemetry.log import bind, get_logger

log = get_logger("errands")

MOST_SETBACKS = 3
"""An errand that has brought its worker down so often is given up."""
AT_ONCE = 8
MOST_PATIENT = 6
"""Of those, so many may be errands that nobody waits for: who waits finds room."""
_BEAT_SECONDS = 3.0
_PAUSE_SECONDS = 1.0


class ErrandRunner:
    """Keeps one task for each errand under way."""

    def __init__(
        self,
        errands: Errands,
        handlers: Mapping[str, Handler],
        *,
        look_seconds: float,
        patient: frozenset[str] = frozenset(),
    ) -> None:
        """`handlers` by the kind of errand; other kinds are left to who knows them, such as a newer
        release. `patient`: the kinds that nobody waits for.
        """
        self._errands = errands
        self._handlers = handlers
        self._look_seconds = look_seconds
        self._patient = patient
        self._urgent = handlers.keys() - patient
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._patient_ones: set[int] = set()
        self._running: dict[int, Errand] = {}
        self._news = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look now: something was added."""
        self._news.set()

    async def run(self) -> None:
        """Do what is due, until cancelled. Wake-ups make it quick; looking makes it certain."""
        beating = asyncio.create_task(self._beat(), name="errands: heartbeat")
        try:
            while True:
                self._news.clear()
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_seconds):
                        await self._news.wait()
        finally:
            beating.cancel()

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let running errands end; then hand over those that did not."""
        self._stopping = True
        tasks = set(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _look(self) -> None:
        """Begin what is due: first what somebody waits for."""
        try:
            for errand_id in await self._due(self._urgent, AT_ONCE):
                self._begin(errand_id)
            room = MOST_PATIENT - len(self._patient_ones)
            for errand_id in await self._due(self._patient, room):
                self._patient_ones.add(errand_id)
                self._begin(errand_id)
        except Exception:
            log.exception("could not look for errands")

    async def _due(self, kinds: Collection[str], most: int) -> Sequence[int]:
        """What is due of these kinds and has room here."""
        room = 0 if self._stopping else min(most, AT_ONCE - len(self._tasks))
        if not kinds or room <= 0:
            return ()
        return [one for one in await self._errands.due(kinds) if one not in self._tasks][:room]

    def _begin(self, errand_id: int) -> None:
        task = asyncio.create_task(self._do(errand_id), name=f"errand {errand_id}")
        self._tasks[errand_id] = task

    async def _do(self, errand_id: int) -> None:
        try:
            errand = await self._errands.claim(errand_id)
            if errand is None:
                return
            self._running[errand_id] = errand
            ids: dict[str, str | int] = {
                "team": errand.team_id,
                "errand": errand_id,
                "kind": errand.kind,
            }
            with bind(**ids), tracing.span("errand", **ids):
                await self._see_through(errand)
        except asyncio.CancelledError:
            if errand_id in self._running:
                await asyncio.shield(self._errands.release(self._running[errand_id]))
            raise
        except LostTurn:
            log.info("errand is another worker's now")
        except DatabaseUnreachable as error:
            log.warning("errand interrupted", errand=errand_id, error=str(error))
        except Exception:
            # It stays as it is in the database: somebody takes it over.
            log.exception("errand interrupted", errand=errand_id)
        finally:
            self._running.pop(errand_id, None)
            del self._tasks[errand_id]
            self._patient_ones.discard(errand_id)
            self._news.set()

    async def _see_through(self, errand: Errand) -> None:
        handler = self._handlers[errand.kind]
        failure = ""
        began = time.monotonic()
        if errand.setbacks >= MOST_SETBACKS:
            failure = "GaveUp"
        else:
            try:
                await handler.run(
                    errand, lambda kept: _kept(lambda: self._errands.keep(errand, kept))
                )
            except LostTurn:
                raise
            except NotInstalled as error:
                failure = type(error).__name__
                log.info("errand ends unspoken", reason=str(error))
            except Exception as error:
                failure = type(error).__name__
                log.exception("errand failed")
        if failure:
            await _kept(lambda: self._make_sure(errand))
            with suppress(Exception):
                await handler.give_up(errand)
        await _kept(lambda: self._errands.finish(errand, failure=failure))
        metrics.errands.labels(errand.kind, failure or "done").inc()
        log.info("errand ended", failure=failure, seconds=round(time.monotonic() - began, 2))

    async def _make_sure(self, errand: Errand) -> None:
        """Raise LostTurn where another worker has it: this process was frozen while it worked."""
        if errand.id not in await self._errands.beat([errand]):
            raise LostTurn

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            running = list(self._running.values())
            if not running:
                continue
            try:
                ours = await self._errands.beat(running)
            except Exception:
                log.exception("errands: no heartbeat")
                continue
            for errand in running:
                if errand.id not in ours and errand.id in self._running:
                    self._running.pop(errand.id)
                    self._tasks[errand.id].cancel()


async def _kept(keep: Callable[[], Awaitable[Any]]) -> None:
    """Keep what is done, for as long as it takes: it stands in Slack, and must not be done twice."""
    while True:
        try:
            await keep()
            return
        except DatabaseUnreachable as error:
            log.warning("errand not kept yet", error=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)
