"""Every call to the outside: counted, timed and traced in one place."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from prometheus_client import Counter, Histogram

from bot.telemetry import metrics, tracing

Outcome = Callable[[BaseException], str]


class Call:
    """Stands around one call; how the block ends is how the call has ended.

    It may stand around the steps of a generator.
    """

    def __init__(
        self, what: str, name: str, counter: Counter, seconds: Histogram, outcome: Outcome
    ) -> None:
        self._what = what
        self._name = name
        self._counter = counter
        self._seconds = seconds
        self._outcome = outcome

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._span = tracing.start(f"{self._what} {self._name}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        outcome = "ok" if error is None else self._outcome(error)
        self._counter.labels(self._name, outcome).inc()
        self._seconds.labels(self._name).observe(time.perf_counter() - self._began)
        self._span.end(outcome)


def slack_call(method: str, outcome: Outcome) -> Call:
    """A call of a method of Slack's Web API."""
    return Call("slack", method, metrics.slack_calls, metrics.slack_seconds, outcome)


def model_call(model: str, outcome: Outcome) -> Call:
    """A request to a model, from its sending to the stream's end."""
    return Call("model", model, metrics.model_calls, metrics.model_seconds, outcome)
