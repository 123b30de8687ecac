"""The rehearsal model's Responses API: the door to the service's own tools ("OpenAI compatible: Responses").

Each event is four lines without a space behind the colon; there is no `[DONE]`. What the service
does not know it ignores. Mistakes in a streamed request come as HTTP 200 and `response.failed`.
"""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from bot.playground.model.asked import Asked, Call, Function, Lookup, Message, Refused, Spent
from bot.playground.model.cards import Card
from bot.playground.model.faults import Fault, invalid
from bot.playground.model.strictness import Find, check, check_numbers, check_thinking, model_in
from bot.playground.model.voice import Spoken, Whole, flat_refusal, halves

PATH = "/compatible-mode/v1/responses"
_TYPE = b"text/event-stream;charset=UTF-8"
_BUILT_IN = frozenset({"web_search", "web_extractor", "code_interpreter"})
_LEAST_OUTPUT = 16
_PARTS = {"input_text": "text", "output_text": "text", "text": "text", "input_image": "image_url"}


def read(given: object, size: int, find: Find, *, sse: bool) -> Asked:
    """Understand a request. Raises Refused."""
    body, card = model_in(given, size)
    if not card.has_responses:
        raise Refused(invalid(f"Model {body['model']} is not supported by the Responses API."))
    check_numbers(body)
    most = body.get("max_output_tokens")
    if most is not None and most < _LEAST_OUTPUT:
        raise Refused(invalid(f"Range of max_output_tokens should be >= {_LEAST_OUTPUT}"))
    if body.get("previous_response_id"):
        raise Refused(invalid("The previous response was not found: nothing is stored here."))
    tools = body.get("tools") or []
    effort = (body.get("reasoning") or {}).get("effort")
    wanted = body.get("enable_thinking")
    if wanted is None and effort is not None:
        wanted = effort != "none"
    functions, built_in = _read_tools(tools, card, body.get("tool_choice"))
    asked = Asked(
        model=body["model"],
        messages=list(_messages(body)),
        stream=bool(body.get("stream")),
        thinking=check_thinking(wanted, card, json=False),
        most=most,
        functions=functions,
        parallel=True,
        built_in=built_in,
        cites=True,
    )
    check(asked, card, find)
    return asked


def _read_tools(
    tools: object, card: Card, choice: object
) -> tuple[tuple[Function, ...], frozenset[str]]:
    if not isinstance(tools, list):
        raise Refused(invalid("Input should be a valid list - 'tools'"))
    if choice == "required" and len(tools) != 1:
        raise Refused(invalid("tool_choice required is only supported with a single tool"))
    functions, built_in = [], set()
    for tool in tools:
        kind = tool.get("type")
        if kind in _BUILT_IN:
            built_in.add(str(kind))
        elif kind == "function":
            if not tool.get("name"):
                raise Refused(invalid("Field required - 'tools.name'"))
            functions.append(
                Function(name=str(tool["name"]), parameters=tool.get("parameters") or {})
            )
    if "web_extractor" in built_in and "web_search" not in built_in:
        raise Refused(invalid("The web_extractor tool must be executed with web_search tool."))
    if functions and not card.has_tools:
        raise Refused(invalid("The tool call is not supported."))
    if choice == "none":
        return (), frozenset()
    return tuple(functions), frozenset(built_in)


def _messages(body: Mapping[str, Any]) -> Iterator[Message]:
    """The input in the form of chat completions. Raises Refused."""
    given = body.get("input")
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list):
        raise Refused(invalid("Input should be a valid list - 'input'"))
    if body.get("instructions"):
        yield {"role": "system", "content": str(body["instructions"])}
    waiting = ""
    for item in given:
        match item.get("type", "message"):
            case "message":
                yield {"role": item.get("role"), "content": _content(item.get("content"))}
            case "function_call":
                waiting = str(item.get("call_id"))
                function = {"name": item.get("name"), "arguments": item.get("arguments")}
                call = {"id": waiting, "type": "function", "function": function}
                yield {"role": "assistant", "content": "", "tool_calls": [call]}
            case "function_call_output":
                if not waiting or item.get("call_id") != waiting:
                    words = "function_call_output must directly follow its function_call"
                    raise Refused(invalid(words))
                yield {"role": "tool", "tool_call_id": waiting, "content": item.get("output")}
                waiting = ""
            case _:
                continue


def _content(content: object) -> object:
    if not isinstance(content, list):
        return content
    parts = []
    for part in content:
        kind = _PARTS.get(str(part.get("type")))
        if kind is None:
            raise Refused(invalid(f"Input should be a valid part - '{part.get('type')}'"))
        if kind == "text":
            parts.append({"type": "text", "text": part.get("text")})
        else:
            parts.append({"type": "image_url", "image_url": {"url": part.get("image_url")}})
    if all(part["type"] == "text" for part in parts):
        return "\n".join(str(part["text"]) for part in parts)
    return parts


class ResponsesVoice:
    """Says one answer as items that are added, filled and done."""

    def __init__(self, asked: Asked) -> None:
        self.request_id = str(uuid.uuid4())
        self._asked = asked
        self._events = 0
        self._items: list[dict[str, Any]] = []
        self._open = ""
        """The type of the item that is being written: `reasoning` or `message`."""

    def open(self) -> bytes:
        """Queued, then in progress; the model has no name yet."""
        return b"".join(
            self._event(
                f"response.{name}", response=self._response(status=status, output=[], model="")
            )
            for name, status in (("created", "queued"), ("in_progress", "in_progress"))
        )

    def think(self, piece: str, so_far: Whole) -> bytes:
        """The reasoning item's next characters."""
        said = self._begin("reasoning", so_far)
        return said + self._on_part("response.reasoning_text.delta", delta=piece)

    def say(self, piece: str, so_far: Whole) -> bytes:
        """The message item's next characters."""
        said = self._begin("message", so_far)
        return said + self._on_part("response.output_text.delta", delta=piece, logprobs=[])

    def look_up(self, lookup: Lookup, so_far: Whole) -> bytes:
        """A built-in tool: an item of its own, with what it found once it is done."""
        said = self._end(so_far)
        item = _looked_up(lookup)
        begun = {"id": item["id"], "type": item["type"], "status": "in_progress"}
        said += self._on_item("response.output_item.added", item=begun)
        if lookup.kind != "web_extractor":
            doing = "searching" if lookup.kind == "web_search" else "interpreting"
            for state in ("in_progress", doing, "completed"):
                said += self._on_item(f"response.{item['type']}.{state}", item_id=item["id"])
        said += self._on_item("response.output_item.done", item=item)
        self._items.append(item)
        return said

    def call(self, calls: Sequence[Call], so_far: Whole) -> bytes:
        """Each call is an item; its arguments come in fragments."""
        said = self._end(so_far)
        for call in calls:
            item_id = f"msg_{uuid.uuid4()}"
            item = {
                "id": item_id,
                "type": "function_call",
                "name": call.name,
                "call_id": call.id,
                "arguments": call.arguments,
                "status": "completed",
            }
            begun = {**item, "arguments": "", "status": "in_progress"}
            said += self._on_item("response.output_item.added", item=begun)
            arguments = "response.function_call_arguments"
            for piece in halves(call.arguments):
                said += self._on_item(f"{arguments}.delta", item_id=item_id, delta=piece)
            said += self._on_item(f"{arguments}.done", item_id=item_id, arguments=call.arguments)
            said += self._on_item("response.output_item.done", item=item)
            self._items.append(item)
        return said

    def close(self, whole: Whole) -> bytes:
        """`response.completed`, or `response.incomplete` where the limit was reached."""
        said = self._end(whole)
        response = self._final(whole)
        return said + self._event(f"response.{response['status']}", response=response)

    def fail(self, fault: Fault, so_far: Whole) -> bytes:
        """`response.failed`: the error is inside, and nothing else comes."""
        return failed(fault, self._asked.model, self.request_id, self._events)

    def answer(self, whole: Whole) -> Mapping[str, Any]:
        """The whole response."""
        for lookup in whole.lookups:
            self._items.append(_looked_up(lookup))
        if whole.reasoning:
            self._items.insert(0, _item("reasoning", whole))
        for call in whole.calls:
            self._items.append(
                {
                    "id": f"msg_{uuid.uuid4()}",
                    "type": "function_call",
                    "name": call.name,
                    "call_id": call.id,
                    "arguments": call.arguments,
                    "status": "completed",
                }
            )
        if whole.text:
            self._items.append(_item("message", whole))
        return self._final(whole)

    def _begin(self, kind: str, so_far: Whole) -> bytes:
        if self._open == kind:
            return b""
        said = self._end(so_far)
        self._open = kind
        begun = _item(kind, Whole(), item_id=f"msg_{uuid.uuid4()}")
        begun |= {"status": "in_progress", "content": [], "summary": []}
        if kind == "message":
            del begun["summary"]
        self._items.append(begun)
        said += self._event(
            "response.output_item.added", item=begun, output_index=len(self._items) - 1
        )
        if kind == "message":
            part = {"type": "output_text", "annotations": [], "text": ""}
            said += self._on_part("response.content_part.added", part=part)
        return said

    def _end(self, so_far: Whole) -> bytes:
        """The item that was being written is whole."""
        kind, self._open = self._open, ""
        if not kind:
            return b""
        item = _item(kind, so_far, item_id=str(self._items[-1]["id"]))
        self._items[-1] = item
        if kind == "reasoning":
            said = self._on_part("response.reasoning_text.done", text=so_far.reasoning)
        else:
            part = item["content"][0]
            said = self._on_part("response.output_text.delta", delta="", logprobs=[])
            said += self._on_part("response.output_text.done", text=so_far.text, logprobs=[])
            said += self._on_part("response.content_part.done", part=part)
        index = len(self._items) - 1
        return said + self._event("response.output_item.done", item=item, output_index=index)

    def _on_item(self, kind: str, **more: Any) -> bytes:
        """An event about the item that comes next."""
        return self._event(kind, output_index=len(self._items), **more)

    def _on_part(self, kind: str, **more: Any) -> bytes:
        """An event about the item that is being written."""
        return self._event(
            kind,
            content_index=0,
            item_id=self._items[-1]["id"],
            output_index=len(self._items) - 1,
            **more,
        )

    def _event(self, kind: str, **more: Any) -> bytes:
        self._events += 1
        return event(kind, self._events, **more)

    def _final(self, whole: Whole) -> dict[str, Any]:
        is_whole = whole.finish != "length"
        status = "completed" if is_whole else "incomplete"
        usage = _usage(whole.spent, whole.lookups)
        response = self._response(status=status, output=self._items, model=self._asked.model)
        response["usage"] = usage
        if not is_whole:
            response["incomplete_details"] = {"reason": "max_output_tokens"}
        return response

    def _response(self, *, status: str, output: Sequence[Any], model: str) -> dict[str, Any]:
        return {
            "output": list(output),
            "parallel_tool_calls": False,
            "created_at": int(time.time()),
            "tool_choice": "auto",
            "model": model,
            "id": f"resp_{self.request_id}",
            "tools": [],
            "object": "response",
            "status": status,
        }


def event(kind: str, number: int, **more: Any) -> bytes:
    """One event: four lines and an empty one."""
    body = orjson.dumps({"sequence_number": number - 1, **more, "type": kind})
    return b"id:%d\nevent:%b\n:HTTP_STATUS/200\ndata:%b\n\n" % (number, kind.encode(), body)


def failed(fault: Fault, model: str, request_id: str, events: int) -> bytes:
    """A failure at HTTP 200; what content inspection says comes as a `server_error`."""
    code = "server_error" if fault.code == "DataInspectionFailed" else fault.code
    if fault.code == "InternalError":
        code = "server_error"
    response = {
        "id": f"resp_{request_id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": model,
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "status": "failed",
        "error": {"code": code, "message": fault.message},
    }
    return event("response.failed", events + 1, response=response)


def _item(kind: str, whole: Whole, *, item_id: str = "") -> dict[str, Any]:
    item_id = item_id or f"msg_{uuid.uuid4()}"
    if kind == "reasoning":
        summary = [{"type": "summary_text", "text": whole.reasoning}]
        return {"id": item_id, "type": "reasoning", "summary": summary}
    part = {"type": "output_text", "annotations": [], "text": whole.text}
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _looked_up(lookup: Lookup) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"msg_{uuid.uuid4()}",
        "type": f"{lookup.kind}_call",
        "status": "completed",
    }
    urls = [url for url, _ in lookup.urls]
    match lookup.kind:
        case "web_search":
            sources = [{"type": "url", "url": url} for url in urls]
            item["action"] = {"query": lookup.subject, "type": "search", "sources": sources}
        case "web_extractor":
            item |= {"goal": lookup.subject, "output": lookup.output, "urls": urls}
        case _:
            output = [{"type": "logs", "logs": lookup.output}]
            item |= {"code": lookup.subject, "container_id": "rehearsal", "outputs": output}
    return item


def _usage(spent: Spent, lookups: Sequence[Lookup]) -> dict[str, Any]:
    usage = {
        "total_tokens": spent.read + spent.written,
        "input_tokens_details": {"cached_tokens": spent.cached},
        "output_tokens": spent.written,
        "input_tokens": spent.read,
        "output_tokens_details": {"reasoning_tokens": spent.reasoned},
    }
    if lookups:
        kinds = [lookup.kind for lookup in lookups]
        usage["x_tools"] = {kind: {"count": kinds.count(kind)} for kind in sorted(set(kinds))}
    return usage


def refuse(fault: Fault, *, stream: bool) -> Response:
    """An error before the first word: flat, or `response.failed` inside a stream at HTTP 200."""
    if not stream or fault.status != 400:
        return flat_refusal(fault)
    frame = failed(fault, "", str(uuid.uuid4()), 0)
    return Response(frame, media_type=_TYPE.decode())


RESPONSES = Spoken(read=read, voice=ResponsesVoice, refuse=refuse, content_type=_TYPE)
