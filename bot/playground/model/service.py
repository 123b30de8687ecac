"""The rehearsal model: speaks Model Studio's protocols, as strictly as the service does.

What it answers is made up by bot/playground/model/mind.py, and bot/playground/model_*.py have one protocol
each; here are the addresses, the key, the pace and the faults it is told to have.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from bot.playground.model import chat as model_chat
from bot.playground.model import native as model_native
from bot.playground.model import responses as model_responses
from bot.playground.model.asked import Asked, Refused, Spent
from bot.playground.model.faults import Fault, fault_of, invalid
from bot.playground.model.files import Shelf
from bot.playground.model.mind import Plan, think
from bot.playground.model.spending import spent_on, without_media
from bot.playground.model.uploads import Uploads
from bot.playground.model.vectors import Vectors
from bot.playground.model.voice import Spoken, Whole

_LOGGED = 2_000
_CHARACTERS_A_TOKEN = 4
_AT_ONCE = 64
"""So many tokens at most are sent in one piece when the pace has fallen behind."""
_ADDRESSES = {
    model_chat.PATH: model_chat.CHAT,
    model_responses.PATH: model_responses.RESPONSES,
    model_native.TEXT_PATH: model_native.TEXT,
    model_native.MULTIMODAL_PATH: model_native.MULTIMODAL,
}


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Whom it answers, and how fast."""

    api_key: str = "sk-playground"
    first_token_seconds: float = 0.3
    tokens_per_second: float = 50.0


class RehearsalModel:
    """A model without a model."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._requests: deque[dict[str, Any]] = deque(maxlen=_LOGGED)
        self._numbers = itertools.count(1)
        self._faults: deque[str] = deque()
        self._failed_once: set[str] = set()
        self._cached: set[str] = set()
        self._uploads = Uploads(api_key=settings.api_key)
        self._vectors = Vectors(api_key=settings.api_key, next_fault=self._next_fault)
        self._shelf = Shelf(api_key=settings.api_key)

    @property
    def routes(self) -> list[BaseRoute]:
        """The service's own addresses, and two for the tests."""
        return [
            *(
                Route(path, partial(self.complete, spoken), methods=["POST"])
                for path, spoken in _ADDRESSES.items()
            ),
            Route("/playground/model/requests", self.requests),
            Route("/playground/model/faults", self.add_faults, methods=["POST"]),
            *self._uploads.routes,
            *self._vectors.routes,
            *self._shelf.routes,
        ]

    async def requests(self, request: Request) -> Response:
        """What the bot has asked so far."""
        since = int(request.query_params.get("since", 0))
        found = [one for one in self._requests if one["n"] > since]
        return Response(orjson.dumps({"requests": found}), media_type="application/json")

    async def add_faults(self, request: Request) -> Response:
        """Let the next requests fail, one for each word of `kinds`."""
        self._faults.extend(orjson.loads(await request.body())["kinds"])
        return Response("{}", media_type="application/json")

    def _next_fault(self) -> Fault | None:
        return fault_of(self._faults.popleft()) if self._faults else None

    async def complete(self, spoken: Spoken, request: Request) -> Response:
        """Answer one request for a completion, in that protocol."""
        body = await request.body()
        sse = request.headers.get("x-dashscope-sse", "") == "enable"
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            return spoken.refuse(invalid("Request body is not valid JSON."), stream=sse)
        streamed = sse or (isinstance(given, dict) and bool(given.get("stream")))
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key != self._settings.api_key:
            return spoken.refuse(fault_of("401"), stream=streamed)
        resolves = request.headers.get("x-dashscope-ossresourceresolve") == "enable"
        try:
            asked = spoken.read(given, len(body), self._finder(resolves), sse=sse)
        except Refused as refused:
            return spoken.refuse(refused.fault, stream=streamed)
        return self._begin(spoken, asked, given, str(request.url.path))

    def _begin(self, spoken: Spoken, asked: Asked, given: dict[str, Any], path: str) -> Response:
        fault = self._next_fault()
        if fault is not None and fault.status != 200:
            return spoken.refuse(fault, stream=asked.stream)
        entry: dict[str, Any] = {"n": next(self._numbers), "path": path, "arrived": time.time()}
        entry["body"] = without_media(given)
        self._requests.append(entry)
        plan = think(asked, lambda url: self._uploads.find(url, asked.model))
        if plan.fail and not (plan.once and self._has_failed(asked)):
            fault = fault_of(plan.fail, after=plan.fail_after)
            if fault.status != 200:
                return spoken.refuse(fault, stream=asked.stream)
        return _Answer(
            spoken, asked, plan, fault, self._settings, entry, spent_on(asked, plan, self._cached)
        )

    def _finder(self, resolves: bool) -> Callable[[str, str], bytes | None]:
        """Uploads are found by those who send the header for it."""
        return self._uploads.find if resolves else lambda _url, _model: None

    def _has_failed(self, asked: Asked) -> bool:
        """`/fail … once`: the same request is answered the second time."""
        question = str(asked.messages[-1].get("content"))
        before = question in self._failed_once
        self._failed_once.add(question)
        return before


class _Answer(Response):
    """One answer, streamed at the pace of a real model or given whole."""

    def __init__(
        self,
        spoken: Spoken,
        asked: Asked,
        plan: Plan,
        fault: Fault | None,
        settings: ModelSettings,
        entry: dict[str, Any],
        spent: Spent,
    ) -> None:
        self._voice = spoken.voice(asked)
        self._content_type = spoken.content_type
        self._asked = asked
        self._plan = plan
        self._fault = fault
        self._settings = settings
        self._entry = entry
        self._spent = spent
        self._so_far = Whole(spent=replace(spent, written=0, reasoned=0))
        self.background = None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.ensure_future(_disconnected(receive))
        try:
            if self._asked.stream:
                await self._stream(send, leaving)
            else:
                await self._whole(send)
        finally:
            leaving.cancel()

    async def _whole(self, send: Send) -> None:
        plan, kind = self._plan, self._fault.kind if self._fault else ""
        tokens = (len(plan.text) + len(plan.reasoning)) / _CHARACTERS_A_TOKEN
        await asyncio.sleep(self._first_pause() + tokens / self._rate())
        headers = [
            (b"content-type", b"application/json"),
            (b"x-request-id", self._voice.request_id.encode()),
        ]
        whole = Whole(
            text=plan.text,
            reasoning=plan.reasoning,
            calls=plan.calls,
            lookups=plan.lookups,
            finish=plan.finish,
            spent=self._spent,
        )
        if kind == "partial":
            headers.append((b"x-dashscope-partialresponse", b"true"))
            whole = replace(whole, text=plan.text[: len(plan.text) // 2], finish=None)
        self._entry["ended"] = time.time()
        body = orjson.dumps(self._voice.answer(whole))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, send: Send, leaving: "asyncio.Future[None]") -> None:
        headers = [
            (b"content-type", self._content_type),
            (b"x-request-id", self._voice.request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in self._pieces():
            if leaving.done():
                return
            for part in self._parts(piece):
                await send({"type": "http.response.body", "body": part, "more_body": True})
        if self._fault is not None and self._fault.kind == "cut":
            return  # the server then closes the connection in the middle of the response
        await send({"type": "http.response.body", "body": b""})

    def _parts(self, piece: bytes) -> list[bytes]:
        """As one; `drip` cuts characters and lines in the middle."""
        if self._fault is None or self._fault.kind != "drip":
            return [piece]
        return [piece[start : start + 3] for start in range(0, len(piece), 3)]

    async def _pieces(self) -> AsyncIterator[bytes]:
        plan, voice = self._plan, self._voice
        yield voice.open()
        await asyncio.sleep(self._first_pause())
        async for piece in self._paced(plan.reasoning, self._think):
            yield piece
        for lookup in plan.lookups:
            self._so_far.lookups = (*self._so_far.lookups, lookup)
            yield voice.look_up(lookup, self._so_far)
        breaks = self._fault.after if self._fault and self._fault.kind in _BREAKS else None
        async for piece in self._paced(plan.text[:breaks], self._say):
            yield piece
        if breaks is not None:
            async for piece in self._break():
                yield piece
            return
        self._so_far.calls, self._so_far.finish = plan.calls, plan.finish
        self._so_far.spent = self._spent
        if plan.calls:
            yield voice.call(plan.calls, self._so_far)
        self._entry["ended"] = time.time()
        yield voice.close(self._so_far)

    async def _paced(self, text: str, speak: Callable[[str], bytes]) -> AsyncIterator[bytes]:
        """A text token by token; what is late comes at once."""
        rate = self._rate()
        due = time.monotonic()
        said = 0
        while said < len(text):
            now = time.monotonic()
            if now < due:
                await asyncio.sleep(due - now)
                now = time.monotonic()
            tokens = 1 + max(0, int((now - due) * rate))
            piece = b""
            for _ in range(min(tokens, _AT_ONCE)):
                token = text[said : said + _CHARACTERS_A_TOKEN]
                if not token:
                    break
                said += len(token)
                due += 1 / rate
                piece += speak(token)
            yield piece

    def _think(self, token: str) -> bytes:
        so_far = self._so_far
        so_far.reasoning += token
        spent = so_far.spent
        so_far.spent = replace(spent, written=spent.written + 1, reasoned=spent.reasoned + 1)
        return self._voice.think(token, so_far)

    def _say(self, token: str) -> bytes:
        so_far = self._so_far
        so_far.text += token
        so_far.spent = replace(so_far.spent, written=so_far.spent.written + 1)
        return self._voice.say(token, so_far)

    async def _break(self) -> AsyncIterator[bytes]:
        """Fail in the middle."""
        assert self._fault is not None  # noqa: S101
        match self._fault.kind:
            case "cut":
                return
            case "stall":
                while True:
                    await asyncio.sleep(1.0)
                    yield b": keep-alive\n\n"
            case _:
                yield self._voice.fail(self._fault, self._so_far)

    def _first_pause(self) -> float:
        wait = self._plan.wait
        return wait if wait is not None else self._settings.first_token_seconds

    def _rate(self) -> float:
        return self._plan.rate or self._settings.tokens_per_second


_BREAKS = frozenset({"cut", "stall", "error"})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
