"""What the four protocols have in common: the shape of a protocol, and small things they share. Pure."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from bot.conversation.messages import (
    Audio,
    Delta,
    FinishReason,
    Image,
    JsonShape,
    Prompt,
    ToolCall,
    Video,
)
from bot.model.catalogue import ModelCard
from bot.model.sse import SseEvent

UNFINISHED = frozenset({None, "", "null"})
"""What `finish_reason` is before the end; DashScope's own protocols say the string."""
GO_ON = "Go on with your answer exactly where it stops. Repeat nothing, add no introduction."
"""How a model is asked to continue that has no partial mode."""
NOTHING = "(nothing)"
"""The service refuses a tool's result without a character."""
_AUDIO_FORMATS = {"mpeg": "mp3", "mp4": "m4a", "wave": "wav", "vnd.wave": "wav"}
_REASONS = {reason.value: reason for reason in FinishReason}


class Decoder(Protocol):
    """Reads the stream of one answer."""

    is_done: bool
    """Nothing more comes, even if the connection stays open."""

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end, however the connection ended."""
        ...

    def feed(self, event: SseEvent) -> list[Delta]:
        """The deltas in one event. Raises ModelError where the service reports one."""
        ...

    def end(self) -> list[Delta]:
        """What remains to be said when the stream is over: tool calls, usage, the end itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One protocol: where a prompt is sent, how it is written, how the answer is read."""

    name: str
    path: str
    encode: Callable[[Prompt, ModelCard], dict[str, Any]]
    decoder: Callable[[], Decoder]
    headers: Mapping[str, str] = field(default_factory=dict)


class Calls:
    """Collects tool calls out of fragments.

    Later fragments of a call have its index, but an empty id and no name ("Function calling"). Some
    servers leave the index out: then a new id begins a new call.
    """

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}

    def add(self, fragments: Sequence[Mapping[str, Any]]) -> None:
        """Take the fragments of one event."""
        for fragment in fragments:
            call = self._calls.setdefault(self._index(fragment), _Call())
            call.id = fragment.get("id") or call.id
            function = fragment.get("function") or {}
            call.add(function.get("name") or "", function.get("arguments") or "")

    def _index(self, fragment: Mapping[str, Any]) -> int:
        index = fragment.get("index")
        if index is not None:
            return int(index)
        newest = max(self._calls, default=0)
        begun = self._calls.get(newest)
        is_new = begun is not None and fragment.get("id") not in {None, "", begun.id}
        return newest + 1 if is_new else newest

    def whole(self) -> list[ToolCall]:
        """The calls, in the model's order."""
        return [
            ToolCall(
                id=call.id or f"call_{index}", name=call.name, arguments="".join(call.arguments)
            )
            for index, call in sorted(self._calls.items())
        ]


class _Call:
    """A tool call that is still being written."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []

    def add(self, name: str, arguments: object) -> None:
        """The next piece. A name comes whole, again and again, or bit by bit."""
        if name:
            self.name = name if name.startswith(self.name) else self.name + name
        if not isinstance(arguments, str):
            arguments = orjson.dumps(arguments).decode()
        self.arguments.append(arguments)


def text_of(content: object) -> str:
    """A content's text: it is a string, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))


def reason_of(word: str) -> FinishReason:
    """The reason behind a `finish_reason`; one we don't know is as good as "stop"."""
    return _REASONS.get(word, FinishReason.STOP)


def data_url(media: Image | Video | Audio) -> str:
    """A picture, video or recording as the service takes it inline."""
    return f"data:{media.media_type};base64,{b64encode(media.data).decode()}"


def video_source(video: Video) -> str | list[str]:
    """Where a video is: an address, the video itself inline, or its pictures in their order."""
    if video.frames and not video.url:
        return [data_url(frame) for frame in video.frames]
    return video.url or data_url(video)


def audio_format(audio: Audio) -> str:
    """What the service calls the kind of a recording: `mp3`, `wav`, …."""
    kind = audio.media_type.partition("/")[2].partition(";")[0].lower().removeprefix("x-")
    return _AUDIO_FORMATS.get(kind, kind)


def functions(prompt: Prompt) -> list[dict[str, Any]]:
    """The tools as chat completions and DashScope's own protocols want them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in prompt.tools
    ]


def response_format(shape: JsonShape, card: ModelCard, *, sees: bool) -> dict[str, Any] | None:
    """The strictest way in which a model can be held to JSON ("Structured output").

    With pictures in the prompt a schema is silently ignored: then it is JSON mode.
    """
    if card.json == "schema" and not sees:
        schema = {"name": shape.name, "strict": True, "schema": shape.schema}
        return {"type": "json_schema", "json_schema": schema}
    return None if card.json == "none" else {"type": "json_object"}


def present(**values: Any) -> dict[str, Any]:
    """The values that are there: a null is a mistake to some servers."""
    return {name: value for name, value in values.items() if value is not None}


def marked(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A content up to whose end everything is kept for the next request ("Context cache", explicit)."""
    return [*parts[:-1], {**parts[-1], "cache_control": {"type": "ephemeral"}}]


def count(usage: Mapping[str, Any], name: str) -> int:
    """A number out of the service's usage, which may lack it."""
    return int(usage.get(name) or 0)
