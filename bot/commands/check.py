"""`bot check`: tries everything the bot depends on, and says what is wrong and how to mend it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.config import Settings
from bot.errors import (
    DatabaseUnreachable,
    ModelError,
    ModelMisconfigured,
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
_OPTIONAL = frozenset({"assistant:write", "commands", "files:write", "im:write"})


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
        ("Socket Mode", _socket),
        ("model", _model),
    )
    for name, probe in parts:
        if probe is _socket and not settings.socket_mode:
            continue
        try:
            async with asyncio.timeout(_SECONDS):
                yield await probe(settings)
        except TimeoutError:
            yield Finding(part=name, ok=False, words=f"no answer within {_SECONDS:g} seconds.")


async def _database(settings: Settings) -> Finding:
    url = settings.database_url
    shown = make_url(async_url(url)).render_as_string(hide_password=True)
    engine = make_engine(url, settings.secret_keys)
    try:
        await ping(engine)
        if not await is_current(engine, url):
            words = f"{shown} has an older schema: run `bot migrate`."
            return Finding(part="database", ok=settings.embedded, words=words)
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
    missing = sorted(set(BOT_SCOPES) - granted - _OPTIONAL) if granted else []
    if missing:
        words = (
            f"scopes are missing: {', '.join(missing)}. "
            "Paste `bot manifest` into the app's settings and reinstall it."
        )
        return Finding(part="Slack token", ok=False, words=words)
    words = f"@{who.get('user')} in {who.get('team')}, all scopes granted."
    return Finding(part="Slack token", ok=True, words=words)


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
    code = str(response.get("error", "")) if hasattr(response, "get") else ""
    if code:
        return _TOKEN_REMEDIES.get(code, f"Slack says {code}.")
    return f"{settings.slack_api_url} can't be reached: check the network. ({error})"


async def _socket(settings: Settings) -> Finding:
    async with make_session() as session:
        api = SlackApi(
            token=settings.slack_app_token, base_url=settings.slack_api_url, session=session
        )
        try:
            await api.write("apps.connections.open")
        except SlackRefused as refusal:
            words = (
                f"Slack says {refusal.code}: SLACK_APP_TOKEN needs the scope connections:write, "
                "and Socket Mode must be on in the app's settings."
            )
            return Finding(part="Socket Mode", ok=False, words=words)
        except SlackError as error:
            return Finding(part="Socket Mode", ok=False, words=_slack_remedy(error, settings))
    return Finding(part="Socket Mode", ok=True, words="Slack opens connections for this token.")


async def _model(settings: Settings) -> Finding:
    async with make_http() as http:
        client = ModelClient(
            http,
            base_url=settings.dashscope_base_url,
            api_key=settings.dashscope_api_key,
            protocol=settings.model_protocol,
        )
        try:
            await client.check(settings.model)
        except ModelMisconfigured as error:
            return Finding(part="model", ok=False, words=_model_remedy(error, settings))
        except ModelError as error:
            words = f"{settings.dashscope_base_url} gives no answer: {error}"
            return Finding(part="model", ok=False, words=words)
    words = f"{settings.model} answers at {settings.dashscope_base_url}."
    return Finding(part="model", ok=True, words=words)


def _model_remedy(error: ModelError, settings: Settings) -> str:
    match error.status:
        case 401:
            return (
                "the key is not accepted here. Keys belong to one region and workspace: check "
                f"DASHSCOPE_API_KEY, and that DASHSCOPE_BASE_URL ({settings.dashscope_base_url}) "
                "is the address of the key's own region."
            )
        case 404:
            return f"{settings.model} is not known here: check BOT_MODEL and the region."
        case _:
            return f"the service says {error.code or error}: see the Model Studio console."
