"""The rehearsal model's chat completions ("OpenAI compatible: Chat")."""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from bot.playground.model.asked import Asked, Call, Function, Lookup, Refused, Spent
from bot.playground.model.cards import Card
from bot.playground.model.faults import Fault, invalid
from bot.playground.model.strictness import (
    Find,
    check,
    check_numbers,
    check_thinking,
    check_tools,
    model_in,
)
from bot.playground.model.voice import Spoken, Whole, halves, json_response

PATH = "/compatible-mode/v1/chat/completions"


def read(given: object, size: int, find: Find, *, sse: bool) -> Asked:
    """Understand a request; a header makes no stream here. Raises Refused."""
    body, card = model_in(given, size)
    check_numbers(body)
    check_tools(body.get("tools"), card)
    options = body.get("stream_options")
    if options and not body.get("stream"):
        raise Refused(invalid("'stream_options' is only allowed when stream is enabled."))
    if body.get("n", 1) != 1 and body.get("tools"):
        raise Refused(invalid("n should be 1 where tools are given - 'n'"))
    if body.get("tool_choice") == "required":
        raise Refused(invalid("tool_choice should be auto, none or a function - 'tool_choice'"))
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise Refused(invalid("Input should be a valid list - 'messages'"))
    is_json, schema = read_format(body.get("response_format"), card)
    searches = bool(body.get("enable_search"))
    asked = Asked(
        model=body["model"],
        messages=messages,
        stream=bool(body.get("stream")),
        with_usage=bool((options or {}).get("include_usage")),
        thinking=check_thinking(body.get("enable_thinking"), card, json=is_json or bool(schema)),
        budget=body.get("thinking_budget"),
        most=body.get("max_tokens") or body.get("max_completion_tokens"),
        functions=read_functions(body.get("tools"), body.get("tool_choice")),
        parallel=bool(body.get("parallel_tool_calls")),
        built_in=frozenset({"web_search"} if searches else ()),
        is_json=is_json,
        schema=schema,
    )
    check(asked, card, find)
    return asked


def read_format(given: object, card: Card) -> tuple[bool, Mapping[str, Any] | None]:
    """Whether JSON mode is on, and the schema ("Structured output"). Raises Refused."""
    if given is None:
        return False, None
    kind = given.get("type") if isinstance(given, dict) else None
    match kind:
        case "text":
            return False, None
        case "json_object":
            return True, None
        case "json_schema" if isinstance(given, dict):
            shape = given.get("json_schema") or {}
            if not card.has_schema:
                words = "'response_format.type' json_schema is not supported by this model."
                raise Refused(invalid(words))
            if not isinstance(shape.get("schema"), dict) or not shape.get("name"):
                raise Refused(invalid("Input should be a valid dictionary - 'json_schema'"))
            return False, shape["schema"]
        case _:
            raise Refused(invalid("Input should be 'text', 'json_object' or 'json_schema'"))


def read_functions(tools: object, choice: object) -> tuple[Function, ...]:
    """The tools that may be called now."""
    if not isinstance(tools, list) or choice == "none":
        return ()
    functions = (tool["function"] for tool in tools)
    return tuple(
        Function(name=str(one["name"]), parameters=one.get("parameters") or {}) for one in functions
    )


class ChatVoice:
    """Says one answer in `data: ` lines that end with `[DONE]`."""

    def __init__(self, asked: Asked) -> None:
        self.request_id = str(uuid.uuid4())
        self._asked = asked

    def open(self) -> bytes:
        """The first delta has the role."""
        if self._asked.thinking:
            first = {"content": None, "role": "assistant", "reasoning_content": ""}
            return self._chunk(first)
        return self._chunk({"content": "", "role": "assistant"})

    def think(self, piece: str, so_far: Whole) -> bytes:
        """While it thinks, `content` is null."""
        return self._chunk({"content": None, "reasoning_content": piece})

    def say(self, piece: str, so_far: Whole) -> bytes:
        """After that, `reasoning_content` is."""
        if self._asked.thinking:
            return self._chunk({"content": piece, "reasoning_content": None})
        return self._chunk({"content": piece})

    def look_up(self, lookup: Lookup, so_far: Whole) -> bytes:
        """Chat completions say nothing of a search."""
        return b""

    def call(self, calls: Sequence[Call], so_far: Whole) -> bytes:
        """Interleaved by index; only the first fragment has id and name."""
        pieces = [halves(call.arguments) or [""] for call in calls]
        said = b""
        for turn in range(2):
            for index, call in enumerate(calls):
                if turn >= len(pieces[index]):
                    continue
                first = turn == 0
                function = {
                    "name": call.name if first else None,
                    "arguments": pieces[index][turn],
                }
                fragment = {
                    "index": index,
                    "id": call.id if first else "",
                    "type": "function",
                    "function": function,
                }
                said += self._chunk({"content": None, "tool_calls": [fragment]})
        return said

    def close(self, whole: Whole) -> bytes:
        """The reason, the usage where it was asked for, and the mark."""
        end = self._chunk({"content": ""}, whole.finish)
        if self._asked.with_usage:
            end += self._event({"choices": [], "usage": _usage(whole.spent)})
        return end + b"data: [DONE]\n\n"

    def fail(self, fault: Fault, so_far: Whole) -> bytes:
        """An error object in place of a chunk."""
        return b"data: " + orjson.dumps({"error": _error(fault)}) + b"\n\n"

    def answer(self, whole: Whole) -> Mapping[str, Any]:
        """A message instead of deltas."""
        message: dict[str, Any] = {"role": "assistant", "content": whole.text}
        if whole.reasoning:
            message["reasoning_content"] = whole.reasoning
        if whole.calls:
            message["tool_calls"] = [
                {
                    "index": index,
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for index, call in enumerate(whole.calls)
            ]
        choice = {"message": message, "finish_reason": whole.finish, "index": 0, "logprobs": None}
        return {
            "choices": [choice],
            "object": "chat.completion",
            "usage": _usage(whole.spent),
            **self._about(),
        }

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"delta": delta, "finish_reason": finish, "index": 0, "logprobs": None}
        return self._event({"choices": [choice], "usage": None})

    def _event(self, body: dict[str, Any]) -> bytes:
        whole = {**body, "object": "chat.completion.chunk", **self._about()}
        return b"data: " + orjson.dumps(whole) + b"\n\n"

    def _about(self) -> dict[str, Any]:
        return {
            "created": int(time.time()),
            "system_fingerprint": None,
            "model": self._asked.model,
            "id": f"chatcmpl-{self.request_id}",
        }


def _usage(spent: Spent) -> dict[str, Any]:
    read: dict[str, Any] = {"cached_tokens": spent.cached}
    if spent.kept:
        kept = {"ephemeral_5m_input_tokens": spent.kept}
        read["cache_creation_input_tokens"] = spent.kept
        read |= {"cache_creation": kept, "cache_type": "ephemeral"}
    return {
        "prompt_tokens": spent.read,
        "completion_tokens": spent.written,
        "total_tokens": spent.read + spent.written,
        "prompt_tokens_details": read,
        "completion_tokens_details": {
            "reasoning_tokens": spent.reasoned,
            "text_tokens": spent.written,
        },
    }


def _error(fault: Fault) -> dict[str, Any]:
    code = fault.compatible
    return {"message": fault.message, "type": code, "param": None, "code": code}


def refuse(fault: Fault, *, stream: bool) -> Response:
    """An error before the first word, streamed or not."""
    request_id = str(uuid.uuid4())
    body = {
        "error": _error(fault),
        "id": f"chatcmpl-{request_id}",
        "request_id": request_id,
    }
    return json_response(body, fault, request_id)


CHAT = Spoken(read=read, voice=ChatVoice, refuse=refuse, content_type=b"text/event-stream")
