"""What a request asks of the rehearsal model, in whichever protocol it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.model.faults import Fault

Message = dict[str, Any]
"""A message as chat completions has it; the other protocols are brought into this form."""


class Refused(Exception):
    """The service would refuse this request."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class Function:
    """A tool that the model may call."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    model: str
    messages: list[Message]
    stream: bool = False
    with_usage: bool = True
    """Whether the stream ends with what it has cost."""
    in_pieces: bool = True
    """False: each frame has everything so far (DashScope's `incremental_output: false`)."""
    as_text: bool = False
    """`result_format: text`, which the older clients of DashScope expect."""
    thinking: bool = False
    budget: int | None = None
    """Most tokens to think for."""
    most: int | None = None
    """Most tokens of the answer."""
    functions: tuple[Function, ...] = ()
    parallel: bool = False
    built_in: frozenset[str] = frozenset()
    cites: bool = False
    """Whether a search tells its sources."""
    is_json: bool = False
    schema: Mapping[str, Any] | None = None

    @property
    def begun(self) -> str:
        """The beginning of an answer that is to be continued ("Partial mode")."""
        newest = self.messages[-1]
        return text_of(newest) if newest.get("partial") else ""

    def offers(self, name: str) -> bool:
        """Whether that tool may be called."""
        return any(function.name == name for function in self.functions)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A tool call: `arguments` is JSON, or what a model takes for it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """One of the service's own tools at work."""

    kind: str
    """`web_search`, `web_extractor` or `code_interpreter`."""
    subject: str
    """What is searched, read or run."""
    urls: tuple[tuple[str, str], ...] = ()
    """The pages found: address and title."""
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a request has cost, in tokens."""

    read: int = 0
    written: int = 0
    """Thinking included."""
    reasoned: int = 0
    cached: int = 0
    kept: int = 0
    """Put into the explicit cache."""
    images: int = 0
    searches: int = 0


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, whatever else is in it."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if part.get("type") == "text")
    return str(content or "")
