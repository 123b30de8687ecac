"""Times the silence of a stream between events that carry data.

Model Studio keeps dead connections warm with comments, so a timeout on bytes would never fire.
"""

import asyncio

from bot.errors import ModelStalled


class Watchdog:
    """Ends a wait that has brought no data for too long. One timer a stream, not one a token."""

    def __init__(self, seconds: float) -> None:
        self.is_waiting = True
        """Whether we wait for the service; while others keep us, its silence does not count."""
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._last = self._loop.time()
        self._task = asyncio.current_task()
        self._has_barked = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> "Watchdog":
        self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._has_barked or kind is not asyncio.CancelledError:
            return
        if self._task is not None and self._task.uncancel():
            return  # somebody else has cancelled us as well
        raise ModelStalled(f"no data for {self._seconds:g} s")

    def saw_data(self, seconds: float) -> None:
        """Data has come; the next may take so many seconds."""
        self._last = self._loop.time()
        if seconds != self._seconds and self._timer is not None:
            self._seconds = seconds
            self._timer.cancel()
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        silent = self._loop.time() - self._last
        if silent < self._seconds or not self.is_waiting:
            pause = max(self._seconds - silent, 0.05)
            self._timer = self._loop.call_later(pause, self._look)
            return
        self._has_barked = True
        if self._task is not None:
            self._task.cancel()
