"""What the rehearsal model refuses in any protocol, in the service's words ("Error codes")."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.playground.model.asked import Asked, Message, Refused, text_of
from bot.playground.model.cards import Card, card_of
from bot.playground.model.faults import fault_of, invalid

MOST_BYTES = 16 * 1024 * 1024
_MOST_DATA_URL = 10_485_760
_MOST_TOKENS = 991_808
_LEAST_FRAMES = 4
_CHARACTERS_A_TOKEN = 4
_MOST_TOOL_NAME = 64
FORBIDDEN = "inspect-me"
"""What content inspection refuses, wherever in a conversation it stands."""
Find = Callable[[str, str], bytes | None]
"""What is behind an `oss://` address, for a model; None where nothing is."""


def model_in(given: object, size: int) -> tuple[dict[str, Any], Card]:
    """The request and its model's card. Raises Refused."""
    if size > MOST_BYTES:
        raise Refused(fault_of("toolarge"))
    if not isinstance(given, dict) or not isinstance(given.get("model"), str):
        raise Refused(invalid("you must provide a model parameter"))
    card = card_of(given["model"])
    if card is None:
        raise Refused(fault_of("404"))
    return given, card


def check_numbers(parameters: Mapping[str, Any]) -> None:
    """The sampling parameters, within their documented ranges. Raises Refused."""
    ranges = (
        ("temperature", 0, 2),
        ("top_p", 0.000_001, 1.000_001),
        ("presence_penalty", -2, 2.000_001),
        ("seed", 0, 2**31),
        ("n", 1, 5),
        ("max_tokens", 1, 131_073),
        ("thinking_budget", 1, 262_145),
    )
    for name, low, high in ranges:
        value = parameters.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(invalid(f"Input should be a valid number - '{name}'"))
        if name == "seed" and value < 0:
            raise Refused(invalid(f"{value} is lesser than the minimum of 0 - 'seed'"))
        if not low <= value < high:
            raise Refused(invalid(f"Range of {name} should be [{low:g}, {high:g}) - '{name}'"))


def check_tools(tools: object, card: Card) -> None:
    """Function tools in the nested form. Raises Refused."""
    if tools is None:
        return
    if not isinstance(tools, list) or not tools:
        raise Refused(invalid("[] is too short - 'tools'"))
    if not card.has_tools:
        raise Refused(fault_of("notools"))
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            raise Refused(invalid("Input should be a valid dictionary - 'tools.function'"))
        name = str(function.get("name") or "")
        plain = name.replace("_", "").replace("-", "")
        if not (plain.isascii() and plain.isalnum()) or len(name) > _MOST_TOOL_NAME:
            raise Refused(invalid("Tool names should match ^[a-zA-Z0-9_-]{1,64}$"))
        if name == "search":
            raise Refused(invalid("Tool names are not allowed to be [search]"))


def check(asked: Asked, card: Card, find: Find) -> None:
    """A request as a whole, in the form all protocols share. Raises Refused."""
    if card.only_streams and not asked.stream:
        words = "This model only support stream mode, please enable the stream parameter to access the model."
        raise Refused(invalid(words))
    if card.is_open and asked.thinking and not asked.stream:
        words = "parameter.enable_thinking must be set to false for non-streaming calls"
        raise Refused(invalid(words))
    if not asked.messages:
        raise Refused(invalid("[] is too short - 'messages'"))
    if not any(message.get("role") == "user" for message in asked.messages):
        words = "The input messages do not contain elements with the role of user"
        raise Refused(invalid(words))
    calls: set[str] = set()
    for position, message in enumerate(asked.messages):
        _check_role(message, position, calls)
        _check_partial(asked, position)
        if isinstance(message.get("content"), list):
            _check_parts(asked.model, message["content"], card, find)
    if any(FORBIDDEN in text_of(message) for message in asked.messages):
        raise Refused(fault_of("inspect"))
    said = sum(len(text_of(message)) for message in asked.messages)
    if said > _MOST_TOKENS * _CHARACTERS_A_TOKEN:
        raise Refused(fault_of("toolong"))
    if asked.is_json and "json" not in " ".join(map(text_of, asked.messages)).lower():
        words = (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'."
        )
        raise Refused(invalid(words))


def check_thinking(wanted: object, card: Card, *, json: bool) -> bool:
    """Whether the model is to think: by its default, or as the request says. Raises Refused."""
    if wanted is not None and not isinstance(wanted, bool):
        raise Refused(invalid("Input should be a valid boolean - 'enable_thinking'"))
    if wanted and card.thinks is None:
        raise Refused(fault_of("nothinking"))
    if wanted is False and card.always_thinks:
        words = "The value of the enable_thinking parameter is restricted to True."
        raise Refused(invalid(words))
    thinks = bool(card.thinks) if wanted is None else wanted
    if thinks and json and card.is_open:
        words = "Json mode response is not supported when enable_thinking is true"
        raise Refused(invalid(words))
    return thinks and not json


def _check_role(message: Message, position: int, calls: set[str]) -> None:
    role = message.get("role")
    if role not in {"system", "user", "assistant", "tool"} or (role == "system" and position):
        words = "Role must be user or assistant and Content length must be greater than 0."
        raise Refused(invalid(words))
    if "content" not in message and not message.get("tool_calls"):
        raise Refused(invalid("The content field is a required field."))
    if not message.get("content") and role != "assistant":
        raise Refused(invalid("The content field is a required field."))
    if role == "assistant":
        _check_said(message, calls)
    if role == "tool" and str(message.get("tool_call_id")) not in calls:
        words = (
            'messages with role "tool" must be a response to a preceeding message with "tool_calls"'
        )
        raise Refused(invalid(words))


def _check_said(message: Message, calls: set[str]) -> None:
    made: list[Any] = message.get("tool_calls") or []
    if not made and not text_of(message):
        words = "Role must be user or assistant and Content length must be greater than 0."
        raise Refused(invalid(words, "ServiceUnavailableError"))
    for call in made:
        try:
            json.loads(str((call.get("function") or {}).get("arguments")))
        except ValueError:
            words = 'The "function.arguments" parameter of the code model must be in JSON format.'
            raise Refused(invalid(words)) from None
        calls.add(str(call.get("id")))


def _check_partial(asked: Asked, position: int) -> None:
    message = asked.messages[position]
    if not message.get("partial"):
        return
    if position < len(asked.messages) - 1 or message["role"] != "assistant" or asked.thinking:
        words = "partial is only allowed on the last message of a non-thinking request"
        raise Refused(invalid(words))


def _check_parts(model: str, parts: list[Any], card: Card, find: Find) -> None:
    moving = [one for one in parts if one.get("type") != "text"]
    if not card.takes_lists or (moving and not card.sees):
        raise Refused(invalid("input content must be a string."))
    for part in parts:
        match part.get("type"):
            case "text" if isinstance(part.get("text"), str):
                continue
            case "image_url":
                check_picture(str((part.get("image_url") or {}).get("url", "")))
            case "video_url":
                _check_file(str((part.get("video_url") or {}).get("url", "")), "video", model, find)
            case "video" if isinstance(part.get("video"), list):
                if len(part["video"]) < _LEAST_FRAMES:
                    raise Refused(
                        invalid("The video modality input does not meet the requirements")
                    )
                for frame in part["video"]:
                    check_picture(str(frame))
            case "input_audio" if card.hears:
                url = str((part.get("input_audio") or {}).get("data", ""))
                _check_file(url, "", model, find)
            case _:
                words = "Input should be a valid dictionary or instance of a content part"
                raise Refused(invalid(words))


def check_picture(url: str) -> None:
    """A picture as the service takes it. Raises Refused."""
    if not url.startswith("data:image/"):
        raise Refused(invalid("Failed to download multimodal content"))
    if len(url) > _MOST_DATA_URL:
        words = f"Exceeded limit on max bytes per data-uri item : {_MOST_DATA_URL}'"
        raise Refused(invalid(words))
    picture = picture_of(url)
    if picture is None:
        words = "The provided URL does not appear to be valid. Ensure it is correctly formatted."
        raise Refused(invalid(words))
    if min(picture.size) <= 10 or max(picture.size) > 200 * min(picture.size):
        raise Refused(invalid("The image length and width do not meet the model restrictions."))


def _check_file(url: str, kind: str, model: str, find: Find) -> None:
    if url.startswith("oss://"):
        if find(url, model) is None:
            words = (
                "The provided URL does not appear to be valid. Ensure it is correctly formatted."
            )
            raise Refused(invalid(words))
        return
    if not url.startswith(f"data:{kind}"):
        raise Refused(invalid("Failed to download multimodal content"))
    if len(url) > _MOST_DATA_URL:
        words = f"Exceeded limit on max bytes per data-uri item : {_MOST_DATA_URL}'"
        raise Refused(invalid(words))
    if data_of(url) is None:
        words = "The provided URL does not appear to be valid. Ensure it is correctly formatted."
        raise Refused(invalid(words))


def data_of(url: str) -> bytes | None:
    """What is in a data URL; None if nothing is."""
    try:
        return base64.b64decode(url.partition(",")[2], validate=True) or None
    except binascii.Error:
        return None


def picture_of(url: str) -> Image.Image | None:
    """The picture in a data URL; None if it is none."""
    try:
        return Image.open(BytesIO(data_of(url) or b""))
    except (UnidentifiedImageError, OSError, ValueError):
        return None
