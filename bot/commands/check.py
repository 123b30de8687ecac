"""`bot check`: tries everything the bot depends on, and says what is wrong and how to mend it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.config import Settings
from bot.errors import (
    DatabaseUnreachable,
    ModelError,
    ModelMisconfigured,
    ModelUnavailable,
    SlackError,
    SlackRefused,
    WrongKey,
)
from bot.model.client import ModelClient
from bot.model.connection import make_http
from bot.slack.api import SlackApi, make_session
from bot.slack.manifest import BOT_SCOPES
from bot.store.db import async_url, make_engine, ping
from bot.store.rotation import check_key
from bot.store.schema import is_current

_SECONDS = 20.0
_TOKEN_REMEDIES = {
    "invalid_auth": "the token is wrong or was revoked: copy it again from OAuth & Permissions.",
    "not_authed": "SLACK_BOT_TOKEN is empty.",
    "account_inactive": "the app was removed from the workspace: install it again.",
    "token_revoked": "the token was revoked: install the app again and copy the new token.",
    "token_expired": "the token has expired: turn token rotation off and install the app again.",
    "missing_scope": "the app lacks a scope: paste `bot manifest` again and reinstall the app.",
    "not_allowed_token_type": "this is another kind of token: the bot token starts with xoxb-.",
}
_APP_REMEDIES = {
    "invalid_client_id": "Slack knows no app of this SLACK_CLIENT_ID: see Basic Information.",
    "bad_client_secret": "SLACK_CLIENT_SECRET is not this app's: see Basic Information.",
}
_APP_TOKEN_REMEDIES = {
    "invalid_auth": "is wrong or was revoked: generate one in Basic Information, App-Level Tokens.",
    "not_allowed_token_type": "is another kind of token: the app-level token starts with xapp-.",
    "missing_scope": (
        "lacks the scope connections:write: generate another with it in Basic Information, "
        "App-Level Tokens."
    ),
}
_SOCKET_OFF = "needs the scope connections:write, and Socket Mode must be on in the app's settings."
_WITHOUT = {
    "assistant:write": "show what it is doing",
    "commands": "hear slash commands",
    "files:write": "hand files back",
    "im:write": "write to people first",
}
"""What it can't do where a scope is missing that it gets along without."""
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    part: str
    ok: bool
    words: str


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Try each part in turn. Never raises: a failure is a finding."""
    parts: tuple[tuple[str, Callable[[Settings], Awaitable[Finding]]], ...] = (
        ("database", _database),
        ("Slack app", _oauth) if settings.many_workspaces else ("Slack token", _slack),
        ("Socket Mode", _socket) if settings.socket_mode else ("signing secret", _signing_secret),
        *(("model", partial(_model, name)) for name in (settings.model, *settings.fallback_models)),
    )
    for name, probe in parts:
        try:
            async with asyncio.timeout(_SECONDS):
                yield await probe(settings)
        except TimeoutError:
            yield Finding(part=name, ok=False, words=f"no answer within {_SECONDS:g} seconds.")
        except Exception as error:  # noqa: BLE001  whatever it is, it is not well
            yield Finding(part=name, ok=False, words=f"{type(error).__name__}: {error}")


async def _database(settings: Settings) -> Finding:
    url = settings.database_url
    shown = make_url(async_url(url)).render_as_string(hide_password=True)
    engine = make_engine(url, settings.secret_keys)
    try:
        await ping(engine)
        if not await is_current(engine, url):
            if settings.embedded:
                words = f"{shown} has no tables yet, or older ones: `bot run` sees to it."
                return Finding(part="database", ok=True, words=words)
            words = f"{shown} has an older schema: run `bot migrate`."
            return Finding(part="database", ok=False, words=words)
        await check_key(engine)
        return Finding(part="database", ok=True, words=f"{shown} is there, its schema is current.")
    except WrongKey as error:
        return Finding(part="database", ok=False, words=str(error))
    except (SQLAlchemyError, DatabaseUnreachable, OSError) as error:
        reason = str(error).splitlines()[0]
        words = f"{shown} can't be reached: check DATABASE_URL and that it runs. ({reason})"
        return Finding(part="database", ok=False, words=words)
    finally:
        await engine.dispose()


async def _slack(settings: Settings) -> Finding:
    async with make_session() as session:
        api = SlackApi(
            token=settings.slack_bot_token, base_url=settings.slack_api_url, session=session
        )
        try:
            who = await api.client.auth_test()
        except Exception as error:  # noqa: BLE001  told in words below
            return Finding(part="Slack token", ok=False, words=_slack_remedy(error, settings))
    scopes = str(who.headers.get("x-oauth-scopes", ""))
    granted = {scope.strip() for scope in scopes.split(",") if scope.strip()}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    known = f"@{who.get('user')} in {who.get('team')}"
    if not missing:
        return Finding(part="Slack token", ok=True, words=f"{known}, all scopes granted.")
    can_not = ", ".join(f"{_WITHOUT[scope]} ({scope})" for scope in missing if scope in _WITHOUT)
    must = ", ".join(scope for scope in missing if scope not in _WITHOUT)
    words = f"scopes are missing: {must}." if must else f"{known}; it can't {can_not}."
    words += " Paste `bot manifest` into the app's settings and reinstall it."
    return Finding(part="Slack token", ok=not must, words=words)


async def _oauth(settings: Settings) -> Finding:
    """Trade a code that nobody has issued: Slack says first what it thinks of the credentials."""
    async with make_session() as session:
        api = SlackApi(token="", base_url=settings.slack_api_url, session=session)
        try:
            await api.trade(
                "no-code",
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret,
            )
        except SlackRefused as refusal:
            remedy = _APP_REMEDIES.get(refusal.code)
            if remedy:
                return Finding(part="Slack app", ok=False, words=remedy)
        except SlackError as error:
            return Finding(part="Slack app", ok=False, words=_slack_remedy(error, settings))
    words = "Slack knows the app. Workspaces install it at /slack/install."
    return Finding(part="Slack app", ok=True, words=words)


def _slack_remedy(error: Exception, settings: Settings) -> str:
    response: Any = getattr(error, "response", None)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
    if code:
        return _TOKEN_REMEDIES.get(code, f"Slack says {code}.")
    if response is not None:
        how = f"HTTP {getattr(response, 'status_code', '?')}"
        return (
            f"{settings.slack_api_url} answers, but not as Slack does ({how}): try again in a "
            "minute, and check SLACK_API_URL."
        )
    return f"{settings.slack_api_url} can't be reached: check the network. ({error})"


async def _socket(settings: Settings) -> Finding:
    async with make_session() as session:
        api = SlackApi(
            token=settings.slack_app_token, base_url=settings.slack_api_url, session=session
        )
        try:
            await api.write("apps.connections.open")
        except SlackRefused as refusal:
            remedy = _APP_TOKEN_REMEDIES.get(refusal.code, _SOCKET_OFF)
            words = f"Slack says {refusal.code}: SLACK_APP_TOKEN {remedy}"
            return Finding(part="Socket Mode", ok=False, words=words)
        except SlackError as error:
            return Finding(part="Socket Mode", ok=False, words=_slack_remedy(error, settings))
    return Finding(part="Socket Mode", ok=True, words="Slack opens connections for this token.")


async def _signing_secret(settings: Settings) -> Finding:
    """Whether it is right shows only when Slack posts; whether it is one can be seen."""
    secret, others = settings.slack_signing_secret, (settings.slack_client_secret,)
    if secret.startswith(("xox", "xapp-", "sk-")) or secret in others:
        words = "SLACK_SIGNING_SECRET is another secret: copy it from Basic Information."
        return Finding(part="signing secret", ok=False, words=words)
    if _SIGNING_SECRET.fullmatch(secret):
        words = "it looks like one; Slack posts to /slack/events."
    else:
        words = (
            "Slack's have 32 digits and letters from a to f, and this one does not: compare it "
            "with Basic Information."
        )
    return Finding(part="signing secret", ok=True, words=words)


async def _model(name: str, settings: Settings) -> Finding:
    async with make_http() as http:
        client = ModelClient(
            http,
            base_url=settings.dashscope_base_url,
            api_key=settings.dashscope_api_key,
            protocol=settings.model_protocol,
        )
        try:
            await client.check(name)
        except ModelMisconfigured as error:
            return Finding(part="model", ok=False, words=_model_remedy(error, name, settings))
        except ModelUnavailable as error:
            words = (
                f"{settings.dashscope_base_url} gives no answer: check DASHSCOPE_BASE_URL "
                f"and the network. ({error})"
            )
            return Finding(part="model", ok=False, words=words)
        except ModelError as error:
            return Finding(part="model", ok=False, words=f"{name} does not answer: {error}")
    words = f"{name} answers at {settings.dashscope_base_url}."
    return Finding(part="model", ok=True, words=words)


def _model_remedy(error: ModelError, name: str, settings: Settings) -> str:
    if "arrear" in f"{error.code} {error}".lower():
        return "the account has unpaid bills: see Expenses and Costs in Alibaba Cloud's console."
    match error.status:
        case 401:
            return (
                "the key is not accepted here. Keys belong to one region and workspace: check "
                f"DASHSCOPE_API_KEY, and that DASHSCOPE_BASE_URL ({settings.dashscope_base_url}) "
                "is the address of the key's own region."
            )
        case 403:
            return (
                f"the key's workspace may not use {name}: allow it there in the Model Studio "
                f"console, or choose another model. ({error.code or error})"
            )
        case 404:
            return (
                f"{name} is not known at {settings.dashscope_base_url}: check BOT_MODEL, "
                "BOT_FALLBACK_MODELS and the region. The address of another kind of server ends in /v1."
            )
        case _:
            return f"the service says {error.code or error}: see the Model Studio console."
