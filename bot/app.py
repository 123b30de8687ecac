"""The composition root: builds every part from the settings, runs them, takes them down again."""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Flag, auto

from starlette.routing import BaseRoute

from bot.config import Settings
from bot.conversation.errands import Handler
from bot.conversation.ports import Wakes
from bot.conversation.rules import Rules
from bot.conversation.summaries.errand import KIND as SUMMARY
from bot.conversation.summaries.errand import SummaryErrands
from bot.desks import open_desks
from bot.digest_desks import TeamDigestDesks, digest_features, digest_handlers
from bot.forgetting import ForgetTeam
from bot.schedule import Schedule
from bot.serving import serving
from bot.slack.api import make_session
from bot.slack.channel_form import ChannelForm
from bot.slack.door import Socket, http_route
from bot.slack.doorkeeper import REFUSAL, Doorkeeper, Refusals
from bot.slack.listeners import Feature, Listeners, Take
from bot.slack.summaries.command import Summarize
from bot.store.db import Writer, make_engine, migrate, ping, require_current
from bot.store.digests import StoredDigests
from bot.store.errands import StoredErrands
from bot.store.installations import StoredInstalls
from bot.store.intake import Intake
from bot.store.jobs import Jobs
from bot.store.kept_summaries import StoredSummaries
from bot.store.oauth_states import OAuthStates
from bot.store.recollections import StoredRecollections
from bot.store.retention import FORGET
from bot.store.rotation import check_key
from bot.store.settings import ChannelSettingsStore
from bot.store.turns import Turns
from bot.telemetry import tracing
from bot.telemetry.log import get_logger
from bot.web import Check, Measure, make_web
from bot.work.errands import ErrandRunner
from bot.work.wakes import LocalWakes
from bot.work.worker import Worker
from bot.workspaces import Workspaces, open_workspaces

log = get_logger("app")

_LOOK_SECONDS = 5.0
_LOOK_EMBEDDED = 5.0
_LOOK_ALONE = 0.25
"""A worker process that nobody wakes for an errand has to look often."""


class Role(Flag):
    """Which parts a process runs."""

    WEB = auto()
    """Takes in what Slack sends."""
    WORKER = auto()
    """Answers it."""


@dataclass(kw_only=True)
class Parts:
    """A running process, put together."""

    worker: Worker | None = None
    errands: ErrandRunner | None = None
    schedule: Schedule | None = None
    socket: Socket | None = None
    routes: list[BaseRoute] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    """What must hold for the process to be ready."""
    shown: dict[str, Check] = field(default_factory=dict)
    """What is worth knowing, but not ours to mend: Slack may be down."""
    measure: Measure | None = None


async def run(settings: Settings, roles: Role) -> None:
    """Run a process until SIGTERM or SIGINT; running replies then get their grace time."""
    async with AsyncExitStack() as stack:
        stack.enter_context(tracing.collecting(settings.otlp_endpoint))
        parts = await stack.enter_async_context(open_parts(settings, roles))
        web = make_web(parts.routes, parts.checks, parts.shown, parts.measure)
        port = await stack.enter_async_context(serving(web, host=settings.host, port=settings.port))
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


@asynccontextmanager
async def open_parts(settings: Settings, roles: Role) -> AsyncIterator[Parts]:
    """Build the parts of a process and close them at the end."""
    async with AsyncExitStack() as stack:
        if settings.embedded:
            await asyncio.to_thread(migrate, settings.database_url)
        engine = make_engine(settings.database_url, settings.secret_keys)
        stack.push_async_callback(engine.dispose)
        await require_current(engine, settings.database_url)
        await check_key(engine)
        writer = Writer(engine)
        stack.push_async_callback(writer.close)
        session = await stack.enter_async_context(make_session())
        parts = Parts(checks={"database": lambda: _reachable(engine)})
        intake = Intake(engine, writer, reply_in_threads=settings.reply_in_threads)
        name = _worker_name()
        turns = Turns(engine, writer, worker=name)
        errands = StoredErrands(engine, writer, worker=name)
        digests = StoredDigests(engine, writer)
        wakes = await stack.enter_async_context(_wakes(settings))
        workspaces = await stack.enter_async_context(
            open_workspaces(
                settings, StoredInstalls(engine, writer), OAuthStates(writer), errands, session
            )
        )
        parts.measure = workspaces.measure
        installations = workspaces.installations
        doorkeeper = Doorkeeper(
            _rules(settings),
            installations,
            errands,
            wake=_waker(parts),
        )
        if Role.WORKER in roles:
            if Role.WEB in roles and settings.embedded:
                await turns.release_all()
                await errands.release_all()
            desks = await stack.enter_async_context(
                open_desks(settings, installations, turns, doorkeeper, StoredRecollections(engine))
            )
            look = _LOOK_EMBEDDED if Role.WEB in roles else _LOOK_ALONE
            parts.worker = Worker(
                turns, desks, wakes, look_seconds=_LOOK_SECONDS, concurrency=settings.concurrency
            )
            parts.checks["worker"] = parts.worker.is_alive
            handlers: dict[str, Handler] = {
                FORGET: ForgetTeam(writer),
                REFUSAL: Refusals(installations),
                SUMMARY: SummaryErrands(desks.summaries, StoredSummaries(engine, writer)),
            }
            digest_desks = TeamDigestDesks(
                settings, installations, desks.model, StoredRecollections(engine)
            )
            handlers |= digest_handlers(digest_desks, digests, errands)
            parts.errands = ErrandRunner(errands, handlers, look_seconds=look)
            if settings.embedded or Role.WEB in roles:
                parts.schedule = Schedule(settings, digests, errands, wake=parts.errands.wake)
        if Role.WEB in roles:
            features: list[Feature] = [
                workspaces.farewell,
                doorkeeper,
                ChannelForm(installations, ChannelSettingsStore(engine, writer)),
                Summarize(installations, errands, wake=_waker(parts)),
                *digest_features(installations, digests, errands, wake=_waker(parts)),
            ]
            parts.routes += workspaces.routes
            _open_doors(settings, parts, workspaces, doorkeeper.guard(intake.take), wakes, features)
        yield parts


def _waker(parts: Parts) -> Callable[[], None]:
    """Has this process look for errands; elsewhere the workers look for themselves."""

    def wake() -> None:
        if parts.errands is not None:
            parts.errands.wake()

    return wake


@asynccontextmanager
async def _wakes(settings: Settings) -> AsyncIterator[Wakes]:
    """How workers hear of what was taken in."""
    if settings.embedded:
        yield LocalWakes()
        return
    async with Jobs(settings.database_url).open() as jobs:
        yield jobs


def _open_doors(
    settings: Settings,
    parts: Parts,
    workspaces: Workspaces,
    take: Take,
    wakes: Wakes,
    features: Sequence[Feature],
) -> None:
    client = workspaces.api.client
    listeners = Listeners(
        workspaces.installations,
        take=take,
        act=wakes.wake,
        allowed_bots=settings.allowed_bots,
        features=features,
    )
    secret = settings.slack_signing_secret or "socket mode needs none"
    bolt = listeners.bolt(client, signing_secret=secret)
    if settings.slack_signing_secret:
        parts.routes.append(http_route(bolt))
    if settings.socket_mode:
        parts.socket = Socket(bolt, app_token=settings.slack_app_token, client=client)
        parts.shown["slack"] = parts.socket.is_connected


def _rules(settings: Settings) -> Rules:
    return Rules(
        allowed_channels=settings.allowed_channels,
        denied_channels=settings.denied_channels,
        allowed_users=settings.allowed_users,
        denied_users=settings.denied_users,
        guests=settings.guests,
        external=settings.external,
    )


async def _reachable(engine: object) -> bool:
    await ping(engine)  # type: ignore[arg-type]
    return True


def _worker_name() -> str:
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
