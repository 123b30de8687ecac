"""The rehearsal model: speaks Model Studio's chat completions, as strictly as the service does.

What it answers is made up by bot/playground/mind.py; here are the wire, the pace and the refusals
("OpenAI compatible: Chat", "Error codes").
"""

import asyncio
import itertools
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from bot.playground.mind import Plan, think
from bot.playground.model_uploads import Uploads
from bot.playground.strictness import Fault, check, fault_of

CHAT = "/compatible-mode/v1/chat/completions"
_LOGGED = 2_000
_CHARACTERS_A_TOKEN = 4


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
        self._uploads = Uploads(api_key=settings.api_key)

    @property
    def routes(self) -> list[BaseRoute]:
        """The service's own addresses, and two for the tests."""
        return [
            Route(CHAT, self.complete, methods=["POST"]),
            Route("/compatible-mode/v1/models", self.models),
            Route("/playground/model/requests", self.requests),
            Route("/playground/model/faults", self.add_faults, methods=["POST"]),
            *self._uploads.routes,
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

    async def models(self, _: Request) -> Response:
        """The list of models."""
        data = [{"id": "qwen3.7-plus", "object": "model"}]
        return Response(
            orjson.dumps({"object": "list", "data": data}), media_type="application/json"
        )

    async def complete(self, request: Request) -> Response:
        """Answer one request for a completion."""
        body = await request.body()
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _refusal(
                Fault(400, "invalid_parameter_error", "Request body is not valid JSON.")
            )
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        fault = check(given, key == self._settings.api_key, len(body))
        if fault is None and self._faults:
            fault = fault_of(self._faults.popleft())
        if fault is not None and fault.status != 200:
            return _refusal(fault)
        entry: dict[str, Any] = {"n": next(self._numbers), "body": _without_pictures(given)}
        entry["arrived"] = time.time()
        self._requests.append(entry)
        plan = think(given["messages"])
        if plan.fail and not (plan.once and self._has_failed(given)):
            fault = fault_of(plan.fail, after=plan.fail_after)
            if fault.status != 200:
                return _refusal(fault)
        return _Answer(given, plan, fault, self._settings, entry)

    def _has_failed(self, given: dict[str, Any]) -> bool:
        """`/fail … once`: the same question is answered the second time."""
        question = str(given["messages"][-1]["content"])
        before = question in self._failed_once
        self._failed_once.add(question)
        return before


class _Answer(Response):
    """One answer, streamed at the pace of a real model or given whole."""

    def __init__(
        self,
        given: dict[str, Any],
        plan: Plan,
        fault: Fault | None,
        settings: ModelSettings,
        entry: dict[str, Any],
    ) -> None:
        self._given = given
        self._plan = plan
        self._fault = fault
        self._settings = settings
        self._entry = entry
        self._id = f"chatcmpl-{uuid.uuid4()}"
        self.background = None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._given.get("stream"):
            await self._stream(receive, send)
            return
        body = orjson.dumps(self._whole())
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"x-request-id", self._id.removeprefix("chatcmpl-").encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        leaving = asyncio.ensure_future(_disconnected(receive))
        try:
            async for piece in self._pieces():
                if leaving.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            leaving.cancel()
        if self._fault is not None and self._fault.kind == "cut":
            return  # the server then closes the connection in the middle of the response
        await send({"type": "http.response.body", "body": b""})

    async def _pieces(self) -> AsyncIterator[bytes]:
        plan = self._plan
        yield self._chunk({"role": "assistant", "content": ""})
        began = time.monotonic()
        rate = plan.rate or self._settings.tokens_per_second
        due = began + (plan.wait if plan.wait is not None else self._settings.first_token_seconds)
        text = plan.text
        said = 0
        while said < len(text):
            now = time.monotonic()
            if now < due:
                await asyncio.sleep(due - now)
                now = time.monotonic()
            tokens = 1 + max(0, int((now - due) * rate))  # late: what is due comes at once
            piece = b""
            for _ in range(min(tokens, 64)):
                token = text[said : said + _CHARACTERS_A_TOKEN]
                if not token:
                    break
                said += len(token)
                due += 1 / rate
                piece += self._chunk({"content": token})
            yield piece
            if self._fault is not None and said >= self._fault.after:
                async for ending in self._break():
                    yield ending
                return
        self._entry["ended"] = time.time()
        for ending in self._ending(said):
            yield ending

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
                error = {"message": self._fault.message, "type": self._fault.code}
                body = {"error": {**error, "param": None, "code": self._fault.code}}
                yield b"data: " + orjson.dumps(body) + b"\n\n"

    def _ending(self, said: int) -> list[bytes]:
        end = [self._chunk({"content": ""}, self._plan.finish)]
        if (self._given.get("stream_options") or {}).get("include_usage"):
            end.append(self._event({"choices": [], "usage": self._usage(said)}))
        return [*end, b"data: [DONE]\n\n"]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"delta": delta, "finish_reason": finish, "index": 0, "logprobs": None}
        return self._event({"choices": [choice], "usage": None})

    def _event(self, body: dict[str, Any]) -> bytes:
        whole = {
            **body,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "system_fingerprint": None,
            "model": self._given["model"],
            "id": self._id,
        }
        return b"data: " + orjson.dumps(whole) + b"\n\n"

    def _whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self._plan.text}
        choice = {"message": message, "finish_reason": self._plan.finish, "index": 0}
        return {
            "choices": [{**choice, "logprobs": None}],
            "object": "chat.completion",
            "usage": self._usage(len(self._plan.text)),
            "created": int(time.time()),
            "system_fingerprint": None,
            "model": self._given["model"],
            "id": self._id,
        }

    def _usage(self, said: int) -> dict[str, Any]:
        read = len(orjson.dumps(_without_pictures(self._given)["messages"])) // _CHARACTERS_A_TOKEN
        written = -(-said // _CHARACTERS_A_TOKEN)
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": 0},
        }


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _refusal(fault: Fault) -> Response:
    request_id = str(uuid.uuid4())
    error = {"message": fault.message, "type": fault.code, "param": None, "code": fault.code}
    body = {"error": error, "id": f"chatcmpl-{request_id}", "request_id": request_id}
    headers = {"x-request-id": request_id}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Response(
        orjson.dumps(body),
        status_code=fault.status,
        headers=headers,
        media_type="application/json",
    )


def _without_pictures(given: dict[str, Any]) -> dict[str, Any]:
    """The request with each data URL replaced by its size."""
    messages = []
    for message in given["messages"]:
        content = message.get("content")
        if isinstance(content, list):
            content = [
                {"type": "image_url", "bytes": len(part["image_url"]["url"])}
                if part.get("type") == "image_url"
                else part
                for part in content
            ]
        messages.append({**message, "content": content})
    return {**given, "messages": messages}
