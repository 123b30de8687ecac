"""What is counted, timed, traced and told of readiness."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from bot.errors import ConfigError
from bot.serving import serving
from bot.telemetry import tracing
from bot.telemetry.calls import model_call, slack_call
from bot.web import make_web
from tests.collector import collector


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """A collector of traces in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with tracing._collected_by(provider):
        yield exporter


def outcome(error: BaseException) -> str:
    return "refused" if isinstance(error, ValueError) else "broken off"


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_call_is_counted_timed_and_traced(spans: InMemorySpanExporter) -> None:
    with tracing.span("turn", team="T1"), slack_call("chat.test", outcome):
        pass
    with pytest.raises(ValueError, match="secret"), slack_call("chat.test", outcome):
        raise ValueError("secret words")

    assert counted("threadwise_slack_calls_total", method="chat.test", outcome="ok") == 1
    assert counted("threadwise_slack_calls_total", method="chat.test", outcome="refused") == 1
    assert counted("threadwise_slack_seconds_count", method="chat.test") == 2
    call, turn, failed = spans.get_finished_spans()
    assert call.parent is not None
    assert turn.context is not None
    assert call.parent.span_id == turn.context.span_id
    assert failed.attributes == {"outcome": "refused"}
    assert "secret" not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_a_stream_that_is_left_half_way_is_counted_once(
    spans: InMemorySpanExporter,
) -> None:
    async def stream() -> AsyncGenerator[int, None]:
        with model_call("qwen-test", outcome):
            for number in range(9):
                yield number

    numbers = stream()
    await anext(numbers)
    await numbers.aclose()

    labels = {"model": "qwen-test", "outcome": "broken off"}
    assert counted("threadwise_model_calls_total", **labels) == 1
    assert [span.name for span in spans.get_finished_spans()] == ["model qwen-test"]


def test_an_error_in_a_span_leaves_its_name_only(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="hello"), tracing.span("turn"):
        raise ValueError("hello from anna")

    [span] = spans.get_finished_spans()
    assert span.attributes == {"outcome": "ValueError"}
    assert "anna" not in span.to_json()


def test_traces_go_to_the_address_of_the_settings() -> None:
    with (
        collector() as (address, received),
        tracing.collecting(address),
        tracing.span("turn", team="T1"),
    ):
        pass

    assert b"threadwise" in b"".join(received)


def test_without_an_address_there_is_nothing() -> None:
    with tracing.collecting(""), tracing.span("turn") as span:
        span.end("ok")

    assert type(span) is tracing.Span


def test_an_address_without_the_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(ConfigError, match="pip install"), tracing.collecting("http://x"):
        pass


async def test_a_worker_whose_port_is_taken_listens_on_another() -> None:
    web = make_web([], {}, {})
    async with serving(web, host="127.0.0.1", port=0) as taken:
        async with (
            serving(web, host="127.0.0.1", port=taken, or_any=True) as free,
            httpx.AsyncClient() as client,
        ):
            assert free != taken
            for port in (taken, free):
                assert (await client.get(f"http://127.0.0.1:{port}/healthz")).json() == {"ok": True}
        with pytest.raises(OSError, match=f"can't listen on 127.0.0.1:{taken}: Address already"):
            async with serving(web, host="127.0.0.1", port=taken):
                pass


async def test_readiness_is_about_us_and_not_about_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web._CHECK_SECONDS", 0.05)
    database = True

    async def reachable() -> bool:
        if not database:
            await asyncio.sleep(60)
        return True

    async def away() -> bool:
        raise ConnectionError

    web = make_web([], {"database": reachable}, {"slack": away})
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["slack"]) == (200, False)
        assert 'threadwise_part_up{part="slack"} 0.0' in (await client.get("/metrics")).text
        database = False
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
