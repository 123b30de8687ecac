"""What travels between the rooms: prompts to a model and the deltas that come back. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
class ToolCall:
    """A whole tool call, its arguments still the model's own JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantTurn:
    """An answer given earlier in the thread, or the tool calls this answer began with."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    """What it thought, for the models that want it back ("Deep thinking", preserve_thinking)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave for a call; a failure is told in words, too."""

    call_id: str
    name: str
    content: str


Entry = UserTurn | AssistantTurn | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool the model may call; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class BuiltIn(StrEnum):
    """The service's own tools ("OpenAI compatible: Responses")."""

    WEB_SEARCH = "web_search"
    WEB_EXTRACTOR = "web_extractor"
    CODE_INTERPRETER = "code_interpreter"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonShape:
    """The JSON an answer has to be; `schema` is JSON schema."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a model, in no protocol's words."""

    system: str
    entries: tuple[Entry, ...]
    model: str
    prefix: str = ""
    """The answer so far, which the model is asked to go on from; the deltas then leave it out."""
    thinking: bool = False
    thinking_budget: int | None = None
    """Most tokens to think for; None leaves it to the model."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    tools: tuple[ToolSpec, ...] = ()
    may_call: bool = True
    """False once it has to answer with what the tools have given so far."""
    built_in: frozenset[BuiltIn] = frozenset()
    shape: JsonShape | None = None
    workspace: str = ""
    """The team that asks: the account's limits are shared fairly among teams."""
    is_resent_soon: bool = False
    """Whether much the same prompt comes again within minutes, so that caching it explicitly pays."""

    @property
    def has_pictures(self) -> bool:
        """Whether something in it is not text."""
        return any(
            isinstance(part, Image)
            for entry in self.entries
            if isinstance(entry, UserTurn)
            for part in entry.parts
        )


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
class Source:
    """A page that an answer rests on."""

    url: str
    title: str = ""


class StepState(StrEnum):
    """How far a step has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something done on the way to the answer, shown to the person: a search, a tool, thinking.

    A later step of the same id is the same step, further on.
    """

    id: str
    title: str
    state: StepState = StepState.RUNNING
    details: str = ""
    """The next words of what happens in it; they are added to those before."""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a request cost, in tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Part of `input_tokens`."""
    reasoning_tokens: int = 0
    """Part of `output_tokens`."""
    searches: int = 0
    """Web searches, which are billed by the piece."""

    def __add__(self, other: "Usage") -> "Usage":
        """What two requests cost together."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            searches=self.searches + other.searches,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a stream: comes exactly once, last."""

    reason: FinishReason
    request_id: str = ""
    model: str = ""
    """Which model it was: the asked one, or one that stood in for it."""


Delta = TextDelta | ReasoningDelta | ToolCall | Step | Usage | Finished
