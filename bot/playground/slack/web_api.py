"""Slack's Web API: one address for each method, every answer as Slack words it."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.playground.slack.arguments import JSON_KINDS, SIGNATURES, Arguments
from bot.playground.slack.limits import Limits
from bot.playground.slack.workspace import Refusal, Workspace

Method = Callable[[Workspace, Arguments], dict[str, Any]]

_LOGGED = 20_000


@dataclass(frozen=True, kw_only=True)
class Team:
    """A workspace, or an organisation, that has installed the bot."""

    id: str
    name: str


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong with the next calls of a method."""

    method: str
    kind: str
    """`error`, `status`, `drop_before`, `drop_after`, `garbage` or `delay`."""
    times: int = 1
    error: str = "internal_error"
    status: int = 500
    retry_after: int | None = None
    seconds: float = 1.0


class WebApi:
    """Answers calls: authorisation, limits and faults first, then the method itself."""

    def __init__(
        self,
        workspace: Workspace,
        methods: Mapping[str, Method],
        limits: Limits,
        *,
        bot_token: str,
        app_token: str,
        latency: float = 0.0,
    ) -> None:
        self.workspace = workspace
        self.limits = limits
        self.faults: list[Fault] = []
        self.calls: deque[dict[str, Any]] = deque(maxlen=_LOGGED)
        self.on_call: Callable[[dict[str, Any]], None] = lambda _: None
        self._methods = methods
        self._tokens = {bot_token: "bot", app_token: "app"}
        self._teams: dict[str, Team] = {}
        """The tokens that were given by OAuth."""
        self._latency = latency
        self._numbers = itertools.count(1)

    def grant(self, token: str, team: Team) -> None:
        """Accept a token, as that workspace's."""
        self._tokens[token] = "bot"
        self._teams[token] = team

    def revoke(self, team_id: str) -> None:
        """Accept the tokens of a workspace no more."""
        for token, team in list(self._teams.items()):
            if team.id == team_id:
                del self._teams[token]
                self._tokens[token] = "revoked"

    async def answer(self, request: Request) -> Response:
        """Answer one HTTP request."""
        began = time.perf_counter()
        method = request.path_params["method"]
        if self._latency:
            await asyncio.sleep(self._latency)
        arguments = await _arguments(request, method)
        fault = self._fault(method)
        if fault is not None and fault.kind != "drop_after":
            response = await _broken(fault)
            if response is not None:
                self._log(method, arguments, fault.error, response.status_code, began)
                return response
        status, body, headers = self._call(method, request, arguments)
        if team := self._teams.get(_token(request)):
            arguments["team"] = team.id  # whose token it was, for whoever reads the log
            if method == "auth.test":
                whole = team.id.startswith("E")
                body |= {"team_id": team.id, "team": team.name, "is_enterprise_install": whole}
        self._log(method, arguments, body.get("error", ""), status, began)
        if fault is not None and fault.kind == "drop_after":
            return Response("upstream error", status_code=503)
        return Response(
            orjson.dumps(body), status_code=status, headers=headers, media_type="application/json"
        )

    async def broken(self, what: str) -> Response | None:
        """What goes wrong now with something that is no method of the API, such as a `download`."""
        fault = self._fault(what)
        return None if fault is None else await _broken(fault)

    def _call(
        self, method: str, request: Request, arguments: Arguments
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        scopes = ",".join(sorted(self.workspace.app.scopes))
        headers = {"x-oauth-scopes": scopes}
        try:
            self._authorise(method, request, arguments)
            wait = self.limits.retry_after(method, str(arguments.get("channel", "")))
            if wait:
                return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)}
            checked = SIGNATURES[method].check(arguments)
            body = self._methods[method](self.workspace, checked)
        except Refusal as refusal:
            return 200, {"ok": False, "error": refusal.code, **refusal.more}, headers
        return 200, {"ok": True, **body}, headers

    def _authorise(self, method: str, request: Request, arguments: Arguments) -> None:
        token = _token(request) or str(arguments.get("token", ""))
        refused = self._unauthorised(method, token)
        if refused:
            raise Refusal(refused)
        scopes, needed = self.workspace.app.scopes, SIGNATURES[method].scopes
        if needed and not scopes.intersection(needed):
            raise Refusal("missing_scope", needed=needed[0], provided=",".join(sorted(scopes)))

    def _unauthorised(self, method: str, token: str) -> str:
        if method not in self._methods:
            return "unknown_method"
        if not token:
            return "not_authed"
        kind = self._tokens.get(token)
        if kind is None:
            return "invalid_auth"
        if kind == "revoked":
            return "account_inactive"
        wanted = "app" if method == "apps.connections.open" else "bot"
        return "" if kind == wanted else "not_allowed_token_type"

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _log(
        self, method: str, arguments: Arguments, error: str, status: int, began: float
    ) -> None:
        call = {
            "n": next(self._numbers),
            "method": method,
            "args": arguments,
            "unknown": SIGNATURES[method].unknown(arguments) if method in SIGNATURES else [],
            "ok": not error and status == 200,
            "error": error,
            "status": status,
            "at": time.time(),
            "ms": round((time.perf_counter() - began) * 1000, 2),
        }
        self.calls.append(call)
        self.on_call(call)


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


async def _broken(fault: Fault) -> Response | None:
    match fault.kind:
        case "delay":
            await asyncio.sleep(fault.seconds)
            return None
        case "error":
            return _json({"ok": False, "error": fault.error}, 200)
        case "garbage":
            return Response("<html>Service Unavailable</html>", media_type="text/html")
        case "status" if fault.status == 429:
            wait = str(fault.retry_after if fault.retry_after is not None else 1)
            return _json({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": wait})
        case _:
            return _json({"ok": False, "error": fault.error}, fault.status)


def _json(
    body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body), status_code=status, headers=headers, media_type="application/json"
    )


async def _arguments(request: Request, method: str) -> Arguments:
    """What a client has sent, wherever it has put it: query, form or, where a method takes it, JSON."""
    signature = SIGNATURES.get(method)
    arguments: Arguments = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        body = await request.body()
        if signature is None or signature.takes_json:
            arguments.update(orjson.loads(body) if body else {})
    elif kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        async with request.form() as form:
            arguments.update(form.items())
    kinds = signature.kinds if signature else {}
    for name, value in arguments.items():
        if kinds.get(name) in JSON_KINDS and isinstance(value, str) and value[:1] in tuple("[{"):
            arguments[name] = orjson.loads(value)
    return arguments
