"""What happens by the clock: old conversations are deleted, once a day."""

import asyncio
import signal
import time

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.config import Settings
from bot.store.db import Writer, make_engine
from bot.store.retention import forget_before
from bot.telemetry import get_logger

log = get_logger("schedule")

_DAY = 86_400


async def run(settings: Settings) -> None:
    """Run the schedule until SIGTERM or SIGINT. Several may run: each deletion is harmless twice."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    scheduler = make_scheduler(settings)
    scheduler.start()
    log.info("ready", jobs=[job.id for job in scheduler.get_jobs()])
    await stop.wait()
    scheduler.shutdown(wait=False)


def make_scheduler(settings: Settings) -> AsyncIOScheduler:
    """The schedule of these settings, not yet started."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    if settings.retention_days:
        scheduler.add_job(
            forget_old,
            CronTrigger(hour=3, minute=30, timezone="UTC"),
            args=[settings],
            id="retention",
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


async def forget_old(settings: Settings) -> None:
    """Delete the conversations in which nothing was said for `BOT_RETENTION_DAYS`."""
    engine = make_engine(settings.database_url, settings.secret_keys)
    writer = Writer(engine)
    try:
        deleted = await forget_before(writer, time.time() - settings.retention_days * _DAY)
        log.info("old conversations deleted", conversations=deleted)
    finally:
        await writer.close()
        await engine.dispose()
