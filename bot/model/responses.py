"""The OpenAI-compatible Responses API ("OpenAI compatible: Responses"): requests out, deltas in. Pure.

It is the door to the service's own tools: web search, web extractor, code interpreter. It has no
structured output and no partial mode. A mistake in a streamed request comes as HTTP 200 with
`response.failed`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from bot.conversation.messages import (
    AssistantTurn,
    Audio,
    BuiltIn,
    Delta,
    Finished,
    FinishReason,
    Image,
    Part,
    Prompt,
    ReasoningDelta,
    Source,
    Step,
    StepState,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
    UserTurn,
    Video,
)
from bot.errors import ModelError
from bot.model.catalogue import ModelCard
from bot.model.faults import error_in, from_parsed
from bot.model.sse import SseEvent
from bot.model.wire import GO_ON, NOTHING, Wire, count, data_url, present, text_of

PATH = "/compatible-mode/v1/responses"
_LEAST_OUTPUT = 16
_REASONING = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
_TITLES = {
    "web_search_call": "Searching the web",
    "web_extractor_call": "Reading web pages",
    "code_interpreter_call": "Running code",
}


def encode(prompt: Prompt, card: ModelCard) -> dict[str, Any]:
    """The request's body, always streamed, never kept by the service."""
    body: dict[str, Any] = {
        "model": prompt.model,
        "input": [{"role": "system", "content": prompt.system}, *_input(prompt)],
        "stream": True,
        "store": False,
        **present(temperature=prompt.temperature, top_p=prompt.top_p),
    }
    if prompt.max_tokens:
        body["max_output_tokens"] = max(prompt.max_tokens, _LEAST_OUTPUT)
    if card.can_switch_thinking:
        # The older models listen to the switch, the newer ones to the effort.
        body["enable_thinking"] = prompt.thinking
        body["reasoning"] = {"effort": "medium" if prompt.thinking else "none"}
    if tools := _tools(prompt, card):
        body["tools"] = tools
        if not prompt.may_call:
            body["tool_choice"] = "none"
    return body


def _tools(prompt: Prompt, card: ModelCard) -> list[dict[str, Any]]:
    chosen = set(prompt.built_in)
    if BuiltIn.WEB_EXTRACTOR in chosen:
        chosen.add(BuiltIn.WEB_SEARCH)  # "must be executed with web_search tool"
    tools: list[dict[str, Any]] = [{"type": tool.value} for tool in BuiltIn if tool in chosen]
    if card.tools:
        tools += [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            }
            for tool in prompt.tools
        ]
    return tools


def _input(prompt: Prompt) -> Iterator[dict[str, Any]]:
    calls: dict[str, ToolCall] = {}
    for entry in prompt.entries:
        match entry:
            case UserTurn():
                yield {"role": "user", "content": [_part(part) for part in entry.parts]}
            case AssistantTurn():
                if entry.text:
                    yield {"role": "assistant", "content": entry.text}
                calls |= {call.id: call for call in entry.calls}
            case ToolResult():
                # A result has to stand right behind its own call.
                if call := calls.pop(entry.call_id, None):
                    yield _call(call)
                output = entry.content or NOTHING
                yield {"type": "function_call_output", "call_id": entry.call_id, "output": output}
    if prompt.prefix:
        yield {"role": "assistant", "content": prompt.prefix}
        yield {"role": "user", "content": [{"type": "input_text", "text": GO_ON}]}


def _call(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
    }


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "input_text", "text": part.text}
        case Image():
            return {"type": "input_image", "image_url": data_url(part)}
        case Video() | Audio():
            # Responses takes neither; bot/model/protocols.py sends such prompts elsewhere.
            return {"type": "input_text", "text": f"[{part.name}: can't be shown here]"}


class Decoder:
    """Reads the stream of one answer."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._request_id = ""
        self._calls: list[Delta] = []
        self._usage: Usage | None = None
        self.is_done = False

    def feed(self, event: SseEvent) -> list[Delta]:
        """The deltas in one event. Raises ModelError where the service reports one."""
        try:
            data = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return []
        if not isinstance(data, dict):
            return []
        kind = str(data.get("type") or event.name)
        if kind == "response.output_text.delta":
            return [TextDelta(data["delta"])] if data.get("delta") else []
        if kind in _REASONING:
            return [ReasoningDelta(data["delta"])] if data.get("delta") else []
        return self._other(kind, data, event.status)

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end, however the connection ended."""
        return self._reason is not None

    def end(self) -> list[Delta]:
        """What remains to be said when the stream is over: tool calls, usage, the end itself."""
        reason = self._reason or FinishReason.STOP
        if self._calls and reason is FinishReason.STOP:
            reason = FinishReason.TOOL_CALLS
        usage: list[Delta] = [self._usage] if self._usage else []
        return [*self._calls, *usage, Finished(reason=reason, request_id=self._request_id)]

    def _other(self, kind: str, data: Mapping[str, Any], status: int) -> list[Delta]:
        match kind:
            case "" if data.get("object") == "response":
                return self._at_once(data)
            case "response.output_item.added":
                return _begun(data.get("item") or {})
            case "response.output_item.done":
                return self._finished(data.get("item") or {})
            case "response.completed" | "response.incomplete":
                self._complete(data.get("response") or {})
            case "response.failed":
                raise _failure(data.get("response") or {})
            case _ if "error" in kind or error_in(data) or (not kind and data.get("code")):
                raise from_parsed(status, data)
            case _:
                pass
        return []

    def _at_once(self, response: Mapping[str, Any]) -> list[Delta]:
        """A response that was not streamed: its items are whole."""
        if response.get("status") == "failed":
            raise _failure(response)
        deltas: list[Delta] = []
        for item in response.get("output") or ():
            thought, said = text_of(item.get("summary")), text_of(item.get("content"))
            deltas += [ReasoningDelta(thought)] if thought else []
            deltas += [TextDelta(said)] if said else []
            deltas += self._finished(item)
        self._complete(response)
        return deltas

    def _finished(self, item: Mapping[str, Any]) -> list[Delta]:
        kind = item.get("type")
        if kind == "function_call":
            call = ToolCall(
                id=str(item.get("call_id") or item.get("id") or ""),
                name=str(item.get("name") or ""),
                arguments=str(item.get("arguments") or ""),
            )
            self._calls.append(call)
        if kind == "message":
            sources = tuple(_cited(item))
            if sources:
                step_id = str(item.get("id") or "sources")
                done = StepState.DONE
                return [Step(id=step_id, title="Sources", state=done, sources=sources)]
        if kind in _TITLES:
            return [_step(item, done=True)]
        return []

    def _complete(self, response: Mapping[str, Any]) -> None:
        self.is_done = True
        self._request_id = str(response.get("id") or "").removeprefix("resp_")
        self._usage = _usage(response.get("usage") or {})
        self._reason = FinishReason.STOP
        if response.get("status") == "incomplete":
            why = str((response.get("incomplete_details") or {}).get("reason") or "")
            is_filter = "filter" in why
            self._reason = FinishReason.FILTERED if is_filter else FinishReason.LENGTH


def _begun(item: Mapping[str, Any]) -> list[Delta]:
    return [_step(item, done=False)] if item.get("type") in _TITLES else []


def _step(item: Mapping[str, Any], *, done: bool) -> Step:
    """A built-in tool at work: what it looks for, and what it found."""
    action = item.get("action") or {}
    urls = [*(item.get("urls") or ()), *(one.get("url") for one in action.get("sources") or ())]
    subject = str(action.get("query") or item.get("goal") or "")
    title = _TITLES[str(item["type"])]
    state = StepState.RUNNING
    if done:
        state = StepState.FAILED if item.get("status") == "failed" else StepState.DONE
    return Step(
        id=str(item.get("id") or item["type"]),
        title=f"{title}: {subject}" if subject else title,
        state=state,
        sources=tuple(Source(url=str(url)) for url in urls if url),
    )


def _cited(item: Mapping[str, Any]) -> Iterator[Source]:
    for part in item.get("content") or ():
        for note in part.get("annotations") or ():
            if note.get("url"):
                yield Source(url=str(note["url"]), title=str(note.get("title") or ""))


def _failure(response: Mapping[str, Any]) -> ModelError:
    error = error_in(response) or {}
    return from_parsed(200, {"error": error}, request_id=str(response.get("id") or ""))


def _usage(usage: Mapping[str, Any]) -> Usage:
    read = usage.get("input_tokens_details") or {}
    written = usage.get("output_tokens_details") or {}
    searched = (usage.get("x_tools") or {}).get("web_search") or {}
    return Usage(
        input_tokens=count(usage, "input_tokens"),
        output_tokens=count(usage, "output_tokens"),
        cached_tokens=count(read, "cached_tokens"),
        reasoning_tokens=count(written, "reasoning_tokens"),
        searches=count(searched, "count"),
    )


WIRE = Wire(name="responses", path=PATH, encode=encode, decoder=Decoder)
