"""Opens files in processes of their own: what a file does to its reader, it does to nobody else."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from bot.conversation.ports_files import Piece
from bot.errors import UnreadableFile
from bot.reading.product import Order, unpacked

TOO_SLOW = "reading it takes too long"
BROKE = "opening it fails; the file may be damaged"
_MOST_PARCEL = 96 * 1024 * 1024
_ORDERS_A_PROCESS = 50
"""A process is replaced after so many: no leak grows for long."""
_IDLE = 2
"""So many processes wait for the next file, rather than be started for it."""


class Workshop:
    """A few processes that take orders. Close it at the end."""

    def __init__(self, *, at_once: int = 2, seconds: float = 60.0) -> None:
        """`seconds` is what one file may take."""
        self._seconds = seconds
        self._free = asyncio.Semaphore(at_once)
        self._waiting: list[_Process] = []

    async def make(self, order: Order, watch: Callable[[int, int], None]) -> list[Piece]:
        """Open the ordered file. Raises UnreadableFile."""
        async with self._free, self._process() as process:
            try:
                async with asyncio.timeout(self._seconds):
                    return await process.make(order, watch)
            except TimeoutError as error:
                raise UnreadableFile(TOO_SLOW) from error
            except (EOFError, OSError, ValueError, TypeError, LookupError) as error:
                raise UnreadableFile(BROKE) from error

    @asynccontextmanager
    async def _process(self) -> AsyncIterator["_Process"]:
        """A process for one order; one that did not come through it well is ended."""
        process = self._waiting.pop() if self._waiting else await _Process.start()
        try:
            yield process
        finally:
            if process.is_fit and len(self._waiting) < _IDLE:
                self._waiting.append(process)
            else:
                await process.end()

    @property
    def process_ids(self) -> list[int]:
        """Of the processes that wait for the next file."""
        return [process.id for process in self._waiting]

    async def close(self) -> None:
        """End the processes."""
        while self._waiting:
            await self._waiting.pop().end()


class _Process:
    """One process, and the pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise OSError("a process without pipes")
        self._process = process
        self._orders = process.stdin
        self._products = process.stdout
        self._done = 0
        self._is_at_work = False

    @classmethod
    async def start(cls) -> "_Process":
        """Start one with an empty environment: no key or token is in its reach."""
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", "-m", "bot.reading.workbench"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
            )
        )

    @property
    def id(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    @property
    def is_fit(self) -> bool:
        """Whether another order may be given to it."""
        is_alive = self._process.returncode is None and not self._is_at_work
        return is_alive and self._done < _ORDERS_A_PROCESS

    async def make(self, order: Order, watch: Callable[[int, int], None]) -> list[Piece]:
        """Raises UnreadableFile, or EOFError where the process has died."""
        self._is_at_work = True
        await self._send(json.dumps(asdict(order)).encode())
        answer = await self._receive()
        while "done" in answer:
            watch(int(answer["done"]), int(answer["count"]))
            answer = await self._receive()
        if "refused" in answer:
            self._finish()
            raise UnreadableFile(str(answer["refused"]))
        described = await self._parcel()
        blobs = [await self._parcel() for _ in range(answer["blobs"])]
        product = await asyncio.to_thread(unpacked, described, blobs)
        self._finish()
        return product

    async def end(self) -> None:
        """Kill it: it holds nothing that is worth a goodbye."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._orders.close()

    def _finish(self) -> None:
        self._is_at_work = False
        self._done += 1

    async def _send(self, parcel: bytes) -> None:
        self._orders.write(len(parcel).to_bytes(4, "big") + parcel)
        await self._orders.drain()

    async def _receive(self) -> dict[str, Any]:
        answer = json.loads(await self._parcel())
        if not isinstance(answer, dict):
            raise ValueError("not an answer")  # noqa: TRY004  it came from outside
        return answer

    async def _parcel(self) -> bytes:
        length = int.from_bytes(await self._products.readexactly(4), "big")
        if length > _MOST_PARCEL:
            raise ValueError("a parcel without end")
        return await self._products.readexactly(length)
