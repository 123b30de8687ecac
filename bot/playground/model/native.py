"""The rehearsal model's own DashScope protocols: text generation and multimodal generation.

Each frame is four lines and has the usage so far; an unfinished answer's `finish_reason` is the
string "null" ("DashScope").
"""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from starlette.responses import Response

from bot.playground.model.asked import Asked, Call, Lookup, Message, Refused, Spent
from bot.playground.model.chat import read_format, read_functions
from bot.playground.model.faults import Fault, invalid
from bot.playground.model.strictness import (
    Find,
    check,
    check_numbers,
    check_thinking,
    check_tools,
    model_in,
)
from bot.playground.model.voice import Spoken, Whole, flat_refusal, halves

_SERVICE = "/api/v1/services/aigc"
TEXT_PATH = f"{_SERVICE}/text-generation/generation"
MULTIMODAL_PATH = f"{_SERVICE}/multimodal-generation/generation"
_WRONG_ADDRESS = (
    "url error, please check url！ For details, see: "
    "https://help.aliyun.com/zh/model-studio/error-code#error-url"
)
_PARTS = {"image": "image_url", "video": "video_url", "audio": "input_audio"}


def read(given: object, size: int, find: Find, *, sse: bool, lists: bool) -> Asked:
    """Understand a request; `lists` is multimodal generation. Raises Refused."""
    body, card = model_in(given, size)
    if card.sees != lists:
        raise Refused(Fault(400, "InvalidParameter", "invalid_parameter_error", _WRONG_ADDRESS))
    parameters = body.get("parameters") or {}
    check_numbers(parameters)
    check_tools(parameters.get("tools"), card)
    is_json, schema = read_format(parameters.get("response_format"), card)
    thinking = check_thinking(
        parameters.get("enable_thinking"), card, json=is_json or schema is not None
    )
    in_pieces = bool(parameters.get("incremental_output"))
    form = parameters.get("result_format") or ("message" if lists else "text")
    if thinking and sse and not in_pieces:
        words = 'The incremental_output parameter must be "true" when enable_thinking is true'
        raise Refused(invalid(words))
    if form == "text" and parameters.get("tools"):
        raise Refused(invalid("result_format should be message when tools are given"))
    if lists and parameters.get("enable_search") and not sse:
        raise Refused(invalid("Non-streaming mode does not support Web Search"))
    options = parameters.get("search_options") or {}
    asked = Asked(
        model=body["model"],
        messages=_messages(body.get("input"), lists),
        stream=sse,
        in_pieces=in_pieces,
        as_text=form == "text",
        thinking=thinking,
        budget=parameters.get("thinking_budget"),
        most=parameters.get("max_tokens"),
        functions=read_functions(parameters.get("tools"), parameters.get("tool_choice")),
        parallel=bool(parameters.get("parallel_tool_calls")),
        built_in=frozenset({"web_search"} if parameters.get("enable_search") else ()),
        cites=bool(options.get("enable_source")),
        is_json=is_json,
        schema=schema,
    )
    check(asked, card, find)
    return asked


def _messages(given: object, lists: bool) -> list[Message]:
    """The messages in the form of chat completions. Raises Refused."""
    source = given if isinstance(given, dict) else {}
    messages = source.get("messages")
    if messages is None and isinstance(source.get("prompt"), str):
        messages = [{"role": "user", "content": source["prompt"]}]
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise Refused(invalid("Input should be a valid list - 'input.messages'"))
    return [{**one, "content": _content(one.get("content"), lists)} for one in messages]


def _content(content: object, lists: bool) -> object:
    if isinstance(content, str | None) or not isinstance(content, list):
        return content
    if not lists:
        raise Refused(invalid("input content must be a string."))
    return [_part(part) for part in content]


def _part(part: object) -> dict[str, Any]:
    given = part if isinstance(part, dict) else {}
    if isinstance(given.get("text"), str):
        return {"type": "text", "text": given["text"], **_mark(given)}
    for name, kind in _PARTS.items():
        source = given.get(name)
        if isinstance(source, list):
            return {"type": "video", "video": source, "fps": given.get("fps", 2.0)}
        if isinstance(source, str):
            key = "data" if name == "audio" else "url"
            return {"type": kind, kind: {key: source}}
    raise Refused(invalid("Input should be a valid dictionary or instance of a content part"))


def _mark(part: Mapping[str, Any]) -> dict[str, Any]:
    mark = part.get("cache_control")
    return {"cache_control": mark} if mark else {}


class NativeVoice:
    """Says one answer in frames of four lines."""

    def __init__(self, asked: Asked, *, lists: bool) -> None:
        self.request_id = str(uuid.uuid4())
        self._asked = asked
        self._lists = lists
        self._frames = 0

    def open(self) -> bytes:
        """Nothing comes before the first word."""
        return b""

    def think(self, piece: str, so_far: Whole) -> bytes:
        """While it thinks, the content is empty."""
        thought = piece if self._asked.in_pieces else so_far.reasoning
        return self._frame(self._message("", reasoning_content=thought), so_far)

    def say(self, piece: str, so_far: Whole) -> bytes:
        """The next characters, or all so far."""
        text = piece if self._asked.in_pieces else so_far.text
        more = {"reasoning_content": ""} if self._asked.thinking else {}
        return self._frame(self._message(text, **more), so_far)

    def look_up(self, lookup: Lookup, so_far: Whole) -> bytes:
        """What was found stands in a later frame."""
        return b""

    def call(self, calls: Sequence[Call], so_far: Whole) -> bytes:
        """One call after the other; only the first fragment has id and name."""
        if not self._asked.in_pieces:
            return b""
        said = b""
        for index, call in enumerate(calls):
            for number, piece in enumerate(halves(call.arguments) or [""]):
                function = {"name": call.name} if number == 0 else {}
                fragment = {
                    "index": index,
                    "id": call.id if number == 0 else "",
                    "type": "function",
                    "function": {**function, "arguments": piece},
                }
                said += self._frame(self._message("", tool_calls=[fragment]), so_far)
        return said

    def close(self, whole: Whole) -> bytes:
        """The reason comes with an empty content, and all of it where frames are snapshots."""
        text = "" if self._asked.in_pieces else whole.text
        more: dict[str, Any] = {}
        if not self._asked.in_pieces and whole.calls:
            more["tool_calls"] = _calls(whole.calls)
        return self._frame(self._message(text, **more), whole, whole.finish)

    def fail(self, fault: Fault, so_far: Whole) -> bytes:
        """An `event:error` frame."""
        self._frames += 1
        return error_frame(fault, self.request_id, self._frames)

    def answer(self, whole: Whole) -> Mapping[str, Any]:
        """The last frame's data, with everything in it."""
        more: dict[str, Any] = {}
        if whole.reasoning:
            more["reasoning_content"] = whole.reasoning
        if whole.calls:
            more["tool_calls"] = _calls(whole.calls)
        return self._data(self._message(whole.text, **more), whole, whole.finish)

    def _message(self, text: str, **more: Any) -> dict[str, Any]:
        content: str | list[dict[str, str]] = text
        if self._lists:
            content = [{"text": text}] if text else []
        return {"role": "assistant", "content": content, **more}

    def _frame(self, message: Mapping[str, Any], so_far: Whole, finish: str | None = None) -> bytes:
        self._frames += 1
        body = orjson.dumps(self._data(message, so_far, finish or "null"))
        return b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%b\n\n" % (self._frames, body)

    def _data(
        self, message: Mapping[str, Any], so_far: Whole, finish: str | None
    ) -> dict[str, Any]:
        output: dict[str, Any] = {"choices": [{"message": message, "finish_reason": finish}]}
        if self._asked.as_text:
            output = {"text": message["content"], "finish_reason": finish}
        if self._asked.cites and so_far.lookups:
            output["search_info"] = {"search_results": list(_results(so_far.lookups))}
        usage = _usage(so_far, lists=self._lists)
        return {"output": output, "usage": usage, "request_id": self.request_id}


def _calls(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(calls)
    ]


def _results(lookups: Sequence[Lookup]) -> Sequence[dict[str, Any]]:
    pages = [page for lookup in lookups for page in lookup.urls]
    return [
        {"site_name": "", "icon": "", "index": index, "title": title, "url": url}
        for index, (url, title) in enumerate(pages, start=1)
    ]


def _usage(so_far: Whole, *, lists: bool) -> dict[str, Any]:
    spent: Spent = so_far.spent
    usage: dict[str, Any] = {
        "total_tokens": spent.read + spent.written,
        "output_tokens": spent.written,
        "input_tokens": spent.read,
        "output_tokens_details": {"reasoning_tokens": spent.reasoned},
        "prompt_tokens_details": {"cached_tokens": spent.cached},
    }
    if lists:
        usage["image_tokens"] = spent.images
    if spent.searches:
        usage["plugins"] = {"search": {"count": spent.searches, "strategy": "turbo"}}
    return usage


def error_frame(fault: Fault, request_id: str, number: int = 1) -> bytes:
    """An error inside a stream."""
    body = orjson.dumps({"code": fault.code, "message": fault.message, "request_id": request_id})
    status = 400 if fault.status == 200 else fault.status
    if fault.code.startswith("InternalError"):
        status = 500
    return b"id:%d\nevent:error\n:HTTP_STATUS/%d\ndata:%b\n\n" % (number, status, body)


def refuse(fault: Fault, *, stream: bool) -> Response:
    """An error before the first word. A mistake in a streamed request comes as a frame, with 200."""
    if not stream or fault.status != 400:
        return flat_refusal(fault)
    frame = error_frame(fault, str(uuid.uuid4()))
    return Response(frame, media_type="text/event-stream;charset=UTF-8")


_TYPE = b"text/event-stream;charset=UTF-8"
TEXT = Spoken(
    read=partial(read, lists=False),
    voice=partial(NativeVoice, lists=False),
    refuse=refuse,
    content_type=_TYPE,
)
MULTIMODAL = Spoken(
    read=partial(read, lists=True),
    voice=partial(NativeVoice, lists=True),
    refuse=refuse,
    content_type=_TYPE,
)
