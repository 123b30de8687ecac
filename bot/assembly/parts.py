"""The parts of a process by its roles: what takes messages in, and what answers them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from starlette.routing import BaseRoute

from bot.assembly.desks import TeamDesks, open_desks
from bot.assembly.digests import TeamDigestDesks, digest_features, digest_handlers
from bot.assembly.forgetting import ForgetTeam, forget_quietly
from bot.assembly.roles import Role
from bot.assembly.stored import Stored, open_stored
from bot.assembly.workspaces import Workspaces, open_workspaces
from bot.config import Settings
from bot.conversation.digests.errand import DIGEST
from bot.conversation.errands import Handler
from bot.conversation.forgetting import FORGET_PERSON, FORGET_TEAM
from bot.conversation.ports import Wakes
from bot.conversation.rules import Rules
from bot.conversation.sharing import CatchUp, Sharing, nobody_else
from bot.conversation.summaries.errand import KIND as SUMMARY
from bot.conversation.summaries.errand import SummaryErrands
from bot.schedule import Schedule
from bot.slack.api import make_session
from bot.slack.channel_form import ChannelForm
from bot.slack.door import Socket, http_route
from bot.slack.doorkeeper import REFUSAL, Doorkeeper, Refusals
from bot.slack.forget_me import ForgetMe, ForgetPerson
from bot.slack.listeners import Feature, Listeners
from bot.slack.summaries.command import Summarize
from bot.store.schema import migrate
from bot.telemetry import metrics
from bot.telemetry.log import get_logger
from bot.web import Check, Measure
from bot.work.errands import ErrandRunner
from bot.work.usher import Usher
from bot.work.wakes import LocalWakes
from bot.work.worker import Worker

log = get_logger("app")

_LOOK_SECONDS = 5.0
_LOOK_FOR_ERRANDS = 2.0
"""One that was put off, or whose worker has died, is not announced: it is looked for."""


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

    def wake_errands(self) -> None:
        """Have this process look for errands; PostgreSQL tells the others."""
        if self.errands is not None:
            self.errands.wake()


@asynccontextmanager
async def open_parts(settings: Settings, roles: Role) -> AsyncIterator[Parts]:
    """Build the parts of a process and close them at the end.

    Raises ConfigError, DatabaseUnreachable and SlackRefused where it can't run as it is set up.
    """
    if settings.embedded:
        await asyncio.to_thread(migrate, settings.database_url)
    async with AsyncExitStack() as stack:
        stored = await stack.enter_async_context(open_stored(settings))
        session = await stack.enter_async_context(make_session())
        catch_up = await stack.enter_async_context(_sharing(settings, stored))
        rules = _rules(settings)
        workspaces = await stack.enter_async_context(
            open_workspaces(settings, stored, session, catch_up, rules)
        )
        parts = Parts(checks={"database": stored.is_usable}, measure=_measure(stored, workspaces))
        wakes = await stack.enter_async_context(_wakes(settings, parts.wake_errands))
        doorkeeper = Doorkeeper(
            rules, workspaces.installations, stored.errands, wake=parts.wake_errands
        )
        if Role.WORKER in roles:
            await _take_over(settings, roles, stored)
            desks = await stack.enter_async_context(
                open_desks(
                    settings,
                    workspaces.installations,
                    stored.turns,
                    doorkeeper,
                    stored.recollections,
                    stored.readings,
                    catch_up,
                )
            )
            _put_to_work(settings, roles, parts, stored, workspaces, desks, wakes)
        if Role.WEB in roles:
            _open_doors(settings, parts, stored, workspaces, doorkeeper, wakes)
        yield parts


@asynccontextmanager
async def _sharing(settings: Settings, stored: Stored) -> AsyncIterator[CatchUp]:
    """How the limits are shared among processes, where there may be more than one."""
    if settings.embedded:
        yield nobody_else
        return
    sharing = Sharing(
        stored.commons,
        on_failure=lambda error: log.warning("limits not shared now", error=str(error)),
    )
    running = asyncio.create_task(sharing.run(), name="sharing")
    try:
        yield sharing.catch_up
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _measure(stored: Stored, workspaces: Workspaces) -> Measure:
    """Brings the gauges up to date that nobody sets in passing."""

    async def measure() -> None:
        for name, queue in (await stored.waiting.queues()).items():
            metrics.queue_length.labels(name).set(queue.length)
            metrics.queue_age_seconds.labels(name).set(queue.age)
        await workspaces.measure()

    return measure


async def _take_over(settings: Settings, roles: Role, stored: Stored) -> None:
    """Where one process does everything, what the last one had under way is free at once."""
    if settings.embedded and Role.WEB in roles:
        await stored.turns.release_all()
        await stored.errands.release_all()


def _put_to_work(
    settings: Settings,
    roles: Role,
    parts: Parts,
    stored: Stored,
    workspaces: Workspaces,
    desks: TeamDesks,
    wakes: Wakes,
) -> None:
    """What answers: turns, errands, and, where one process does everything, the schedule."""
    parts.worker = Worker(
        stored.turns,
        desks,
        wakes,
        Usher(stored.queue, desks),
        look_seconds=_LOOK_SECONDS,
        concurrency=settings.concurrency,
    )
    parts.checks["worker"] = parts.worker.is_alive
    digest_desks = TeamDigestDesks(
        workspaces.installations, desks.summaries, tokens=settings.digest_tokens
    )
    handlers: dict[str, Handler] = {
        FORGET_TEAM: ForgetTeam(stored.writer),
        FORGET_PERSON: ForgetPerson(
            partial(forget_quietly, stored.writer), workspaces.installations
        ),
        REFUSAL: Refusals(workspaces.installations),
        SUMMARY: SummaryErrands(desks.summaries, stored.summaries),
        **digest_handlers(digest_desks, stored.digests, stored.errands),
    }
    parts.errands = ErrandRunner(
        stored.errands,
        handlers,
        look_seconds=_LOOK_FOR_ERRANDS,
        patient=frozenset({DIGEST}),  # they come by the clock
    )
    if settings.embedded or Role.WEB in roles:
        parts.schedule = Schedule(settings, stored, wake=parts.errands.wake)


def _open_doors(
    settings: Settings,
    parts: Parts,
    stored: Stored,
    workspaces: Workspaces,
    doorkeeper: Doorkeeper,
    wakes: Wakes,
) -> None:
    """What takes in: Slack's events and what people press, by HTTP or by a socket."""
    here, errands, wake = workspaces.installations, stored.errands, parts.wake_errands
    features: list[Feature] = [
        workspaces.farewell,
        doorkeeper,
        ForgetMe(here, errands, wake=wake),
        ChannelForm(here, stored.channels),
        Summarize(here, errands, wake=wake),
        *digest_features(here, stored.digests, errands, wake=wake),
    ]
    intake = stored.intake(reply_in_threads=settings.reply_in_threads)
    listeners = Listeners(
        here,
        take=doorkeeper.guard(intake.take),
        act=wakes.wake,
        allowed_bots=settings.allowed_bots,
        features=features,
    )
    client = workspaces.api.client
    secret = settings.slack_signing_secret or "socket mode needs none"
    bolt = listeners.bolt(client, signing_secret=secret)
    parts.routes += workspaces.routes
    if settings.slack_signing_secret:
        parts.routes.append(http_route(bolt))
    if settings.socket_mode:
        parts.socket = Socket(
            bolt,
            app_token=settings.slack_app_token,
            client=client,
            connections=settings.socket_connections,
        )
        parts.shown["slack"] = parts.socket.is_connected


@asynccontextmanager
async def _wakes(settings: Settings, on_errand: Callable[[], None]) -> AsyncIterator[Wakes]:
    """How workers hear of what was taken in, and of errands."""
    if settings.embedded:
        yield LocalWakes()
        return
    from bot.store.jobs import Jobs  # procrastinate and psycopg: for PostgreSQL only

    jobs = Jobs(settings.database_url, concurrency=settings.concurrency, on_errand=on_errand)
    async with jobs.open():
        yield jobs


def _rules(settings: Settings) -> Rules:
    return Rules(
        allowed_channels=settings.allowed_channels,
        denied_channels=settings.denied_channels,
        allowed_users=settings.allowed_users,
        denied_users=settings.denied_users,
        guests=settings.guests,
        external=settings.external,
    )
