"""What happens by the clock: digests are fired, and old conversations are deleted once a day."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.config import Settings
from bot.conversation.digests.digest import Digests
from bot.conversation.errands import Errands
from bot.store.db import Writer, make_engine, require_current
from bot.store.digests import StoredDigests
from bot.store.errands import StoredErrands
from bot.store.kept_summaries import TEXT_SECONDS, StoredSummaries
from bot.store.retention import forget_before
from bot.store.rotation import check_key
from bot.telemetry.log import get_logger
from bot.work.digest_clock import DigestClock

log = get_logger("schedule")

_DAY = 86_400


class Schedule:
    """The clock of one process. Several processes may have one: nothing is done twice."""

    def __init__(
        self,
        settings: Settings,
        digests: Digests,
        errands: Errands,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        grace = timedelta(minutes=settings.digest_grace_minutes)
        self._digests = DigestClock(self._scheduler, digests, errands, grace=grace, wake=wake)
        self._scheduler.add_job(
            forget_old,
            CronTrigger(hour=3, minute=30, timezone="UTC"),
            args=[settings],
            id="retention",
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
        engine = make_engine(settings.database_url, settings.secret_keys)
        stack.push_async_callback(engine.dispose)
        await require_current(engine, settings.database_url)
        await check_key(engine)
        writer = Writer(engine)
        stack.push_async_callback(writer.close)
        errands = StoredErrands(engine, writer, worker="scheduler")
        schedule = Schedule(settings, StoredDigests(engine, writer), errands)
        running = asyncio.create_task(schedule.run(), name="schedule")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        log.info("ready")
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()


async def forget_old(settings: Settings) -> None:
    """Delete old summaries, and conversations without a word for `BOT_RETENTION_DAYS`."""
    engine = make_engine(settings.database_url, settings.secret_keys)
    writer = Writer(engine)
    now, kept_seconds = time.time(), settings.retention_days * _DAY
    try:
        texts = min(kept_seconds or TEXT_SECONDS, TEXT_SECONDS)
        summaries = await StoredSummaries(engine, writer).sweep(now, text_seconds=texts)
        deleted = await forget_before(writer, now - kept_seconds) if kept_seconds else 0
        log.info("old texts deleted", conversations=deleted, summaries=summaries)
    finally:
        await writer.close()
        await engine.dispose()
