"""A long file is being read: the person sees how far it has come. Short ones are not worth a word."""

import time
from collections.abc import Callable, Container, Iterable

from bot.conversation.messages import Step, StepState
from bot.conversation.thread import SharedFile

QUIET_SECONDS = 1.5
"""A file that is read within this time is not mentioned."""
_PAUSE_SECONDS = 2.0
READING = "Reading {name}: {done:,} of {count:,}"
READ = "Reading {name}"


class ReadingSteps:
    """The steps of one reply's files."""

    def __init__(
        self, show: Callable[[Step], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show_step = show
        self._clock = clock
        self._began = clock()
        self._due: dict[str, float] = {}
        """When the next word on a file is due."""

    def watch(self, file: SharedFile, done: int, count: int) -> None:
        """So many pages, slides or sheets of so many have been read."""
        now = self._clock()
        if now >= self._due.get(file.file_id, self._began + QUIET_SECONDS):
            self._due[file.file_id] = now + _PAUSE_SECONDS
            title = READING.format(name=file.name, done=done, count=count)
            self._show(file, title, StepState.RUNNING)

    def end(self, files: Iterable[SharedFile], unreadable: Container[str]) -> None:
        """All files are read, but for those that can't be."""
        for file in files:
            if file.file_id in self._due:
                state = StepState.FAILED if file.file_id in unreadable else StepState.DONE
                self._show(file, READ.format(name=file.name), state)

    def _show(self, file: SharedFile, title: str, state: StepState) -> None:
        self._show_step(Step(id=f"file_{file.file_id}", title=title, state=state))
