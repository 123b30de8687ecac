"""The words behind `/summarize`, as people type them and Slack escapes them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.summaries.request import Length, SummaryRequest, read_request, span_of
from bot.conversation.summaries.timespans import EXAMPLES, Span
from bot.errors import UnclearRequest

THREAD = "1700000000.000001"
LINK = f"<https://acme.slack.com/archives/C012/p1700000000000100?thread_ts={THREAD}&amp;cid=C012>"
NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SummaryRequest()),
        ("yesterday", SummaryRequest(when="yesterday")),
        ("<#C012|general> since monday", SummaryRequest(channel_id="C012", since="monday")),
        ("<#G012|> 3d", SummaryRequest(channel_id="G012", when="3d")),
        (LINK, SummaryRequest(channel_id="C012", thread_ts=THREAD)),
        (
            "<https://acme.slack.com/archives/C012/p1700000000000100>",
            SummaryRequest(channel_id="C012", thread_ts="1700000000.000100"),
        ),
        (
            "since monday until friday focus on the release in Berlin detailed",
            SummaryRequest(
                since="monday",
                until="friday",
                focus="the release in Berlin",
                length=Length.DETAILED,
            ),
        ),
        (
            "from monday to friday about incidents in French",
            SummaryRequest(since="monday", until="friday", focus="incidents", language="French"),
        ),
        (
            "auf Deutsch seit gestern kurz",
            SummaryRequest(since="gestern", language="German", length=Length.SHORT),
        ),
        ("focus “short circuits”", SummaryRequest(focus="short circuits")),
        ("about how to get from A to B", SummaryRequest(focus="how to get from A to B")),
        ("about R&amp;D by <@U1|anna>, please", SummaryRequest(focus="R&D by anna")),
        ("of <#C012|general> on friday please", SummaryRequest(channel_id="C012", when="friday")),
        ("since monday, focus: incidents", SummaryRequest(since="monday", focus="incidents")),
        ("yesterday until 17:00", SummaryRequest(since="yesterday", until="17:00")),
    ],
)
def test_every_part_is_understood_in_any_order(text: str, expected: SummaryRequest) -> None:
    assert read_request(text) == expected


@pytest.mark.parametrize("text", ["<#C1|a> <#C2|b>", "#general since monday"])
def test_a_place_that_can_t_be_told_is_asked_for(text: str) -> None:
    with pytest.raises(UnclearRequest):
        read_request(text)


def test_nothing_said_means_since_the_person_last_asked_or_a_day() -> None:
    asked = NOW - timedelta(hours=5)
    empty = SummaryRequest()
    assert span_of(empty, now=NOW, last_end=asked) == Span(start=asked, end=NOW)
    assert span_of(empty, now=NOW, last_end=None) == Span(start=NOW - timedelta(days=1), end=NOW)


def test_a_thread_is_summarised_whole_unless_a_time_is_said() -> None:
    thread = SummaryRequest(channel_id="C1", thread_ts=THREAD)
    assert span_of(thread, now=NOW, last_end=NOW) is None
    since = SummaryRequest(channel_id="C1", thread_ts=THREAD, since="9:00")
    assert span_of(since, now=NOW, last_end=None) == Span(
        start=NOW.replace(hour=9, minute=0), end=NOW
    )


def test_every_time_of_the_help_is_a_time_to_the_command() -> None:
    said = {one for expressions, _ in EXAMPLES for one in expressions.split(", ") if "…" not in one}
    for words in said - {"seit montag"}:
        assert read_request(words).when == words
