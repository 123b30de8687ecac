"""`bot playground`: the playground on one port, and the bot in it as a process of its own."""

import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from rich.console import Console

from bot.config import playground_environ
from bot.playground.server import PlaygroundSettings, serve
from bot.serving import listen
from bot.slack.manifest import manifest

_out = Console()
_AGAIN_SECONDS = 1.0


async def run(*, host: str, port: int, limits: bool) -> None:
    """Serve the playground until SIGINT or SIGTERM; the bot is started again if it ends."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="threadwise-") as folder:
        url = f"http://{host}:{port}"
        settings = PlaygroundSettings(limits=limits, manifest=manifest(host=None, agent=True))
        environ, is_real = playground_environ(
            url,
            Path(folder),
            bot_token=settings.bot_token,
            app_token=settings.app_token,
            model_key=settings.model.api_key,
        )
        settings = replace(settings, model_name="real" if is_real else "rehearsal")
        async with _serving(serve(settings, host=host, port=port), listen(host, port)):
            _out.print(f"The playground is at [bold]{url}[/] — Ctrl+C ends it.")
            running = asyncio.create_task(_keep_running(environ, Path.cwd()), name="bot")
            await stop.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def _serving(server: uvicorn.Server, listening: socket.socket) -> AsyncIterator[None]:
    # Its own handling of signals would end the process before the bot has been told.
    task = asyncio.create_task(server._serve([listening]), name="playground")  # noqa: SLF001
    while not server.started:
        if task.done():
            raise OSError("the playground's server has ended")
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task})


async def _keep_running(environ: dict[str, str], folder: Path) -> None:
    """Run the bot, and again when it ends: it may be killed, to see what becomes of its replies."""
    while True:
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=environ, cwd=folder, start_new_session=True
        )
        try:
            await bot.wait()
        finally:
            if bot.returncode is None:
                bot.terminate()
                await bot.wait()
        _out.print("The bot has ended; it is started again.")
        await asyncio.sleep(_AGAIN_SECONDS)
