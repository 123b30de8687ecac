"""What travels between the rooms: prompts to a model and the deltas that come back. All frozen."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of text in a prompt."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture ready for the model: encoded, upright, within the model's pixel limit."""

    name: str
    media_type: str
    """`image/jpeg` or `image/png`."""
    data: bytes
    width: int
    height: int


Part = Text | Image


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTurn:
    """What people said since the last answer, pictures included."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantTurn:
    """An answer given earlier in the thread."""

    text: str


Entry = UserTurn | AssistantTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a model, in no protocol's words."""

    system: str
    entries: tuple[Entry, ...]
    model: str
    prefix: str = ""
    """The answer so far, which the model is asked to go on from; the deltas then leave it out."""
    thinking: bool = False
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


class FinishReason(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    """The answer is complete."""
    LENGTH = "length"
    """The output limit was reached in the middle of the answer."""
    TOOL_CALLS = "tool_calls"
    """The model waits for the results of its tool calls."""
    FILTERED = "content_filter"
    """Content inspection ended the answer."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next characters of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next characters of the model's thinking; never part of the answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A whole tool call, its arguments still the model's own JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a request cost, in tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Part of `input_tokens`."""
    reasoning_tokens: int = 0
    """Part of `output_tokens`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a stream: comes exactly once, last."""

    reason: FinishReason
    request_id: str = ""


Delta = TextDelta | ReasoningDelta | ToolCall | Usage | Finished
