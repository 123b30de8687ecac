"""What an admin sees of the running program: every figure that the documents name, and its traces."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.collector import collector
from tests.playground import (
    AT,
    BEN,
    GENERAL,
    RunningBot,
    RunningPlayground,
    free_port,
    running_bot,
    until,
)

ALERTS = Path(__file__).parents[2] / "docs/alerts.md"
NAMED = re.compile(r"`(\w+)(?:\{([\w, ]+)\})?`")
LONG = "".join(f"Day {day}: wind and rain, and nothing else to tell.\n\n" * 8 for day in range(900))
SECRET = "marzipan"


class Seen:
    """The bot's `/metrics`."""

    def __init__(self, playground: RunningPlayground, port: int) -> None:
        self.playground = playground
        self._url = f"http://127.0.0.1:{port}/metrics"

    def figure(self, name: str, **labels: str) -> float:
        """The sum of a figure's samples that have these labels."""
        return sum(self._samples(f"threadwise_{name}", **labels))

    def labels(self, name: str) -> set[frozenset[str]]:
        """The labels with which a figure is shown, those of its buckets aside."""
        return {
            frozenset(sample.labels.keys() - {"le"})
            for family in self._families()
            for sample in family.samples
            if sample.name.removeprefix("threadwise_") in {name, f"{name}_count"}
        }

    def _samples(self, name: str, **labels: str) -> Iterator[float]:
        for family in self._families():
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    yield sample.value

    def _families(self) -> Iterable[Metric]:
        return text_string_to_metric_families(httpx.get(self._url).text)


@pytest.fixture
def seen(playground: RunningPlayground, tmp_path: Path) -> Iterator[Seen]:
    port = free_port()
    settings = {
        "PORT": str(port),
        "BOT_CONCURRENCY": "2",
        "BOT_DENIED_USERS": BEN,
        "BOT_FALLBACK_MODELS": "qwen3.6-flash",
        "BOT_MODEL_RPM": "6000",
    }
    with running_bot(playground, tmp_path, **settings):
        yield Seen(playground, port)


def _explained() -> Iterator[tuple[str, frozenset[str]]]:
    """The figures of the documents' table, each with its labels."""
    for line in ALERTS.read_text().partition("## What is measured")[2].splitlines():
        if line.startswith("| `"):
            for name, labels in NAMED.findall(line.split("|")[1]):
                yield name, frozenset(filter(None, labels.split(", ")))


def test_what_summaries_and_documents_take_is_counted_too(seen: Seen) -> None:
    seen.playground.say("We ship on Friday.", who=BEN)
    seen.playground.model_fails("404")  # the price of the model that stands in is known
    seen.playground.command("/summarize")
    until(lambda: seen.figure("errands_total", kind="summary", outcome="done") == 1)
    assert seen.figure("tokens_total", kind="input") > 0
    assert seen.figure("cost_total") > 0

    ts = seen.playground.share(f"{AT}what about the dredging?", {"log.txt": LONG.encode()})
    seen.playground.answer(ts)
    assert seen.figure("model_calls_total", model="text-embedding-v4", outcome="ok") > 0
    assert seen.figure("tokens_total", model="text-embedding-v4", kind="input") > 0


def test_every_figure_moves_and_has_the_labels_that_are_explained(seen: Seen) -> None:
    here = seen.playground
    here.say(f"{AT}/echo no", who=BEN)
    here.model_fails("404")
    here.answer(here.say(f"{AT}/echo hello"))
    here.answer(here.say(f"{AT}/fail cut"))
    slow = [here.say(f"{AT}/tokens 200 40") for _ in range(2)]
    for ts in slow:
        here.growing(ts)
    last = here.say(f"{AT}what is 6*7?")
    until(lambda: seen.figure("queue_length", queue="questions") == 1, what="somebody who waits")
    assert seen.figure("queue_age_seconds", queue="questions") > 0
    assert seen.figure("running_replies") == 2
    for ts in [*slow, last]:
        here.answer(ts)
    until(lambda: seen.figure("turns_total", outcome="done") == 4)
    until(lambda: seen.figure("errands_total", kind="refusal", outcome="done") == 1)

    explained = dict(_explained())
    assert len(explained) > 20
    for name, labels in explained.items():
        assert seen.labels(name) == {labels}, name
        if name.endswith(("_total", "_seconds")) and not name.startswith("queue"):
            moved = name if name.endswith("_total") else f"{name}_count"
            assert seen.figure(moved) > 0, name
    for part in ("database", "worker", "slack"):
        assert seen.figure("part_up", part=part) == 1
    assert seen.figure("slack_calls_left", method="chat.startStream") > 0


def test_a_line_of_the_log_says_whose_it_is(playground: RunningPlayground, bot: RunningBot) -> None:
    ts = playground.say(f"{AT}/fail cut")
    failed = playground.answer(ts)
    playground.click(failed, "retry_reply")
    until(lambda: bot.log().count("turn failed") == 2)
    playground.edit(ts, f"{AT}what is 6*7?")
    until(lambda: "turn ended" in bot.log())
    playground.delete(ts)
    until(lambda: not playground.answers(ts))
    playground.settled()

    where = {"team": "T0ACME", "channel": GENERAL}
    lines = [json.loads(line) for line in bot.log().splitlines()]
    taken = {line["what"]: line for line in lines if line["event"] == "taken in"}
    assert taken.keys() == {"MessagePosted", "AgainAsked", "MessageEdited", "MessageDeleted"}
    for line in taken.values():
        assert where.items() <= line.items()
    turns = [line for line in lines if line["event"] in {"turn failed", "turn ended"}]
    assert len(turns) == 3
    for line in turns:
        assert {**where, "thread": ts}.items() <= line.items()
        assert line["turn"]
        assert line["request"], "the service's own id of the request"


def _spans(received: list[bytes]) -> list[Span]:
    return [
        span
        for sent in received
        for resource in ExportTraceServiceRequest.FromString(sent).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_traces_tell_what_an_answer_and_a_summary_consisted_of_and_never_a_word(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    with (
        collector() as (address, received),
        running_bot(playground, tmp_path, BOT_OTLP_ENDPOINT=address) as bot,
    ):
        playground.answer(playground.say(f"{AT}/echo {SECRET}"))
        playground.command("/summarize")
        until(lambda: "errand ended" in bot.log())
        assert bot.terminate() == 0

    spans = _spans(received)
    for name, within in (("turn", "chat.startStream"), ("errand", "conversations.history")):
        [outer] = [span for span in spans if span.name == name]
        inner = {span.name for span in spans if span.trace_id == outer.trace_id}
        assert {f"slack {within}", "model qwen3.7-plus"} <= inner
    assert "event" in {span.name for span in spans}
    assert SECRET.encode() not in b"".join(received)
