"""What travels between the rooms: prompts to a model and the deltas that come back. All frozen."""

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A video for the model: its own bytes, an address, or pictures out of it; one of the three.

    Beside an upload's address there are pictures, too, for where it can't be found.
    """

    name: str
    media_type: str = ""
    data: bytes = b""
    url: str = ""
    """`https://…` that anybody may fetch, or `oss://…` of a file that was uploaded for the model."""
    url_model: str = ""
    """The model it was uploaded for: no other finds it."""
    frames: tuple[Image, ...] = ()
    """At even steps; the models want four at least (Model Studio, "Video understanding")."""
    fps: float = 2.0
    """How many pictures a second: those in `frames`, or those the service is to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A recording, for the models that hear: its own bytes or, as for a video, an address."""

    name: str
    media_type: str
    data: bytes = b""
    url: str = ""


Part = Text | Image | Video | Audio
UPLOADED = "oss://"
"""How the address of a file begins that was uploaded for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTurn:
    """What people said and showed since the last answer."""

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
    def has_media(self) -> bool:
        """Whether something in it is not text."""
        return any(not isinstance(part, Text) for part in self._parts())

    @property
    def has_moving(self) -> bool:
        """Whether there is a video or a recording in it."""
        return any(isinstance(part, Video | Audio) for part in self._parts())

    @property
    def uploads(self) -> tuple[Video | Audio, ...]:
        """What was uploaded for the model and is given by its address."""
        return tuple(
            part
            for part in self._parts()
            if isinstance(part, Video | Audio) and part.url.startswith(UPLOADED)
        )

    def _parts(self) -> Iterator[Part]:
        for entry in self.entries:
            if isinstance(entry, UserTurn):
                yield from entry.parts


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
    cache_writes: int = 0
    """Part of `input_tokens`, too: put into the cache for the next requests, at a price."""
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
            cache_writes=self.cache_writes + other.cache_writes,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            searches=self.searches + other.searches,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a stream: comes exactly once, last."""

    reason: FinishReason
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request has to wait for long before it is made: too much is asked of the model."""


Delta = TextDelta | ReasoningDelta | ToolCall | Step | Usage | Finished | Waiting
