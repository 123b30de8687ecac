"""The service's addresses that answer once and whole: one request, one JSON object.

The streams go through bot/model/connection.py.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any

import httpx
import orjson
from typing_extensions import override

from bot.errors import ModelError, ModelStalled, ModelUnavailable
from bot.model.connection import address, mapped, refusal
from bot.model.retry import retry_delay

_SECONDS = 60.0


class Service:
    """Model Studio at one address, with one key."""

    def __init__(
        self, http: httpx.AsyncClient, *, base_url: str, api_key: str, seconds: float = _SECONDS
    ) -> None:
        self.http = http
        self.base_url = base_url
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._seconds = seconds

    @override
    def __repr__(self) -> str:
        return f"Service({self.base_url!r})"

    async def get(self, path: str, **params: str) -> Mapping[str, Any]:
        """What stands there. Raises ModelError."""
        return await self._answer(
            self.http.build_request(
                "GET", address(self.base_url, path), params=params, headers=self._headers
            )
        )

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to `body`. Raises ModelError."""
        return await self._answer(
            self.http.build_request(
                "POST",
                address(self.base_url, path),
                content=orjson.dumps(body),
                headers=self._headers,
            )
        )

    async def _answer(self, request: httpx.Request) -> Mapping[str, Any]:
        """Ask again where that may help: no request here changes anything."""
        began = time.monotonic()
        failed = 0
        while True:
            try:
                return await self._once(request)
            except ModelError as error:
                failed += 1
                elapsed = time.monotonic() - began
                jitter = random.random()  # noqa: S311  no secret depends on it
                pause = retry_delay(error, failed=failed, elapsed=elapsed, jitter=jitter)
                if pause is None:
                    raise
                await asyncio.sleep(pause)

    async def _once(self, request: httpx.Request) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._seconds):
                response = await self.http.send(request)
                if response.status_code != 200:
                    raise refusal(response, response.content)
        except TimeoutError as error:
            raise ModelStalled(f"no answer within {self._seconds:g} s") from error
        except httpx.HTTPError as error:
            raise mapped(error) from error
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise ModelUnavailable("the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise ModelUnavailable("the answer is not a JSON object")
        return answer
