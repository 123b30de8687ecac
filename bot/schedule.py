"""What happens by the clock: digests are fired; what is old is deleted at the start and once a day."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.assembly.stored import Stored, open_stored
from bot.config import Settings
from bot.serving import serving
from bot.store.deletions import forget_deletions
from bot.store.kept_summaries import TEXT_SECONDS
from bot.store.retention import forget_before
from bot.telemetry.log import get_logger
from bot.web import make_web
from bot.work.digest_clock import DigestClock

log = get_logger("schedule")

_DAY = 86_400
_ERRANDS_DAYS = 6
"""So long what was ordered and done is kept: a week, until the next look at what is old."""


class Schedule:
    """The clock of one process. Several processes may have one: nothing is done twice."""

    def __init__(
        self,
        settings: Settings,
        stored: Stored,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        grace = timedelta(minutes=settings.digest_grace_minutes)
        self._digests = DigestClock(
            self._scheduler, stored.digests, stored.errands, grace=grace, wake=wake
        )
        # A process that never runs at night has old texts to delete all the same.
        for name, trigger in (
            ("at start", None),
            ("daily", CronTrigger(hour=3, minute=30, timezone="UTC")),
        ):
            self._scheduler.add_job(
                _forget_old_calmly,
                trigger,
                args=[settings, stored],
                id=f"retention {name}",
                coalesce=True,
                misfire_grace_time=None,
            )

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        self._scheduler.start()
        try:
            await self._digests.follow()
        finally:
            self._scheduler.shutdown(wait=False)


async def run(settings: Settings) -> None:
    """Run the schedule until SIGTERM or SIGINT."""
    async with AsyncExitStack() as stack:
        stored = await stack.enter_async_context(open_stored(settings))
        web = make_web([], {"database": stored.is_usable}, {})
        port = await stack.enter_async_context(
            serving(web, host=settings.host, port=settings.port, or_any=True)
        )
        running = asyncio.create_task(Schedule(settings, stored).run(), name="schedule")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        log.info("ready", port=port)
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()


async def _forget_old_calmly(settings: Settings, stored: Stored) -> None:
    """The clock's job. That the process ends meanwhile is no failure; the next one goes on."""
    with suppress(asyncio.CancelledError):
        await forget_old(settings, stored)


async def forget_old(settings: Settings, stored: Stored) -> None:
    """Delete old summaries and orders, and conversations without a word for `BOT_RETENTION_DAYS`."""
    now, kept_seconds = time.time(), settings.retention_days * _DAY
    texts = min(kept_seconds or TEXT_SECONDS, TEXT_SECONDS)
    summaries = await stored.summaries.sweep(now, text_seconds=texts)
    deleted = await forget_before(stored.writer, now - kept_seconds) if kept_seconds else 0
    await stored.errands.sweep(now - _ERRANDS_DAYS * _DAY)
    await forget_deletions(stored.writer, now)
    log.info("old texts deleted", conversations=deleted, summaries=summaries)
