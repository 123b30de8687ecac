"""Traces, for whoever collects them by OpenTelemetry; without an address they are nothing at all.

A span tells when something began, how long it took, how it ended and of what it is, in ids: never
what anybody said. The library is an extra (`pip install 'threadwise[otel]'`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from bot.errors import ConfigError

NOT_THERE = (
    "BOT_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'threadwise[otel]'."
)


class Span:
    """Something that is going on."""

    def end(self, outcome: str) -> None:
        """It has ended so. Only the first end counts."""


class _Nothing:
    """Implements `Tracer` where nobody collects."""

    _span = Span()

    def start(self, name: str, attributes: dict[str, str | int]) -> Span:
        return self._span

    @contextmanager
    def within(self, name: str, attributes: dict[str, str | int]) -> Iterator[Span]:
        yield self._span


class _OpenTelemetry:
    """Implements `Tracer` by the library."""

    def __init__(self, provider: Any) -> None:
        from opentelemetry import trace

        self.provider = provider
        self._tracer = provider.get_tracer("threadwise")
        self._use = trace.use_span

    def start(self, name: str, attributes: dict[str, str | int]) -> Span:
        return _Running(self._tracer.start_span(name, attributes=attributes))

    @contextmanager
    def within(self, name: str, attributes: dict[str, str | int]) -> Iterator[Span]:
        raw = self._tracer.start_span(name, attributes=attributes)
        span = _Running(raw)
        try:
            # What an exception says may be what somebody said: its name is enough.
            with self._use(raw, record_exception=False, set_status_on_exception=False):
                yield span
        except BaseException as error:
            span.end(type(error).__name__)
            raise
        span.end("ok")


class _Running(Span):
    def __init__(self, raw: Any) -> None:
        self._raw = raw

    @override
    def end(self, outcome: str) -> None:
        if self._raw.is_recording():
            self._raw.set_attribute("outcome", outcome)
            self._raw.end()


_tracer: _Nothing | _OpenTelemetry = _Nothing()


def start(name: str, **attributes: str | int) -> Span:
    """Begin a span that is ended by hand: for what goes on between the steps of a generator."""
    return _tracer.start(name, attributes)


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[Span]:
    """A span around a block; what begins inside, also in tasks, belongs to it."""
    with _tracer.within(name, attributes) as running:
        yield running


@contextmanager
def collecting(endpoint: str, *, service: str = "threadwise") -> Iterator[None]:
    """Send spans to an address (OTLP over HTTP) while the block runs. Raises ConfigError."""
    if not endpoint:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError([NOT_THERE]) from error
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    with _collected_by(provider):
        yield


@contextmanager
def _collected_by(provider: Any) -> Iterator[None]:
    global _tracer
    before, _tracer = _tracer, _OpenTelemetry(provider)
    try:
        yield
    finally:
        _tracer = before
        provider.shutdown()
