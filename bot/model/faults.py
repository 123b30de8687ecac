"""What Model Studio's errors mean to us: each code and status is classed here, once.

The protocols spell the same fault differently: `Throttling.RateQuota` in DashScope's own,
`limit_requests` in the OpenAI-compatible ones. Matched are the code first, then telling words of
the message, then the status (Model Studio, "Error codes").
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from bot.errors import (
    ContentRefused,
    ModelBusy,
    ModelError,
    ModelMisconfigured,
    ModelUnavailable,
    PromptRefused,
    PromptTooLong,
)
from bot.model.sse import SseDecoder

_FOR_THE_ADMIN = (
    "invalidapikey",
    "invalid_api_key",
    "not authorized",
    "accessdenied",
    "access_denied",
    "arrearage",
    "freetieronly",
    "modelnotfound",
    "model.notexist",
    "model_not_found",
    "model_not_supported",
    "workspacenotfound",
    "commoditynotpurchased",
    "billoverdue",
    "unpurchased",
)
_TOO_LONG = ("range of input length", "toolarge", "payload too large", "context length")
_CALLER = ("<400>", "invalidparameter", "invalid_parameter", "role must be user or assistant")
_ECHO = re.compile(r"""(['"]input['"]\s*:|\binput_value\s*=).*""", re.DOTALL)
"""Where a validation error of an OpenAI-compatible server begins to show what it has refused."""
_MOST_SAID = 300
_BY_STATUS: Mapping[int, type[ModelError]] = {
    401: ModelMisconfigured,
    402: ModelMisconfigured,
    403: ModelMisconfigured,
    404: ModelMisconfigured,
    405: ModelMisconfigured,
    408: ModelUnavailable,
    413: PromptTooLong,
    429: ModelBusy,
}


def classify(
    *,
    status: int,
    code: str,
    message: str,
    request_id: str = "",
    retry_after: float | None = None,
) -> ModelError:
    """The error that these words of the service stand for."""
    kind = _kind(status, code.lower(), message.lower())
    return kind(
        _without_echo(message) or code or f"HTTP {status}",
        code=code,
        request_id=request_id,
        status=status,
        retry_after=retry_after,
    )


def _without_echo(message: str) -> str:
    """What a service says, without what it repeats of the request: the log has it, and must not
    have what people said.
    """
    return _ECHO.sub("…", message)[:_MOST_SAID]


def _kind(status: int, code: str, message: str) -> type[ModelError]:
    both = f"{code} {message}"
    if "datainspection" in both.replace("_", "") and "unable to download" not in message:
        return ContentRefused
    if any(word in both for word in _TOO_LONG):
        return PromptTooLong
    if any(word in both for word in _FOR_THE_ADMIN):
        return ModelMisconfigured
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if any(word in both for word in _CALLER):
        return PromptRefused
    if "throttl" in both or "limit_requests" in code or "quota" in code or "rate_limit" in code:
        return ModelBusy
    if 300 <= status < 400:
        return ModelMisconfigured  # the service redirects nobody: the address is another's
    if status >= 500 or status == 200:
        return ModelUnavailable
    return PromptRefused


def from_body(
    status: int, body: bytes, *, request_id: str = "", retry_after: float | None = None
) -> ModelError:
    """Read an error's body in whichever shape it comes: nested, flat, as an event, or no JSON."""
    parsed = _json(body)
    if parsed is None:
        events = SseDecoder()
        found_events = [*events.feed(body), *events.end()]
        parsed = _json(found_events[-1].data) if found_events else None
    found = parsed if isinstance(parsed, Mapping) else {}
    return from_parsed(status, found, request_id=request_id, retry_after=retry_after)


def from_parsed(
    status: int,
    found: Mapping[str, Any],
    *,
    request_id: str = "",
    retry_after: float | None = None,
) -> ModelError:
    """Read an error that says `error` (an object or a word), or that is flat."""
    error = error_in(found) or found
    code = str(error.get("code") or error.get("type") or "")
    if status == HTTPStatus.OK and code.isdecimal():
        status = int(code)
    return classify(
        status=status,
        code=code,
        message=str(error.get("message") or ""),
        request_id=str(error.get("request_id") or found.get("request_id") or request_id),
        retry_after=retry_after,
    )


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def error_in(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error object of an OpenAI-compatible answer, if it is one."""
    error = body.get("error")
    if isinstance(error, str) and error:
        return {"message": error}
    return error if isinstance(error, Mapping) else None
