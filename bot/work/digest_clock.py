"""Fires digests when they are due, from a schedule that follows what people save.

Any number of these clocks may run on one database. A digest that is due becomes an errand with the
key `digest:{id}:{due}`, and a key is kept once: whoever comes first makes it, the others nothing.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from typing_extensions import override

from bot.conversation.digests.digest import Digest, Digests, Pause
from bot.conversation.digests.errand import DIGEST
from bot.conversation.digests.recurrence import Recurrence
from bot.conversation.errands import Errands
from bot.telemetry.log import get_logger

log = get_logger("digests")

_LOOK_SECONDS = 2.0
_LATELY_SECONDS = 60.0
"""Most looks are at what was changed so lately."""
_WHOLE_SECONDS = 30.0
"""Now and then everything is looked at: a clock that jumps can hide a change from the other looks."""
_AGAIN_SECONDS = 30.0


class Recurring(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at the times of a recurrence.

    APScheduler's own CronTrigger fires twice at 02:30 on the day when that time comes twice, and
    not at all on a day whose midnight is skipped (seen with 3.11.3, America/Santiago).
    """

    def __init__(self, recurrence: Recurrence) -> None:
        self._recurrence = recurrence

    @override
    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The first time after the last one, or after now."""
        return self._recurrence.next_after(previous_fire_time or now)


class DigestClock:
    """One process's view of when digests are due."""

    def __init__(
        self,
        scheduler: AsyncIOScheduler,
        digests: Digests,
        errands: Errands,
        *,
        grace: timedelta,
        wake: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._scheduler = scheduler
        self._digests = digests
        self._errands = errands
        self._grace = grace
        self._wake = wake
        self._now = now
        self._known: dict[int, Digest] = {}

    async def follow(self) -> None:
        """Keep to what people save, change and pause, until cancelled."""
        whole_at = -math.inf
        while True:
            began = time.monotonic()
            is_whole = began - whole_at >= _WHOLE_SECONDS
            try:
                await self.look(within=None if is_whole else _LATELY_SECONDS)
                whole_at = began if is_whole else whole_at
            except Exception:
                log.exception("could not look for digests")
            # Its alarm is set for a number of seconds: it does not notice that the clock was put on.
            self._scheduler.wakeup()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self, *, within: float | None = None) -> None:
        """Take in what has changed in the last so many seconds, or everything; catch up once."""
        for digest in await self._digests.changed_within(within):
            known = self._known.get(digest.id)
            if known is None or (known.plan, known.pause) != (digest.plan, digest.pause):
                self._plan(digest)
                if digest.due(self._now(), self._grace) is not None:
                    await self.fire(digest.team_id, digest.id)

    async def fire(self, team_id: str, digest_id: int) -> None:
        """Order the digest if it is due; harmless at any time, however often."""
        try:
            await self._fire(team_id, digest_id)
        except Exception:
            log.exception("could not fire a digest", digest=digest_id)
            self._scheduler.add_job(
                self.fire,
                DateTrigger(self._now() + timedelta(seconds=_AGAIN_SECONDS)),
                args=[team_id, digest_id],
                id=f"digest {digest_id} again",
                replace_existing=True,
                misfire_grace_time=None,
            )

    async def _fire(self, team_id: str, digest_id: int) -> None:
        digest = await self._digests.load(team_id, digest_id)
        if digest is None:
            self._forget(digest_id)
            return
        due = digest.due(self._now(), self._grace)
        if due is None:
            return
        moment = int(due.timestamp())
        added = await self._errands.add(
            team_id=team_id,
            kind=DIGEST,
            payload={"digest": digest_id, "due": moment},
            key=f"digest:{digest_id}:{moment}",
        )
        await self._digests.fired(digest_id, due)
        if added is not None:
            log.info("digest is due", digest=digest_id, due=due.isoformat())
            self._wake()

    def _plan(self, digest: Digest) -> None:
        self._known[digest.id] = digest
        if digest.pause is not Pause.NOT:
            self._unschedule(digest.id)
            return
        self._scheduler.add_job(
            self.fire,
            Recurring(digest.plan.recurrence),
            args=[digest.team_id, digest.id],
            id=f"digest {digest.id}",
            replace_existing=True,
            coalesce=True,
            misfire_grace_time=None,  # `fire` itself knows what is too late
        )

    def _forget(self, digest_id: int) -> None:
        self._known.pop(digest_id, None)
        self._unschedule(digest_id)

    def _unschedule(self, digest_id: int) -> None:
        if self._scheduler.get_job(f"digest {digest_id}") is not None:
            self._scheduler.remove_job(f"digest {digest_id}")
