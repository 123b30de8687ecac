"""Serves HTTP beside everything else: the port opens first and closes after the last reply."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override


@asynccontextmanager
async def serving(app: Starlette, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve for as long as the block runs; yields the port. Raises OSError."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(), name="http")
    try:
        yield await server.port(task)
    finally:
        server.should_exit = True
        await asyncio.wait({task})


class _Server(uvicorn.Server):
    """A uvicorn that leaves signals to us: replies are still running when the door is closed."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def port(self, serving: asyncio.Task[None]) -> int:
        """Wait until requests are accepted; the port, also where the settings said 0."""
        while not self.started:
            if serving.done():
                serving.result()
                raise OSError(f"can't listen on {self.config.host}:{self.config.port}")
            await asyncio.sleep(0.01)
        return int(self.servers[0].sockets[0].getsockname()[1])
