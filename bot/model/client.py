"""The client of Model Studio: sends a prompt, yields deltas, and knows every way it can go wrong.

A request is made again only before its first delta: after a pause where the service is busy or
down, at once where it taught us something about the model, and then with the models that may stand
in. What the service has taught is kept for as long as the process lives.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import httpx
import orjson
from pydantic import BaseModel
from typing_extensions import override

from bot.conversation.messages import (
    Delta,
    Prompt,
    Text,
    TextDelta,
    Usage,
    UserTurn,
    Waiting,
)
from bot.conversation.ports import Abilities, Cost
from bot.conversation.ports_model import Allowance
from bot.conversation.spending import asks, spent
from bot.errors import ModelBusy, ModelError, PromptTooLong
from bot.model import counting
from bot.model.allowance import weight
from bot.model.catalogue import ModelCard
from bot.model.connection import Connection, request_limit
from bot.model.fitting import fit
from bot.model.protocols import Protocols
from bot.model.retry import another_model_helps, retry_delay
from bot.model.structured import complete
from bot.model.wire import Wire
from bot.telemetry import metrics

T = TypeVar("T", bound=BaseModel)


class ModelClient:
    """Implements `conversation.ports.Model` over HTTP."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        api_key: str,
        protocol: str = "auto",
        fallbacks: Sequence[str] = (),
        first_token_seconds: float = 120.0,
        stall_seconds: float = 60.0,
        allowance: Allowance | None = None,
        patience_seconds: float = 5.0,
    ) -> None:
        """Of a request that waits for longer than `patience_seconds` its asker is told."""
        self._connection = Connection(
            http,
            base_url=base_url,
            api_key=api_key,
            first_token_seconds=first_token_seconds,
            stall_seconds=stall_seconds,
        )
        self._protocols = Protocols(protocol)
        self._fallbacks = tuple(fallbacks)
        self._allowance = allowance
        self._patience_seconds = patience_seconds
        self._most_bytes = request_limit(base_url)

    @override
    def __repr__(self) -> str:
        return f"ModelClient({self._connection.base_url!r})"

    def card(self, model: str) -> ModelCard:
        """What that model can do, as far as we know by now."""
        return self._protocols.card(model)

    def abilities(self, model: str) -> Abilities:
        """What that model can do."""
        card = self.card(model)
        return Abilities(
            continues=card.prefix,
            pictures="image" in card.sees,
            videos="video" in card.sees,
            sound="audio" in card.sees,
            tools=card.tools,
            thinking=card.thinking != "none",
            search=card.responses or card.is_known,
            most_tokens=card.max_input if card.is_known else 0,
        )

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        """Yield the answer as it is written; `Finished` comes last. Raises ModelError."""
        models = [prompt.model, *(one for one in self._fallbacks if one != prompt.model)]
        for position, model in enumerate(models):
            has_begun = False
            try:
                async with aclosing(self._stream(replace(prompt, model=model))) as deltas:
                    async for delta in deltas:
                        has_begun = has_begun or type(delta) is not Waiting
                        yield delta
                return
            except ModelError as error:
                is_last = position == len(models) - 1
                if has_begun or is_last or not another_model_helps(error):
                    raise
                metrics.fallbacks.inc()

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        """The answer as a value of that type. Raises ModelError."""
        return await complete(self.stream, prompt, into)

    async def check(self, model: str) -> None:
        """Ask for one token, exactly as the bot asks for many. Raises ModelError."""
        hello = UserTurn(parts=(Text(text="Say hi."),))
        prompt = Prompt(system="Answer briefly.", entries=(hello,), model=model, max_tokens=1)
        async for _ in self.stream(prompt):
            pass

    async def _stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """One model's answer, asked for as often as it makes sense."""
        began = time.monotonic()
        failed = 0
        while True:
            has_begun = False
            fitted = fit(prompt, self.card(prompt.model), self._protocols.finds)
            wire, body = self._encoded(fitted)
            asks(prompt.model)
            try:
                async with self._taking(prompt) as taking:
                    if await self._is_long(taking):
                        yield Waiting()
                    taken = await taking
                with counting.request(prompt.model):
                    async with aclosing(self._connection.batches(wire, body)) as batches:
                        async for batch in batches:
                            for delta in batch:
                                has_begun = True
                                if type(delta) is TextDelta:
                                    yield delta
                                    continue
                                if type(delta) is Usage:
                                    self._note_use(prompt, delta, taken)
                                yield delta
                return
            except ModelError as error:
                if has_begun:
                    raise
                if self._protocols.learn(prompt.model, wire, error):
                    continue
                failed += 1
                pause = _pause(error, failed, time.monotonic() - began)
                if pause is None and not self._protocols.lose(fitted, error):
                    raise
                if isinstance(error, ModelBusy) and (pause or 0) > self._patience_seconds:
                    yield Waiting()
                await asyncio.sleep(pause or 0)

    def _encoded(self, prompt: Prompt) -> tuple[Wire, bytes]:
        """The request, in the protocol that suits it."""
        wire, card = self._protocols.choose(prompt)
        body = orjson.dumps(wire.encode(prompt, card))
        if len(body) > self._most_bytes:
            raise PromptTooLong(f"{len(body):,} bytes, the host takes {self._most_bytes:,}")
        return wire, body

    @asynccontextmanager
    async def _taking(self, prompt: Prompt) -> AsyncIterator[asyncio.Future[int]]:
        """Our share of the account's limits, waited for within this block: how many tokens we took."""
        if self._allowance is None:
            nothing: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            nothing.set_result(0)
            yield nothing
            return
        task = asyncio.create_task(_take(self._allowance, prompt))
        try:
            yield task
        finally:
            task.cancel()

    async def _is_long(self, taking: asyncio.Future[int]) -> bool:
        """Whether a request still waits when those who ask become impatient."""
        if not taking.done():
            await asyncio.wait({taking}, timeout=self._patience_seconds)
        return not taking.done()

    def _note_use(self, prompt: Prompt, usage: Usage, taken: int) -> None:
        card = self.card(prompt.model)
        amount = card.cost(usage)
        cost = None if amount is None else Cost(amount=amount, currency=card.currency)
        counting.count(prompt.model, usage, cost)
        spent(usage, cost)
        if self._allowance is not None:
            together = usage.input_tokens + usage.output_tokens
            self._allowance.settle(prompt.model, taken=taken, spent=together)


async def _take(allowance: Allowance, prompt: Prompt) -> int:
    tokens = weight(prompt)
    await allowance.take(prompt.model, workspace=prompt.workspace, tokens=tokens)
    return tokens


def _pause(error: ModelError, failed: int, elapsed: float) -> float | None:
    jitter = random.random()  # noqa: S311  no secret depends on it
    return retry_delay(error, failed=failed, elapsed=elapsed, jitter=jitter)
