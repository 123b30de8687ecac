"""DashScope's own two protocols, for text and for more than text: requests out, deltas in. Pure.

They differ in their address and in `content`, which is a string for one and a list for the other
("DashScope", text generation and multimodal generation). Each model is served by one of them; the
other answers "url error".
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
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
    Source,
    Step,
    StepState,
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

_SERVICE = "/api/v1/services/aigc"
_HEADERS = {"X-DashScope-SSE": "enable"}


def encode(prompt: Prompt, card: ModelCard, *, lists: bool) -> dict[str, Any]:
    """The request's body, streamed in pieces; `lists` makes each content a list of parts."""
    messages = [_message({"role": "system", "content": prompt.system}, lists)]
    messages += [_message(_spoken(entry, card), lists) for entry in prompt.entries]
    if prompt.is_resent_soon and card.cache == "explicit" and lists:
        _mark(messages[-1])
    if prompt.prefix:
        messages += [_message(said, lists) for said in _continued(prompt.prefix, card)]
    parameters: dict[str, Any] = {
        "result_format": "message",
        "incremental_output": True,
        **present(temperature=prompt.temperature, top_p=prompt.top_p, max_tokens=prompt.max_tokens),
    }
    if card.can_switch_thinking:
        thinks = prompt.thinking and not (prompt.prefix and card.prefix)
        parameters["enable_thinking"] = thinks
        if thinks:
            parameters.update(present(thinking_budget=prompt.thinking_budget))
    if prompt.tools and card.tools and not prompt.prefix:
        parameters["tools"] = functions(prompt)
        parameters["parallel_tool_calls"] = True
        if not prompt.may_call:
            parameters["tool_choice"] = "none"
    if BuiltIn.WEB_SEARCH in prompt.built_in:
        parameters["enable_search"] = True
        parameters["search_options"] = {"forced_search": True, "enable_source": True}
    if prompt.shape:
        form = response_format(prompt.shape, card, sees=prompt.has_media)
        parameters.update(present(response_format=form))
    return {"model": prompt.model, "input": {"messages": messages}, "parameters": parameters}


def _mark(message: dict[str, Any]) -> None:
    """Let everything up to here be kept for the next request."""
    if message["content"] and message["role"] != "assistant":
        message["content"] = marked(message["content"])


def _continued(prefix: str, card: ModelCard) -> list[dict[str, Any]]:
    said = {"role": "assistant", "content": prefix}
    if card.prefix:
        return [{**said, "partial": True}]
    return [said, {"role": "user", "content": GO_ON}]


def _message(message: dict[str, Any], lists: bool) -> dict[str, Any]:
    content = message["content"]
    if lists and isinstance(content, str):
        return {**message, "content": [{"text": content}] if content else []}
    if not lists and isinstance(content, list):
        texts = [part["text"] for part in content if "text" in part]
        return {**message, "content": "\n\n".join(texts)}
    return message


def _spoken(entry: Entry, card: ModelCard) -> dict[str, Any]:
    match entry:
        case UserTurn():
            return {"role": "user", "content": [_part(part) for part in entry.parts]}
        case ToolResult():
            content = entry.content or NOTHING
            return {"role": "tool", "tool_call_id": entry.call_id, "content": content}
        case AssistantTurn():
            message: dict[str, Any] = {"role": "assistant", "content": entry.text}
            if entry.reasoning and card.keeps_thoughts:
                message["reasoning_content"] = entry.reasoning
            if entry.calls:
                message["tool_calls"] = [
                    {
                        "id": call.id,
                        "index": index,
                        "type": "function",
                        "function": {"name": call.name, "arguments": call.arguments},
                    }
                    for index, call in enumerate(entry.calls)
                ]
            return message


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"text": part.text}
        case Image():
            return {"image": data_url(part)}
        case Video():
            return {"video": video_source(part), "fps": part.fps}
        case Audio():
            return {"audio": part.url or data_url(part)}


class Decoder:
    """Reads the stream of one answer; every frame carries the usage so far."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._reason: FinishReason | None = None
        self._request_id = ""
        self._usage: Mapping[str, Any] = {}
        self._has_sources = False
        self.is_done = False

    def feed(self, event: SseEvent) -> list[Delta]:
        """The deltas in one frame. Raises ModelError where the service reports one."""
        try:
            frame = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return []
        if not isinstance(frame, dict):
            return []
        if event.name == "error" or frame.get("code"):
            raise from_parsed(event.status, frame)
        self._request_id = str(frame.get("request_id") or self._request_id)
        self._usage = frame.get("usage") or self._usage
        return self._read(frame.get("output") or {})

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end, however the connection ended."""
        return self._reason is not None

    def end(self) -> list[Delta]:
        """What remains to be said when the stream is over: tool calls, usage, the end itself."""
        usage: list[Delta] = [_usage(self._usage)] if self._usage else []
        reason = self._reason or FinishReason.STOP
        finished = Finished(reason=reason, request_id=self._request_id)
        return [*self._calls.whole(), *usage, finished]

    def _read(self, output: Mapping[str, Any]) -> list[Delta]:
        choices = output.get("choices") or ()
        choice = choices[0] if choices else output
        message = choice.get("message") or {"content": output.get("text")}
        deltas: list[Delta] = list(self._found(output))
        if reasoning := message.get("reasoning_content"):
            deltas.append(ReasoningDelta(reasoning))
        if content := text_of(message.get("content")):
            deltas.append(TextDelta(content))
        if calls := message.get("tool_calls"):
            self._calls.add(calls)
        if (reason := choice.get("finish_reason")) not in UNFINISHED:
            self._reason = reason_of(str(reason))
            self.is_done = True
        return deltas

    def _found(self, output: Mapping[str, Any]) -> Iterator[Step]:
        results = (output.get("search_info") or {}).get("search_results")
        if not results or self._has_sources:
            return
        self._has_sources = True
        yield Step(
            id="web_search",
            title="Searching the web",
            state=StepState.DONE,
            sources=tuple(
                Source(url=str(one["url"]), title=str(one.get("title") or ""))
                for one in results
                if one.get("url")
            ),
        )


def _usage(usage: Mapping[str, Any]) -> Usage:
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("output_tokens_details") or {}
    searched = (usage.get("plugins") or {}).get("search") or {}
    return Usage(
        input_tokens=count(usage, "input_tokens"),
        output_tokens=count(usage, "output_tokens"),
        cached_tokens=count(read, "cached_tokens") or count(usage, "cached_tokens"),
        cache_writes=count(read, "cache_creation_input_tokens"),
        reasoning_tokens=count(written, "reasoning_tokens"),
        searches=count(searched, "count"),
    )


TEXT = Wire(
    name="text",
    path=f"{_SERVICE}/text-generation/generation",
    encode=partial(encode, lists=False),
    decoder=Decoder,
    headers=_HEADERS,
)
MULTIMODAL = Wire(
    name="multimodal",
    path=f"{_SERVICE}/multimodal-generation/generation",
    encode=partial(encode, lists=True),
    decoder=Decoder,
    headers=_HEADERS,
)
UPLOADS = replace(MULTIMODAL, headers={**_HEADERS, "X-DashScope-OssResourceResolve": "enable"})
"""For prompts with `oss://` addresses: without the header they are "not valid"."""
