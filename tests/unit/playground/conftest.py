"""Slack's own clients, connected to the playground."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.server import PlaygroundSettings
from tests.playground import RunningPlayground

Payload = dict[str, Any]


class App:
    """An app in Socket Mode: keeps what it is sent, and acks as it was told to."""

    def __init__(self, url: str) -> None:
        self.web = AsyncWebClient(token="xoxb-playground", base_url=f"{url}/api/")
        self.acks: dict[str, Payload | None] = defaultdict(dict)
        """By payload type what to ack with; None: no ack."""
        self._got: dict[str, asyncio.Queue[Payload]] = defaultdict(asyncio.Queue)
        self._socket = SocketModeClient(app_token="xapp-playground", web_client=self.web)
        self._socket.socket_mode_request_listeners.append(self._take)

    async def connect(self) -> None:
        await self._socket.connect()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        await self._socket.close()  # type: ignore[no-untyped-call]

    async def got(self, kind: str) -> Payload:
        """The next payload of a kind; waits for it."""
        return await asyncio.wait_for(self._got[kind].get(), timeout=30)

    def has(self, kind: str) -> bool:
        """Whether there is one that nobody has taken yet."""
        return not self._got[kind].empty()

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        payload = request.payload
        kind = "command" if request.type == "slash_commands" else str(payload.get("type"))
        if request.type == "events_api":
            kind = payload["event"]["type"]
        await self._got[kind].put(payload)
        ack = self.acks[kind]
        if ack is not None:
            response = SocketModeResponse(envelope_id=request.envelope_id, payload=ack)
            await client.send_socket_mode_response(response)


@pytest.fixture
def playground() -> Any:
    """A playground whose app may do everything and is told everything."""
    running = RunningPlayground(PlaygroundSettings())
    yield running
    running.close()


@pytest.fixture
def slack(playground: RunningPlayground) -> AsyncWebClient:
    return AsyncWebClient(token="xoxb-playground", base_url=f"{playground.url}/api/")


@pytest.fixture
async def app(playground: RunningPlayground) -> AsyncIterator[App]:
    connected = App(playground.url)
    await connected.connect()
    yield connected
    await connected.close()


async def refused(calling: Any) -> str:
    """The error that Slack answers with."""
    with pytest.raises(SlackApiError) as raised:
        await calling
    return str(raised.value.response["error"])


async def acted(act: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """Let somebody act in the playground, while the app's loop goes on."""
    return await asyncio.to_thread(act, *given, **more)
