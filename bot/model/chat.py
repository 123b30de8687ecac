"""The OpenAI-compatible chat completions ("OpenAI compatible: Chat"): requests out, deltas in. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from bot.conversation.messages import (
    AssistantTurn,
    Audio,
    BuiltIn,
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
    ToolResult,
    Usage,
    UserTurn,
    Video,
)
from bot.model.catalogue import ModelCard
from bot.model.faults import from_parsed
from bot.model.sse import SseEvent
from bot.model.wire import (
    GO_ON,
    NOTHING,
    UNFINISHED,
    Calls,
    Wire,
    audio_format,
    count,
    data_url,
    functions,
    marked,
    present,
    reason_of,
    response_format,
    text_of,
    video_source,
)

PATH = "/compatible-mode/v1/chat/completions"


def encode(prompt: Prompt, card: ModelCard) -> dict[str, Any]:
    """The request's body, always streamed."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": prompt.system}]
    messages.extend(_message(entry, card) for entry in prompt.entries)
    body: dict[str, Any] = {
        "model": prompt.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **present(temperature=prompt.temperature, top_p=prompt.top_p, max_tokens=prompt.max_tokens),
    }
    if prompt.is_resent_soon and card.cache == "explicit":
        _mark(messages[-1])
    if prompt.prefix:
        messages.extend(_continued(prompt.prefix, card))
    body.update(_thinking(prompt, card))
    if prompt.tools and card.tools and not prompt.prefix:
        body["tools"] = functions(prompt)
        body["parallel_tool_calls"] = True
        if not prompt.may_call:
            body["tool_choice"] = "none"
    if BuiltIn.WEB_SEARCH in prompt.built_in and card.is_known:
        body["enable_search"] = True
        body["search_options"] = {"forced_search": True}
    if prompt.shape:
        form = response_format(prompt.shape, card, sees=prompt.has_media)
        body.update(present(response_format=form))
    return body


def _thinking(prompt: Prompt, card: ModelCard) -> dict[str, Any]:
    if not card.can_switch_thinking:
        return {}
    thinks = prompt.thinking and not (prompt.prefix and card.prefix)
    if not thinks:
        return {"enable_thinking": False}
    return {"enable_thinking": True, **present(thinking_budget=prompt.thinking_budget)}


def _continued(prefix: str, card: ModelCard) -> list[dict[str, Any]]:
    said = {"role": "assistant", "content": prefix}
    if card.prefix:
        return [{**said, "partial": True}]
    return [said, {"role": "user", "content": GO_ON}]


def _message(entry: Entry, card: ModelCard) -> dict[str, Any]:
    match entry:
        case AssistantTurn():
            return _said(entry, card)
        case ToolResult():
            content = entry.content or NOTHING
            return {"role": "tool", "tool_call_id": entry.call_id, "content": content}
        case UserTurn():
            return {"role": "user", "content": _content(entry.parts)}


def _said(entry: AssistantTurn, card: ModelCard) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": entry.text}
    if entry.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in entry.calls
        ]
    if entry.reasoning and card.keeps_thoughts:
        message["reasoning_content"] = entry.reasoning
    return message


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in parts):
        # Models that only read text refuse a list.
        return "\n\n".join(part.text for part in parts if isinstance(part, Text))
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
        case Video():
            return _video(part)
        case Audio():
            sound = {"data": part.url or data_url(part), "format": audio_format(part)}
            return {"type": "input_audio", "input_audio": sound}


def _video(video: Video) -> dict[str, Any]:
    source = video_source(video)
    if isinstance(source, str):
        return {"type": "video_url", "video_url": {"url": source}, "fps": video.fps}
    return {"type": "video", "video": source, "fps": video.fps}


def _mark(message: dict[str, Any]) -> None:
    """Let everything up to here be kept for the next request."""
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if parts and message["role"] != "assistant":
        message["content"] = marked(parts)


class Decoder:
    """Reads the stream of one answer."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._reason: FinishReason | None = None
        self._request_id = ""
        self._usage: Mapping[str, Any] = {}
        """The newest: some servers send it more than once, each time for the whole answer."""
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
        if not choices or chunk.get("error"):
            return self._without_choice(chunk, event)
        choice = choices[0]
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            delta = {}
        deltas: list[Delta] = []
        if reasoning := delta.get("reasoning_content"):
            deltas.append(ReasoningDelta(reasoning))
        if content := delta.get("content"):
            text = content if type(content) is str else text_of(content)
            deltas.append(TextDelta(text))
        if calls := delta.get("tool_calls"):
            self._calls.add(calls)
        if (reason := choice.get("finish_reason")) not in UNFINISHED:
            self._reason = reason_of(reason)
            self._request_id = str(chunk.get("id") or "").removeprefix("chatcmpl-")
        if usage := chunk.get("usage"):
            self._usage = usage
        return deltas

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end, however the connection ended."""
        return self.is_done or self._reason is not None

    def end(self) -> list[Delta]:
        """What remains to be said when the stream is over: tool calls, usage, the end itself."""
        usage: list[Delta] = [_usage(self._usage)] if self._usage else []
        reason = self._reason or FinishReason.STOP
        finished = Finished(reason=reason, request_id=self._request_id)
        return [*self._calls.whole(), *usage, finished]

    def _without_choice(self, chunk: Mapping[str, Any], event: SseEvent) -> list[Delta]:
        if event.name == "error" or chunk.get("error") or chunk.get("code"):
            raise from_parsed(event.status, chunk)
        self._usage = chunk.get("usage") or self._usage
        return []


def _usage(usage: Mapping[str, Any]) -> Usage:
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=count(usage, "prompt_tokens"),
        output_tokens=count(usage, "completion_tokens"),
        cached_tokens=count(read, "cached_tokens"),
        cache_writes=count(read, "cache_creation_input_tokens"),
        reasoning_tokens=count(written, "reasoning_tokens"),
    )


WIRE = Wire(name="chat", path=PATH, encode=encode, decoder=Decoder)
