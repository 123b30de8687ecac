"""Installing the bot: the page where people agree, and the token that a code is traded for."""

import base64
import html
import secrets
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.playground.slack.web_api import Team, WebApi
from bot.playground.slack.workspace import Workspace

_PAGE = """<!doctype html><title>Slack</title><h1>Install {app} in which workspace?</h1>
<ul>{choices}</ul><p><a id="cancel" href="{cancel}">Cancel</a></p>"""


class OAuth:
    """Several workspaces, and an organisation (`E…`), that may install the bot.

    They all see the same channels: what differs is the token, and whom it belongs to.
    """

    teams = (
        Team(id="T0ACME", name="Acme"),
        Team(id="T0OTHER", name="<Other> & Sons"),
        Team(id="E0GRID", name="Grid"),
    )

    def __init__(
        self,
        workspace: Workspace,
        web_api: WebApi,
        *,
        client_id: str,
        client_secret: str,
        redirect_url: str | None,
        scopes: str,
    ) -> None:
        self._workspace = workspace
        self._web_api = web_api
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_url = redirect_url
        self._scopes = scopes
        self._codes: dict[str, Team] = {}

    @property
    def routes(self) -> list[BaseRoute]:
        """Slack's two addresses, and the one behind the page's links."""
        return [
            Route("/oauth/v2/authorize", self.authorize),
            Route("/oauth/v2/decide", self.decide),
            Route("/api/oauth.v2.access", self.access, methods=["GET", "POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """The page where people agree."""
        given = request.query_params
        if given.get("client_id") != self._client_id or not given.get("scope"):
            return HTMLResponse("invalid client_id or scope", status_code=400)
        state = given.get("state", "")
        links = "".join(
            f'<li><a id="{team.id}" href="{_link(state, team.id)}">{html.escape(team.name)}</a>'
            for team in self.teams
        )
        page = _PAGE.format(
            app=self._workspace.bot_name, choices=links, cancel=_link(state, "nowhere")
        )
        return HTMLResponse(page)

    async def decide(self, request: Request) -> Response:
        """Send the browser back, with a code or without."""
        given = request.query_params
        team = next((team for team in self.teams if team.id == given.get("team")), None)
        answer = {"error": "access_denied", "state": given.get("state", "")}
        if team is not None:
            code = secrets.token_urlsafe(12)
            self._codes[code] = team
            answer = {"code": code, "state": answer["state"]}
        return RedirectResponse(f"{self._redirect_url}?{urlencode(answer)}", status_code=302)

    async def access(self, request: Request) -> Response:
        """`oauth.v2.access`: a code, once, for a token."""
        async with request.form() as form:
            given = {**request.query_params, **form}
        client_id, client_secret = _credentials(request)
        if client_id != self._client_id:
            return _answer(ok=False, error="invalid_client_id")
        if client_secret != self._client_secret:
            return _answer(ok=False, error="bad_client_secret")
        team = self._codes.pop(str(given.get("code")), None)
        if team is None:
            return _answer(ok=False, error="invalid_code")
        token = f"xoxb-{secrets.token_hex(8)}"
        self._web_api.grant(token, team)
        whole = team.id.startswith("E")
        where = {"id": team.id, "name": team.name}
        return _answer(
            ok=True,
            access_token=token,
            token_type="bot",  # noqa: S106
            scope=self._scopes,
            bot_user_id=self._workspace.bot_user_id,
            app_id=self._workspace.app_id,
            team=None if whole else where,
            enterprise=where if whole else None,
            is_enterprise_install=whole,
            authed_user={"id": "U0ANNA"},
        )


def _link(state: str, team: str) -> str:
    return html.escape("/oauth/v2/decide?" + urlencode({"state": state, "team": team}))


def _credentials(request: Request) -> tuple[str, str]:
    raw = request.headers.get("authorization", "").removeprefix("Basic ")
    client_id, _, client_secret = base64.b64decode(raw).decode().partition(":")
    return client_id, client_secret


def _answer(**body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
