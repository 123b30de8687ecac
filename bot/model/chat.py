"""The OpenAI-compatible chat completions ("OpenAI compatible: Chat"): requests out, deltas in. Pure."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import orjson

from bot.conversation.messages import (
    AssistantTurn,
    Delta,
    Entry,
    Finished,
    FinishReason,
    Image,
    Part,
    Prompt,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    Usage,
)
from bot.model.catalogue import ModelCard
from bot.model.faults import classify, error_in
from bot.model.sse import SseEvent

PATH = "/compatible-mode/v1/chat/completions"
_UNFINISHED = frozenset({None, "", "null"})
_REASONS = {reason.value: reason for reason in FinishReason}


def encode(prompt: Prompt, card: ModelCard) -> dict[str, Any]:
    """The request's body, always streamed."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": prompt.system}]
    messages.extend(_message(entry) for entry in prompt.entries)
    body: dict[str, Any] = {
        "model": prompt.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if prompt.prefix and card.prefix:
        messages.append({"role": "assistant", "content": prompt.prefix, "partial": True})
    if card.can_switch_thinking:
        body["enable_thinking"] = prompt.thinking and not prompt.prefix
    optional = {
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        "max_tokens": prompt.max_tokens,
    }
    body.update({name: value for name, value in optional.items() if value is not None})
    return body


def _message(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, AssistantTurn):
        return {"role": "assistant", "content": entry.text}
    parts = entry.parts
    if all(isinstance(part, Text) for part in parts):
        # Models that only read text refuse a list.
        text = "\n\n".join(part.text for part in parts if isinstance(part, Text))
        return {"role": "user", "content": text}
    return {"role": "user", "content": [_part(part) for part in parts]}


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            address = f"data:{part.media_type};base64,{b64encode(part.data).decode()}"
            return {"type": "image_url", "image_url": {"url": address}}


class Decoder:
    """Reads the stream of one answer."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}
        self._reason: FinishReason | None = None
        self._request_id = ""
        self.is_done = False
        """`[DONE]` has come. The connection may stay open all the same."""

    def feed(self, event: SseEvent) -> list[Delta]:
        """The deltas in one event. Raises ModelError where the service reports one."""
        data = event.data
        if data == b"[DONE]":
            self.is_done = True
            return []
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            return []
        if not isinstance(chunk, dict):
            return []
        choices = chunk.get("choices")
        if not choices:
            return self._without_choice(chunk, event.status)
        choice = choices[0]
        delta = choice.get("delta") or {}
        deltas: list[Delta] = []
        if content := delta.get("content"):
            deltas.append(TextDelta(content))
        if reasoning := delta.get("reasoning_content"):
            deltas.append(ReasoningDelta(reasoning))
        if calls := delta.get("tool_calls"):
            self._collect(calls)
        if (reason := choice.get("finish_reason")) not in _UNFINISHED:
            self._reason = _REASONS.get(reason, FinishReason.STOP)
            self._request_id = str(chunk.get("id") or "").removeprefix("chatcmpl-")
        if usage := chunk.get("usage"):
            deltas.append(_usage(usage))
        return deltas

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end, however the connection ended."""
        return self.is_done or self._reason is not None

    def end(self) -> list[Delta]:
        """What remains to be said when the stream is over: tool calls and the end itself."""
        calls: list[Delta] = [
            ToolCall(id=call.id, name=call.name, arguments="".join(call.arguments))
            for _, call in sorted(self._calls.items())
        ]
        reason = self._reason or FinishReason.STOP
        return [*calls, Finished(reason=reason, request_id=self._request_id)]

    def _without_choice(self, chunk: Mapping[str, Any], status: int) -> list[Delta]:
        if error := error_in(chunk):
            raise classify(
                status=status,
                code=str(error.get("code") or error.get("type") or ""),
                message=str(error.get("message") or ""),
                request_id=str(error.get("request_id") or chunk.get("request_id") or ""),
            )
        usage = chunk.get("usage")
        return [_usage(usage)] if usage else []

    def _collect(self, fragments: list[dict[str, Any]]) -> None:
        """Later fragments of a call have its index, but an empty id and no name."""
        for fragment in fragments:
            call = self._calls.setdefault(int(fragment.get("index") or 0), _Call())
            call.id = fragment.get("id") or call.id
            function = fragment.get("function") or {}
            call.name = function.get("name") or call.name
            call.arguments.append(function.get("arguments") or "")


class _Call:
    """A tool call that is still being written."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []


def _usage(usage: Mapping[str, Any]) -> Usage:
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
        cached_tokens=int(read.get("cached_tokens") or 0),
        reasoning_tokens=int(written.get("reasoning_tokens") or 0),
    )
