"""Calls to Slack's Web API: one pooled session, errors as ours, nothing retried behind our back."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackLimited, SlackRefused, SlackUnreachable
from bot.telemetry.calls import slack_call

_CALL_SECONDS = 20
# Slack closes idle connections after a while; one that we close first can't fail a call.
_KEEPALIVE_SECONDS = 15
_DEFAULT_RETRY_AFTER = 30.0
# Slack's own faults: nobody knows whether the call was done.
_FAULTS = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# The app was removed from the workspace, or its token was taken back.
_DEAD_TOKEN = frozenset({"account_inactive", "invalid_auth", "token_revoked", "app_uninstalled"})


def make_session() -> aiohttp.ClientSession:
    """The connections all calls share. Close it at the end."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS)
    return aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS)
    )


class SlackApi:
    """Slack's Web API for one workspace."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        session: aiohttp.ClientSession,
        team_id: str | None = None,
        on_dead_token: Callable[[], None] = lambda: None,
    ) -> None:
        """`team_id` goes along with every call; a token of a whole organisation needs it."""
        self.client = AsyncWebClient(
            token=token, base_url=base_url, session=session, team_id=team_id, retry_handlers=[]
        )
        self.session = session
        self._on_dead_token = on_dead_token

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a method that takes JSON (`chat.*`, `agents.*`, `views.*`, …).

        Raises SlackRefused, SlackLimited or SlackUnreachable.
        """
        return await self._call(method, json=arguments)

    async def read(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a method that reads; those take no JSON. Raises like `write`."""
        return await self._call(method, http_verb="GET", params=arguments)

    async def trade(self, code: str, *, client_id: str, client_secret: str) -> Mapping[str, Any]:
        """Trade what came with a redirect for a token ("oauth.v2.access"). Raises like `write`."""
        credentials = {"client_id": client_id, "client_secret": client_secret}
        return await self._call("oauth.v2.access", auth=credentials, data={"code": code})

    async def post(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a method that writes but takes no JSON (`files.*`). Raises like `write`."""
        return await self._call(method, params=arguments)

    async def _call(self, method: str, **how: Any) -> Mapping[str, Any]:
        with slack_call(method, _outcome):
            try:
                response = await self.client.api_call(method, **how)
            except SlackApiError as error:
                raise self._refusal(method, error) from error
            except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
                raise SlackUnreachable(method, type(error).__name__) from error
            except (json.JSONDecodeError, UnicodeDecodeError, AttributeError, TypeError) as error:
                raise SlackUnreachable(method, "unreadable answer") from error
            if not isinstance(response.data, Mapping):
                raise SlackUnreachable(method, "unreadable answer")
            return response.data

    def _refusal(
        self, method: str, error: SlackApiError
    ) -> SlackRefused | SlackLimited | SlackUnreachable:
        response = error.response
        status = getattr(response, "status_code", getattr(response, "status", 200))
        data = getattr(response, "data", None)
        code = data.get("error", "") if isinstance(data, Mapping) else ""
        if status == 429 or code in {"ratelimited", "rate_limited"}:
            return SlackLimited(method, _retry_after(response))
        if status >= 500 or code in _FAULTS or not code:
            return SlackUnreachable(method, code or f"HTTP {status}")
        if code in _DEAD_TOKEN:
            self._on_dead_token()
        return SlackRefused(method, code)


def _outcome(error: BaseException) -> str:
    match error:
        case SlackLimited():
            return "limited"
        case SlackRefused():
            return "refused"
        case SlackUnreachable():
            return "unreachable"
        case _:
            return "broken off"


def _retry_after(response: Any) -> float:
    headers = getattr(response, "headers", None) or {}
    raw = headers.get("Retry-After") or headers.get("retry-after") or ""
    try:
        return max(0.0, float(raw))
    except ValueError:
        return _DEFAULT_RETRY_AFTER
