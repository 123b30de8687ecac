"""What the rehearsal model refuses, and the faults it can be told to have ("Error codes")."""

import base64
import binascii
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

_TEXT_ONLY = frozenset(
    {"qwen3.7-max", "qwen3.6-max-preview", "qwen3-max", "qwen-plus", "qwen-flash"}
)
_PREFIXES = ("qwen", "qwq", "qvq")
_MOST_BYTES = 16 * 1024 * 1024
_MOST_DATA_URL = 10_485_760
_ROLES = frozenset({"system", "user", "assistant", "tool"})


@dataclass(frozen=True)
class Fault:
    """An error of the service. Status 200 stands for one in the middle of a stream."""

    status: int
    code: str
    message: str
    kind: str = ""
    after: int = 0
    """Characters of the answer that come before it."""
    retry_after: int | None = None


_BUSY = "Requests rate limit exceeded, please try again later."
_KINDS = {
    "429": Fault(429, "limit_requests", _BUSY),
    "429-retry-after": Fault(429, "limit_requests", _BUSY, retry_after=1),
    "quota": Fault(429, "insufficient_quota", "You exceeded your current quota."),
    "500": Fault(500, "internal_error", "An internal error has occured, please try again later."),
    "503": Fault(503, "ServiceUnavailable", "Service is unavailable."),
    "401": Fault(401, "invalid_api_key", "Incorrect API key provided. "),
    "404": Fault(
        404, "model_not_found", "The model does not exist or you do not have access to it."
    ),
    "400": Fault(400, "invalid_parameter_error", "The content field is a required field."),
    "inspect": Fault(
        400,
        "data_inspection_failed",
        "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.",
    ),
    "toolong": Fault(
        400,
        "invalid_parameter_error",
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 991808]",
    ),
    "arrears": Fault(
        400, "Arrearage", "Access denied, please make sure your account is in good standing."
    ),
    "cut": Fault(200, "", "", kind="cut", after=200),
    "stall": Fault(200, "", "", kind="stall", after=200),
    "error": Fault(
        200, "internal_error", "An internal error has occured.", kind="error", after=200
    ),
}


def fault_of(kind: str, *, after: int | None = None) -> Fault:
    """The fault of that name; an unknown one is a 500."""
    fault = _KINDS.get(kind, _KINDS["500"])
    if after is None:
        return fault
    return Fault(fault.status, fault.code, fault.message, fault.kind, after, fault.retry_after)


def check(given: Any, authorised: bool, size: int) -> Fault | None:
    """What is wrong with a request, if anything."""
    if not authorised:
        return _KINDS["401"]
    if size > _MOST_BYTES:
        return Fault(400, "BadRequest.TooLarge", "Payload Too Large.")
    if not isinstance(given, dict) or not isinstance(given.get("model"), str):
        return _invalid("you must provide a model parameter")
    if not given["model"].startswith(_PREFIXES):
        return _KINDS["404"]
    if given.get("stream_options") and not given.get("stream"):
        return _invalid("'stream_options' is only allowed when stream is enabled.")
    for name, low, high in (("temperature", 0, 2), ("top_p", 0.000001, 1.000001)):
        value = given.get(name)
        if value is not None and not low <= value < high:
            return _invalid(f"{value} is out of range - '{name}'")
    if given.get("max_tokens") is not None and not 1 <= given["max_tokens"] <= 131_072:
        return _invalid("Range of max_tokens should be [1, 131072]")
    return _check_messages(given)


def _check_messages(given: dict[str, Any]) -> Fault | None:
    messages = given.get("messages")
    if not isinstance(messages, list) or not messages:
        return _invalid("[] is too short - 'messages'")
    if not any(message.get("role") == "user" for message in messages):
        return _invalid("The input messages do not contain elements with the role of user")
    for position, message in enumerate(messages):
        if message.get("role") not in _ROLES or (message.get("role") == "system" and position):
            return _invalid(
                "Role must be user or assistant and Content length must be greater than 0."
            )
        if not message.get("content") and not message.get("tool_calls"):
            return _invalid("The content field is a required field.")
        if message.get("partial") and (
            position < len(messages) - 1 or given.get("enable_thinking")
        ):
            return _invalid("partial is only allowed on the last message of a non-thinking request")
        if isinstance(message["content"], list):
            fault = _check_parts(given["model"], message["content"])
            if fault is not None:
                return fault
    return None


def _check_parts(model: str, parts: list[dict[str, Any]]) -> Fault | None:
    if model in _TEXT_ONLY:
        return _invalid("input content must be a string.")
    for part in parts:
        match part.get("type"):
            case "text" if isinstance(part.get("text"), str):
                continue
            case "image_url":
                fault = _check_picture(str((part.get("image_url") or {}).get("url", "")))
                if fault is not None:
                    return fault
            case _:
                return _invalid("Input should be a valid dictionary or instance of a content part")
    return None


def _check_picture(url: str) -> Fault | None:
    if not url.startswith("data:image/"):
        return _invalid("Failed to download multimodal content")
    if len(url) > _MOST_DATA_URL:
        return _invalid(f"Exceeded limit on max bytes per data-uri item : {_MOST_DATA_URL}'")
    picture = picture_of(url)
    if picture is None:
        return _invalid(
            "The provided URL does not appear to be valid. Ensure it is correctly formatted."
        )
    if min(picture.size) <= 10 or max(picture.size) > 200 * min(picture.size):
        return _invalid("The image length and width do not meet the model restrictions.")
    return None


def picture_of(url: str) -> Image.Image | None:
    """The picture in a data URL; None if it is none."""
    try:
        return Image.open(BytesIO(base64.b64decode(url.partition(",")[2], validate=True)))
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError):
        return None


def _invalid(message: str) -> Fault:
    text = f"<400> InternalError.Algo.InvalidParameter: {message}"
    return Fault(400, "invalid_parameter_error", text)
