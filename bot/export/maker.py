"""Makes files in threads of their own, so that nobody's answer waits for somebody's document."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from bot.conversation.charts import Chart
from bot.conversation.files import FileFormat, MadeFile
from bot.errors import FileFailed

T = TypeVar("T")

_SHORT = 3_000
"""Characters; nothing in a shorter answer is too long for a message."""


class Maker:
    """Implements `conversation.ports_files.FileMaker`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def make(self, markdown: str, file_format: FileFormat, *, title: str = "") -> MadeFile:
        """The Markdown as a file, named after its title. Raises FileFailed."""

        def work() -> MadeFile:
            from bot.export.make import make_file

            return make_file(markdown, file_format, title)

        return await self._run(work)

    async def picture(self, chart: Chart) -> MadeFile:
        """A chart as PNG, described for those who can't see it. Raises FileFailed."""

        def work() -> MadeFile:
            from bot.export.make import make_picture

            return make_picture(chart)

        return await self._run(work)

    async def oversized(self, markdown: str) -> Sequence[MadeFile]:
        """The code and tables in it that a message would cut; none where that can't be told."""

        def work() -> Sequence[MadeFile]:
            from bot.export.oversized import oversized

            return oversized(markdown)

        if len(markdown) < _SHORT:
            return ()
        try:
            return await self._run(work)
        except FileFailed:
            return ()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except FileFailed:
            raise
        except Exception as error:  # whatever a converter stumbles over costs its own sentence
            raise FileFailed from error
