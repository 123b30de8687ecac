"""The account's requests and tokens a minute, shared fairly among workspaces ("Rate limits").

The service counts for each model over a minute and by the second, so the buckets hold little and
fill steadily; each process has as much of the rate as it has of the requests of all processes. A request larger than its bucket is let through when there is anything in it, and
those after it wait for what it owes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.conversation.messages import Prompt, Text, UserTurn
from bot.conversation.sharing import CatchUp, Common, Told, nobody_else
from bot.conversation.tokens import estimate
from bot.errors import ModelBusy
from bot.telemetry import metrics

LONGEST_WAIT = 20.0
"""Seconds. Somebody who waits longer is told so, or asks a model that stands in."""
_BURST_SECONDS = 2.0
_LEAST_REQUESTS = 2.0
_SOONEST = 0.01
_LATELY_SECONDS = 10.0
"""A process's part of the rate goes by its requests of so many seconds."""
_MEDIA_TOKENS = 1_300
_ANSWER_TOKENS = 500
"""What an answer is expected to cost, until it is known."""


class TokenBuckets:
    """Implements `conversation.ports_model.Allowance`; a rate of 0 is no limit."""

    def __init__(
        self,
        *,
        requests_a_minute: int,
        tokens_a_minute: int,
        longest: float = LONGEST_WAIT,
        catch_up: CatchUp = nobody_else,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`catch_up` hears of the other processes that use the account."""
        self._catch_up = catch_up
        self._requests_a_minute = requests_a_minute
        self._tokens_a_minute = tokens_a_minute
        self._longest = longest
        self._clock = clock
        self._queues: dict[str, _Queue] = {}

    async def take(self, model: str, *, workspace: str, tokens: int) -> None:
        """Wait for this workspace's turn. Raises ModelBusy."""
        if not (self._requests_a_minute or self._tokens_a_minute):
            return
        try:
            with metrics.model_waiting.labels(model).track_inprogress():
                async with asyncio.timeout(self._longest):
                    await self._queue(model).wait(workspace, tokens, self._catch_up)
        except TimeoutError as error:
            # So long that it is not tried again, but another model may be asked.
            raise ModelBusy("our own share of the limit is used up", retry_after=60.0) from error

    def settle(self, model: str, *, taken: int, spent: int) -> None:
        """Give back what was not needed, or take what was."""
        queue = self._queues.get(model)
        if queue is not None:
            queue.give_back(taken - spent)

    def _queue(self, model: str) -> "_Queue":
        queue = self._queues.get(model)
        if queue is None:
            now = self._clock()
            requests = _Bucket.of(self._requests_a_minute, now, least=_LEAST_REQUESTS)
            tokens = _Bucket.of(self._tokens_a_minute, now, least=1.0)
            common = Common("", f"model {model}")
            queue = self._queues[model] = _Queue(common, requests, tokens, self._clock)
        return queue


@dataclass(slots=True)
class _Bucket:
    """Holds what may be used at once, and fills at a steady rate."""

    whole: float
    """The rate of all processes together, a second."""
    least: float
    size: float
    a_second: float
    left: float
    at: float

    @classmethod
    def of(cls, a_minute: int, now: float, *, least: float) -> "_Bucket":
        """A full bucket of that rate; without a rate it is never empty."""
        rate = a_minute / 60 if a_minute else float("inf")
        size = max(rate * _BURST_SECONDS, least)
        return cls(whole=rate, least=least, size=size, a_second=rate, left=size, at=now)

    def share(self, part: float, now: float) -> None:
        """Fill at a part of the whole rate from now on."""
        self.seconds_until(0, now)
        self.a_second = self.whole * part
        self.size = max(self.a_second * _BURST_SECONDS, self.least)
        self.left = min(self.left, self.size)

    def seconds_until(self, wanted: float, now: float) -> float:
        """When there will be so much in it; 0 for now."""
        if self.a_second == float("inf"):
            return 0.0
        self.left = min(self.size, self.left + (now - self.at) * self.a_second)
        self.at = now
        return max(0.0, (min(wanted, self.size) - self.left) / self.a_second)


@dataclass(slots=True)
class _Waiting:
    """A request in the queue; `turn` is done when it may go."""

    turn: "asyncio.Future[None]"
    tokens: int


@dataclass(slots=True)
class _Queue:
    """Who waits for one model: a line for each workspace, served in turns.

    Implements `conversation.sharing.Sharer`.
    """

    common: Common
    requests: _Bucket
    tokens: _Bucket
    clock: Callable[[], float]
    lines: dict[str, deque[_Waiting]] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    served: deque[float] = field(default_factory=deque)
    """When requests were let go, of late."""

    async def wait(self, workspace: str, tokens: int, catch_up: CatchUp) -> None:
        """Return when it is this request's turn."""
        turn = asyncio.get_running_loop().create_future()
        self.lines.setdefault(workspace, deque()).append(_Waiting(turn, tokens))
        await catch_up(self)
        self._serve()
        await turn

    def give_back(self, tokens: int) -> None:
        """Tokens that were not needed; those that were needed beyond are less than none."""
        self.tokens.left += tokens
        self._serve()

    def settle(self, others: Sequence[Told]) -> Mapping[str, Any]:
        """Take the part of the rate that our requests are of all requests."""
        now = self.clock()
        while self.served and self.served[0] < now - _LATELY_SECONDS:
            self.served.popleft()
        ours = len(self.served) + sum(len(line) for line in self.lines.values())
        theirs = sum(told.stake["requests"] for told in others)
        part = ours / (ours + theirs) if ours else 1.0
        for bucket in (self.requests, self.tokens):
            bucket.share(part, now)
        self._serve()
        return {"requests": ours} if ours else {}

    def _serve(self) -> None:
        """Let go whoever can; come back when the next one can."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        while (line := next(self._waiting(), None)) is not None:
            pause = self._pause()
            if pause > 0:
                loop = asyncio.get_running_loop()
                self.timer = loop.call_later(max(pause, _SOONEST), self._serve)
                return
            workspace, waiting = line
            self._admit(workspace, waiting)

    def _waiting(self) -> Iterator[tuple[str, _Waiting]]:
        """The first of each line, next in turn first; those who have left are dropped."""
        for workspace, line in list(self.lines.items()):
            while line and line[0].turn.done():
                line.popleft()
            if line:
                yield workspace, line[0]
            else:
                del self.lines[workspace]

    def _pause(self) -> float:
        now = self.clock()
        return max(self.requests.seconds_until(1, now), self.tokens.seconds_until(1, now))

    def _admit(self, workspace: str, waiting: _Waiting) -> None:
        self.requests.left -= 1
        self.tokens.left -= waiting.tokens
        line = self.lines.pop(workspace)
        line.popleft()
        if line:
            self.lines[workspace] = line  # behind all the others
        self.served.append(self.clock())
        waiting.turn.set_result(None)


def weight(prompt: Prompt) -> int:
    """About how many tokens a request will be counted as, its answer included."""
    tokens = estimate(prompt.system) + estimate(prompt.prefix) + _ANSWER_TOKENS
    for entry in prompt.entries:
        if not isinstance(entry, UserTurn):
            tokens += estimate(getattr(entry, "text", "") or getattr(entry, "content", ""))
            continue
        for part in entry.parts:
            tokens += estimate(part.text) if isinstance(part, Text) else _MEDIA_TOKENS
    return tokens
