"""How an answer of the rehearsal model is spoken: what each protocol has to know to say it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from starlette.responses import Response

from bot.playground.model.asked import Asked, Call, Lookup, Spent
from bot.playground.model.faults import Fault
from bot.playground.model.strictness import Find


@dataclass(kw_only=True)
class Whole:
    """An answer, as far as it has been given."""

    text: str = ""
    reasoning: str = ""
    calls: Sequence[Call] = ()
    lookups: Sequence[Lookup] = ()
    finish: str | None = None
    spent: Spent = field(default_factory=Spent)


class Voice(Protocol):
    """Says one answer in one protocol; each method returns the bytes of the stream."""

    request_id: str

    def open(self) -> bytes:
        """Before the first word."""
        ...

    def think(self, piece: str, so_far: Whole) -> bytes:
        """The next characters of its thinking."""
        ...

    def say(self, piece: str, so_far: Whole) -> bytes:
        """The next characters of the answer."""
        ...

    def look_up(self, lookup: Lookup, so_far: Whole) -> bytes:
        """One of the service's own tools has been used."""
        ...

    def call(self, calls: Sequence[Call], so_far: Whole) -> bytes:
        """Tools are called, each in several fragments."""
        ...

    def close(self, whole: Whole) -> bytes:
        """The end."""
        ...

    def fail(self, fault: Fault, so_far: Whole) -> bytes:
        """An error in the middle."""
        ...

    def answer(self, whole: Whole) -> Mapping[str, Any]:
        """All of it at once, where no stream was asked for."""
        ...


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One protocol of the service."""

    read: "Read"
    voice: "Make"
    refuse: "Refuse"
    content_type: bytes


class Read(Protocol):
    """Understands a request. Raises Refused."""

    def __call__(self, given: object, size: int, find: Find, *, sse: bool) -> Asked:
        """`sse` says whether the header for a stream was there."""
        ...


class Make(Protocol):
    """Makes the voice for an answer."""

    def __call__(self, asked: Asked) -> Voice:
        """A voice that has said nothing."""
        ...


class Refuse(Protocol):
    """Says no in the protocol's own shape."""

    def __call__(self, fault: Fault, *, stream: bool) -> Response:
        """The whole response."""
        ...


def json_response(body: object, fault: Fault | None = None, request_id: str = "") -> Response:
    """A JSON response, with the headers of an error where it is one."""
    headers = {"x-request-id": request_id or str(uuid.uuid4())}
    if fault is not None and fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Response(
        orjson.dumps(body),
        status_code=fault.status if fault else 200,
        headers=headers,
        media_type="application/json",
    )


def flat_refusal(fault: Fault) -> Response:
    """An error as DashScope's own protocols and Responses have it."""
    request_id = str(uuid.uuid4())
    body = {"code": fault.code, "message": fault.message, "request_id": request_id}
    return json_response(body, fault, request_id)


def halves(text: str) -> list[str]:
    """A call's arguments come in fragments."""
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]
