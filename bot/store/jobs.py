"""Wake-ups by way of PostgreSQL: whoever takes a message in, any worker may answer it.

A wake-up is a job of Procrastinate, which brings it to one worker that has room, in the order of
the line; `queueing_lock` makes one of many. The job ends as soon as the worker has the conversation:
who may write a turn, and for how long, is the claim's affair (bot/store/claims.py). A job as long
as a turn would be a second lease, which had to run out, too, before anybody could take over.

Interruptions go to all workers at once, by NOTIFY: one of them has the turn. So does the news that
an errand waits: whoever has room looks for it.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.worker import Worker
from psycopg import AsyncConnection, Error
from sqlalchemy import make_url

from bot.conversation.events import Interruption, Wake
from bot.conversation.ports import Attendant
from bot.store.db import async_url
from bot.store.errands import ADDED
from bot.telemetry.log import get_logger

log = get_logger("store")

_TASK = "attend"
_CHANNEL = "threadwise_interruptions"
_MOST_AT_ONCE = 8
"""Jobs that a worker without room may hold; it fetches no more until it has some."""
_FETCH_SECONDS = 2.0
"""A job whose lock has become free is not announced: it is looked for."""
_SWEEP_SECONDS = 5.0
_HEARTBEAT_SECONDS = 3.0
_STALLED_SECONDS = 15.0
_PAUSE_SECONDS = 1.0
_FIRST_PLACE = 1_577_836_800
"""2020: a priority is 32 bits wide, a place may be seconds since 1970."""
_FAULTS = (ProcrastinateException, Error, OSError)
_NOTIFY = "SELECT pg_notify(%(channel)s, %(payload)s)"
_MISSING = """
SELECT wanted FROM unnest(%(names)s::text[]) AS wanted
WHERE NOT EXISTS (
    SELECT FROM procrastinate_jobs WHERE queueing_lock = wanted AND status = 'todo'
)
"""


class Jobs:
    """Implements `conversation.ports.Wakes` for any number of processes.

    `concurrency` is how many conversations the worker here attends to at a time; `on_errand` is
    called whenever an errand was added, in this process or another.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int = _MOST_AT_ONCE,
        on_errand: Callable[[], None] = lambda: None,
    ) -> None:
        self._at_once = min(concurrency, _MOST_AT_ONCE)
        self._on_errand = on_errand
        # A job's end is no news, and what goes wrong we say ourselves.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        conninfo = make_url(async_url(url)).set(drivername="postgresql")
        self._connector = PsycopgConnector(
            conninfo=conninfo.render_as_string(hide_password=False),
            min_size=1,
            max_size=4,
            timeout=5.0,
            kwargs={"application_name": "threadwise jobs"},
            configure=_each_statement_for_itself,
        )
        self._app = App(connector=self._connector)
        self._attendant: Attendant | None = None
        self._app.task(name=_TASK)(self._attend)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Jobs"]:
        """Connect, and disconnect at the end."""
        async with self._app.open_async():
            yield self

    async def wake(self, wake: Wake) -> None:
        """Have some worker attend to this conversation; interrupt whoever is at it, if asked to."""
        try:
            if wake.interruption is not None:
                await self._notify(wake.conversation_id, wake.interruption)
            await self._defer(wake)
        except _FAULTS as error:
            # What waits is in the database all the same: the workers' look finds it.
            log.warning(
                "wake-up lost", conversation=wake.conversation_id, error=type(error).__name__
            )

    async def recall(self, wakes: Sequence[Wake]) -> None:
        """Wake those of these conversations that are not waiting for a worker already."""
        by_name = {str(wake.conversation_id): wake for wake in wakes}
        if not by_name:
            return
        try:
            rows = await self._connector.execute_query_all_async(_MISSING, names=list(by_name))
        except _FAULTS as error:
            log.warning("could not look for lost wake-ups", error=type(error).__name__)
            return
        for row in rows:
            await self.wake(by_name[row["wanted"]])

    async def run(self, attendant: Attendant) -> None:
        """Hand over what comes until cancelled, however often the database goes away."""
        self._attendant = attendant
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_forever(self._fetch), name="jobs")
            tasks.create_task(_forever(self._listen), name="interruptions")
            tasks.create_task(_forever(self._sweep), name="stalled jobs")

    async def _defer(self, wake: Wake) -> None:
        name = str(wake.conversation_id)
        job = self._app.configure_task(
            _TASK, lock=name, queueing_lock=name, priority=_priority(wake.place)
        )
        try:
            await job.defer_async(conversation_id=wake.conversation_id)
        except AlreadyEnqueued:
            return  # one look answers everything that waits

    async def _notify(self, conversation_id: int, interruption: Interruption) -> None:
        payload = json.dumps({"conversation": conversation_id, "interruption": interruption.value})
        await self._connector.execute_query_async(_NOTIFY, channel=_CHANNEL, payload=payload)

    async def _attend(self, conversation_id: int) -> None:
        if self._attendant is not None:
            self._attendant.wake(Wake(conversation_id=conversation_id))
            await self._attendant.room()

    async def _fetch(self) -> None:
        worker = Worker(
            self._app,
            concurrency=self._at_once,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            fetch_job_polling_interval=_FETCH_SECONDS,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
            shutdown_graceful_timeout=0,
        )
        await worker.run()  # type: ignore[no-untyped-call]

    async def _listen(self) -> None:
        await self._connector.listen_notify(self._heard, [_CHANNEL, ADDED])

    async def _heard(self, *, channel: str, payload: str) -> None:
        if channel == ADDED:
            self._on_errand()
            return
        told = json.loads(payload)
        wake = Wake(
            conversation_id=int(told["conversation"]),
            interruption=Interruption(told["interruption"]),
        )
        if self._attendant is not None:
            self._attendant.interrupt(wake)

    async def _sweep(self) -> None:
        """Delete the jobs that a worker had when it died; what they were about is looked for."""
        while True:
            stalled = await self._app.job_manager.get_stalled_jobs(
                seconds_since_heartbeat=_STALLED_SECONDS
            )
            for job in stalled:
                await self._app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
            await self._app.job_manager.prune_stalled_workers(_STALLED_SECONDS)
            await asyncio.sleep(_SWEEP_SECONDS)


def _priority(place: float) -> int:
    """The highest is fetched first, and of equal ones the oldest."""
    return min(_FIRST_PLACE - int(place), 0)


async def _each_statement_for_itself(connection: AsyncConnection) -> None:
    """A process that is frozen half-way through a transaction would hold up the others."""
    await connection.set_autocommit(True)


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again whenever it ends: the database was away, or is still."""
    while True:
        try:
            await work()
        except _FAULTS as error:
            log.warning("the queue can't be reached", error=type(error).__name__)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The queue's worker ends in its own error where the database fails it as it is cancelled.
            raise asyncio.CancelledError
        await asyncio.sleep(_PAUSE_SECONDS)
