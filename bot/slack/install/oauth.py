"""Installs the bot in workspaces that ask for it: the page with the button, and the way back.

Slack sends the browser back with a code ("Installing with OAuth"). It is traded for a token only
where the state that comes along was issued by us, lately, to this browser, and is used for the
first time: nobody can be made to finish somebody else's installation.
"""

import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urljoin

import aiohttp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.conversation.installed import Installed, Installs
from bot.errors import SlackError, SlackRefused
from bot.slack.api import SlackApi
from bot.slack.install import pages as install_pages
from bot.telemetry.log import get_logger

log = get_logger("slack")

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
_COOKIE = "threadwise-install"
_COOKIE_SECONDS = 600
NOT_INSTALLED = "Threadwise was not installed"
DECLINED = "You, or an admin, decided against it. Nothing was changed in your workspace."
STALE = (
    "This page is too old, was opened before, or belongs to another browser. "
    "Nothing was changed in your workspace."
)
CODE_REFUSED = "Slack did not accept the installation: its code is used up or too old."
SLACK_SILENT = "Slack can't be reached at the moment. Please try again shortly."
MISCONFIGURED = (
    "Slack does not know this bot by the credentials it has. "
    "Whoever runs it can see more with `bot check`."
)
OUR_FAULT = "Something went wrong on our side. It has been logged. Please try again shortly."
ROTATING = (
    "This Slack app has token rotation switched on, which Threadwise does not support. "
    "Whoever runs it has to switch it off."
)
CLOSED = (
    "This Slack app may be installed in its own workspace only. Whoever runs it has to activate "
    "its distribution."
)
MISDIRECTED = (
    "Slack does not know this page's address as one of the app's redirect URLs. Whoever runs it has "
    "to add it under OAuth & Permissions."
)
REFUSED = "Slack did not accept the installation ({code}). Nothing was changed in your workspace."
_BY_CODE = {
    **dict.fromkeys(("invalid_code", "code_already_used", "code_expired"), CODE_REFUSED),
    **dict.fromkeys(("bad_client_secret", "invalid_client_id"), MISCONFIGURED),
    **dict.fromkeys(("oauth_authorization_url_mismatch", "bad_redirect_uri"), MISDIRECTED),
    "invalid_team_for_non_distributed_app": CLOSED,
}

Handler = Callable[[Request], Awaitable[Response]]


class States(Protocol):
    """The states of installations that have begun."""

    async def issue(self) -> str:
        """A new state."""
        ...

    async def take(self, state: str) -> bool:
        """Whether it was issued lately and is taken back for the first time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """The app's credentials, and where Slack is."""

    client_id: str
    client_secret: str
    scopes: Sequence[str]
    base_url: str
    """The Web API's; the page where people agree stands beside it."""

    def authorize_url(self, state: str) -> str:
        """Where people agree ("Installing with OAuth": the authorize URL)."""
        query = {"client_id": self.client_id, "scope": ",".join(self.scopes), "state": state}
        return urljoin(self.base_url, "../oauth/v2/authorize") + "?" + urlencode(query)


class OAuth:
    """The two pages."""

    def __init__(
        self,
        app: SlackApp,
        installs: Installs,
        states: States,
        session: aiohttp.ClientSession,
        *,
        on_installed: Callable[[str], None],
    ) -> None:
        """`on_installed` is told the place: what is known of it is out of date."""
        self._app = app
        self._installs = installs
        self._states = states
        self._session = session
        self._on_installed = on_installed

    @property
    def routes(self) -> list[Route]:
        """`/slack/install` and `/slack/oauth_redirect`."""
        return [
            Route(INSTALL_PATH, _calmly(self.offer)),
            Route(REDIRECT_PATH, _calmly(self.returned)),
        ]

    async def offer(self, _: Request) -> Response:
        """The page with the button."""
        state = await self._states.issue()
        page = install_pages.offer(self._app.authorize_url(state))
        page.set_cookie(
            _COOKIE, state, max_age=_COOKIE_SECONDS, secure=True, httponly=True, samesite="lax"
        )
        return page

    async def returned(self, request: Request) -> Response:
        """The way back from Slack: a page that says how it went."""
        given = request.query_params
        state, cookie = given.get("state", ""), request.cookies.get(_COOKIE, "")
        is_ours = bool(state) and hmac.compare_digest(state.encode(), cookie.encode())
        if not is_ours or not await self._states.take(state):
            return _failed(STALE, "stale state", status=400)
        if "error" in given or not given.get("code"):
            return _failed(DECLINED, f"declined: {given.get('error', 'no code')[:40]}", status=200)
        try:
            page = await self._install(given["code"])
        except SlackRefused as error:
            return _failed(why_refused(error.code), str(error), status=400)
        except (SlackError, KeyError, TypeError) as error:
            return _failed(SLACK_SILENT, repr(error), status=502)
        page.delete_cookie(_COOKIE, secure=True, httponly=True, samesite="lax")
        return page

    async def _install(self, code: str) -> Response:
        app = self._app
        granted = await self._api("").trade(
            code, client_id=app.client_id, client_secret=app.client_secret
        )
        if granted.get("refresh_token"):
            return _failed(ROTATING, "token rotation", status=400)
        token = str(granted["access_token"])
        installed = _installed(granted, await self._api(token).write("auth.test"))
        await self._installs.add(installed)
        self._on_installed(installed.place)
        log.info("installed", place=installed.place, by=installed.installed_by)
        team_id = "" if installed.is_organisation else installed.place
        return install_pages.success(
            installed.name, app_id=str(granted.get("app_id") or ""), team_id=team_id
        )

    def _api(self, token: str) -> SlackApi:
        return SlackApi(token=token, base_url=self._app.base_url, session=self._session)


def why_refused(code: str) -> str:
    """Slack's word as a sentence for whoever installs ("oauth.v2.access", errors)."""
    return _BY_CODE.get(code, REFUSED.format(code=code))


def _calmly(handler: Handler) -> Handler:
    """Whatever goes wrong, the browser gets a page with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception:
            log.exception("installation failed")
            return install_pages.failure(NOT_INSTALLED, OUR_FAULT, status=500)

    return answer


def _installed(granted: Mapping[str, Any], who: Mapping[str, Any]) -> Installed:
    """What is kept, from the answers of oauth.v2.access and auth.test."""
    whole = bool(granted.get("is_enterprise_install"))
    place = granted["enterprise"] if whole else granted["team"]
    return Installed(
        place=str(place["id"]),
        name=str(place.get("name") or place["id"])[:200],
        token=str(granted["access_token"]),
        bot_user_id=str(granted.get("bot_user_id") or who["user_id"]),
        bot_id=str(who.get("bot_id") or ""),
        bot_name=str(who.get("user") or "Threadwise")[:200],
        scopes=str(granted.get("scope") or ""),
        installed_by=str((granted.get("authed_user") or {}).get("id") or ""),
        installed_at=time.time(),
    )


def _failed(words: str, reason: str, *, status: int) -> Response:
    log.info("not installed", reason=reason)
    return install_pages.failure(NOT_INSTALLED, words, status=status)
