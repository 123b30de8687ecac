"""A process from its beginning to its end: put together, run, asked to stop, taken down again."""

import asyncio
import signal
from contextlib import AsyncExitStack

from bot.assembly.parts import Parts, open_parts
from bot.assembly.roles import Role
from bot.config import Settings
from bot.serving import serving
from bot.telemetry import tracing
from bot.telemetry.log import get_logger
from bot.web import make_web

log = get_logger("app")

ONE_MACHINE = (
    "On SQLite all parts have to run on one machine, with one and the same file: "
    "for several machines set DATABASE_URL to PostgreSQL"
)


async def run(settings: Settings, roles: Role) -> None:
    """Run a process until SIGTERM or SIGINT; running replies then get their grace time."""
    async with AsyncExitStack() as stack:
        stack.enter_context(tracing.collecting(settings.otlp_endpoint))
        parts = await stack.enter_async_context(open_parts(settings, roles))
        web = make_web(parts.routes, parts.checks, parts.shown, parts.measure)
        port = await stack.enter_async_context(
            # Nobody has to reach a worker: several on one machine may have one and the same PORT.
            serving(web, host=settings.host, port=settings.port, or_any=Role.WEB not in roles)
        )
        if settings.embedded and roles != Role.WEB | Role.WORKER:
            log.warning(ONE_MACHINE)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        side = [asyncio.create_task(_open_socket(settings, parts, roles, port), name="socket")]
        if parts.worker is not None:
            side.append(asyncio.create_task(parts.worker.run(), name="worker"))
        if parts.errands is not None:
            side.append(asyncio.create_task(parts.errands.run(), name="errands"))
        if parts.schedule is not None:
            side.append(asyncio.create_task(parts.schedule.run(), name="schedule"))
        await _until_stopped(stop, side)
        log.info("stopping")
        if parts.socket is not None:
            await parts.socket.close()
        await _finish_work(parts, settings.grace_seconds)
        for task in side:
            task.cancel()
        await asyncio.gather(*side, return_exceptions=True)


async def _finish_work(parts: Parts, grace_seconds: float) -> None:
    """Let what is under way end in its grace time; the next process goes on with the rest."""
    working = [part.stop(grace_seconds) for part in (parts.worker, parts.errands) if part]
    await asyncio.gather(*working)


async def _open_socket(settings: Settings, parts: Parts, roles: Role, port: int) -> None:
    if parts.socket is not None:
        await parts.socket.open()
    log.info("ready", roles=str(roles), port=port, socket_mode=settings.socket_mode)
    await asyncio.Event().wait()


async def _until_stopped(stop: asyncio.Event, side: list[asyncio.Task[None]]) -> None:
    """Wait for the signal; a background task that dies ends the process loudly."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({stopping, *side}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done - {stopping}:
        task.result()
