"""The folder in which files lie while they are read. What a process leaves that dies, the next one clears.

A process holds a lock in its folder for as long as it lives, whatever ends it: a folder whose lock
is free is nobody's any more.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_PREFIX = "threadwise-files-"
_LOCK = "alive"


@contextmanager
def files_folder() -> Iterator[Path]:
    """A folder of this process alone; gone at the end."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or just being cleared
            _clear(left)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        beginning = folder / f"{_LOCK}.new"
        with beginning.open("wb") as held:
            _lock(held)
            if sys.platform != "win32":  # where open files have no other name
                beginning.rename(folder / _LOCK)  # from now on others may look whether it is held
            yield folder


def _clear(folder: Path) -> None:
    with (folder / _LOCK).open("rb+") as held:
        _lock(held)
        shutil.rmtree(folder)


if sys.platform == "win32":

    def _lock(held: IO[bytes]) -> None:
        """There nobody looks: the system's own cleaning has to do."""

else:
    import fcntl

    def _lock(held: IO[bytes]) -> None:
        """Raises BlockingIOError where a living process holds it."""
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
