"""When a reply shows something next: after a while, at once when there is news, or never again."""

import asyncio
import time
from contextlib import suppress


class Pace:
    """The clock of one reply."""

    def __init__(self) -> None:
        self.is_abandoned = False
        """Slack is touched no more."""
        self._news = asyncio.Event()

    def hurry(self) -> None:
        """There is news: whoever rests goes on."""
        self._news.set()

    def abandon(self) -> None:
        """Nothing more is shown."""
        self.is_abandoned = True
        self._news.set()

    async def rest(self, seconds: float | None) -> None:
        """Wait so many seconds, or (None) until there is news."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def read_news(self) -> None:
        """What has come so far is known."""
        self._news.clear()

    async def wait_out(self, seconds: float) -> None:
        """Wait because Slack asks for it: to the end, unless the reply is abandoned."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.is_abandoned:
            self.read_news()
            await self.rest(left)
        if self.is_abandoned:
            raise asyncio.CancelledError
