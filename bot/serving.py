"""Serves HTTP beside everything else: the port opens first and closes after the last reply."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

_BACKLOG = 2_048
"""Connections that may wait to be accepted."""


@asynccontextmanager
async def serving(
    app: Starlette, *, host: str, port: int, or_any: bool = False
) -> AsyncIterator[int]:
    """Serve for as long as the block runs; yields the port. Raises OSError.

    `or_any` takes a free port where somebody listens on this one: nobody has to find us.
    """
    listening = listen(host, port, or_any=or_any)
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
    task = asyncio.create_task(server.serve([listening]), name="http")
    try:
        yield await server.port(task)
    finally:
        server.should_exit = True
        await asyncio.wait({task})


def listen(host: str, port: int, *, or_any: bool = False) -> socket.socket:
    """Take a port. Raises OSError with a sentence."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        if or_any and error.errno == errno.EADDRINUSE:
            return listen(host, 0)
        reason = (error.strerror or str(error)).partition(" (")[0]
        words = f"can't listen on {host}:{port}: {reason}. Choose another host or port."
        raise OSError(words) from error


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
                raise OSError("the HTTP server has ended")
            await asyncio.sleep(0.01)
        return int(self.servers[0].sockets[0].getsockname()[1])
