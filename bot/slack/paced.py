"""Reads that keep to the workspace's budget: many calls in a row, within a time that people wait."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.errors import SlackLimited, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import Budget

AT_ONCE = 4
_TRIES = 3
_PAUSE = 0.5


class PacedReads:
    """The calls of one piece of reading; it ends with SlackLimited when it would take too long."""

    def __init__(self, api: SlackApi, budget: Budget, *, seconds: float) -> None:
        self._api = api
        self._budget = budget
        self._deadline = time.monotonic() + seconds
        self._room = asyncio.Semaphore(AT_ONCE)
        self.count = 0
        self.patience = math.inf
        """Seconds: a single pause longer than this ends the reading, too."""

    async def read(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """One call, as soon as it may be made. Raises SlackError."""
        async with self._room, self._wanting(method):
            await self._budget.catch_up()
            tries = 0
            while True:
                await self._my_turn(method)
                self.count += 1
                try:
                    return await self._api.read(method, **arguments)
                except SlackLimited as limited:
                    self._budget[method].block(limited.retry_after)
                except SlackUnreachable:
                    tries += 1
                    if tries == _TRIES:
                        raise
                    await asyncio.sleep(_PAUSE * tries)

    async def pages(self, method: str, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        """All pages, one after the other ("Pagination"). Raises SlackError."""
        cursor = ""
        while True:
            page = await self.read(method, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    @asynccontextmanager
    async def _wanting(self, method: str) -> AsyncIterator[None]:
        """The other processes leave us something of the minute as long as we wait for it."""
        minute = self._budget[method]
        minute.wanted += 1
        try:
            yield
        finally:
            minute.wanted -= 1

    async def _my_turn(self, method: str) -> None:
        minute = self._budget[method]
        while (pause := minute.wait()) > 0:
            if pause > self.patience or time.monotonic() + pause > self._deadline:
                raise SlackLimited(method, pause)
            await asyncio.sleep(pause)
        minute.take()
