"""What people mean by "yesterday": checked against a calendar, in several zones, across clock changes."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.summaries.timespans import EXAMPLES, Span, in_words, read_since, read_span
from bot.errors import UnclearRequest

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 25, 14, 30, tzinfo=BERLIN)
NOW = "2026-11-25 14:30"


def local(span: Span) -> tuple[str, str]:
    """The span as a clock in Berlin shows it."""
    start, end = span.start.astimezone(BERLIN), span.end.astimezone(BERLIN)
    return f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("today", "2026-11-25 00:00", NOW),
        ("yesterday", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("this week", "2026-11-23 00:00", NOW),
        ("last week", "2026-11-16 00:00", "2026-11-23 00:00"),
        ("last month", "2026-10-01 00:00", "2026-11-01 00:00"),
        ("march", "2026-03-01 00:00", "2026-04-01 00:00"),
        ("3d", "2026-11-22 14:30", NOW),
        ("90m", "2026-11-25 13:00", NOW),
        ("last 3 days", "2026-11-22 14:30", NOW),
        ("2 weeks", "2026-11-11 14:30", NOW),
        ("last hour", "2026-11-25 13:30", NOW),
        ("monday", "2026-11-23 00:00", "2026-11-24 00:00"),
        ("Wednesday", "2026-11-25 00:00", NOW),
        ("last wednesday", "2026-11-18 00:00", "2026-11-19 00:00"),
        ("last friday", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("9:00", "2026-11-25 09:00", NOW),
        ("17:30", "2026-11-24 17:30", NOW),
        ("5pm", "2026-11-24 17:00", NOW),
        ("yesterday 14:00", "2026-11-24 14:00", NOW),
        ("friday 9:30", "2026-11-20 09:30", NOW),
        ("2026-11-20", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("20 nov", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("Nov 20 2026", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("20.11.", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("24.12.", "2025-12-24 00:00", "2025-12-25 00:00"),
        ("20.11.2025 9:00", "2025-11-20 09:00", NOW),
        ("2026-11-20T09:00", "2026-11-20 09:00", NOW),
        ("2026-11-20T09:00Z", "2026-11-20 10:00", NOW),
        ("for the last two days", "2026-11-23 14:30", NOW),
        ("9999 weeks", "1970-01-01 01:00", NOW),
        ("the past week", "2026-11-18 14:30", NOW),
        ("the 1st", "2026-11-01 00:00", "2026-11-02 00:00"),
        ("30th", "2026-10-30 00:00", "2026-10-31 00:00"),
        ("gestern", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("letzte Woche", "2026-11-16 00:00", "2026-11-23 00:00"),
        ("hier", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("ayer", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("昨天", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("昨日", "2026-11-24 00:00", "2026-11-25 00:00"),
    ],
)
def test_an_expression_means_what_people_mean_by_it(words: str, start: str, end: str) -> None:
    """On a Wednesday afternoon in Berlin."""
    assert local(read_span(words, now=WEDNESDAY)) == (start, end)


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        ("monday", "", "2026-11-23 00:00", NOW),
        ("9:00", "11:00", "2026-11-25 09:00", "2026-11-25 11:00"),
        ("monday", "tuesday", "2026-11-23 00:00", "2026-11-25 00:00"),
        ("monday", "friday", "2026-11-23 00:00", NOW),
        ("last week", "2d", "2026-11-16 00:00", "2026-11-23 14:30"),
        ("2026-11-01", "2026-11-03", "2026-11-01 00:00", "2026-11-04 00:00"),
        ("", "yesterday", "2026-11-24 00:00", "2026-11-25 00:00"),
    ],
)
def test_since_and_until_name_the_outer_ends(since: str, until: str, start: str, end: str) -> None:
    assert local(read_since(since, until, now=WEDNESDAY)) == (start, end)


@pytest.mark.parametrize(
    "words",
    ["yestreday", "incidents", "5", "25:00", "31.02.", "2025-13-40", "9-12", "9999-12-31", ""],
)
def test_what_is_no_time_is_said_to_be_none(words: str) -> None:
    with pytest.raises(UnclearRequest, match="as a time"):
        read_span(words, now=WEDNESDAY)


def test_a_whole_page_of_words_is_not_repeated_to_whoever_sent_it() -> None:
    with pytest.raises(UnclearRequest) as raised:
        read_span("x" * 3_000 + " and more", now=WEDNESDAY)
    assert len(str(raised.value)) < 500


def test_the_future_holds_no_messages() -> None:
    with pytest.raises(UnclearRequest, match="to come"):
        read_span("tomorrow", now=WEDNESDAY)
    with pytest.raises(UnclearRequest, match="no time between"):
        read_since("11:00", "9:00", now=WEDNESDAY)


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours() -> None:
    spring = datetime(2026, 3, 30, 8, 0, tzinfo=BERLIN)
    autumn = datetime(2026, 10, 26, 8, 0, tzinfo=BERLIN)
    for now, hours in ((spring, 23), (autumn, 25)):
        day = read_span("yesterday", now=now)
        assert (day.end - day.start).total_seconds() == hours * 3600


def test_days_go_by_the_calendar_and_hours_by_the_clock_across_a_change() -> None:
    now = datetime(2026, 3, 29, 14, 0, tzinfo=BERLIN)
    assert local(read_span("1d", now=now))[0] == "2026-03-28 14:00"
    assert local(read_span("24h", now=now))[0] == "2026-03-28 13:00"


def test_a_day_is_the_asker_s_own() -> None:
    instant = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    here = read_span("yesterday", now=instant.astimezone(ZoneInfo("America/Los_Angeles")))
    there = read_span("yesterday", now=instant.astimezone(ZoneInfo("Asia/Shanghai")))
    assert here.start == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert there.start == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def test_a_span_is_told_in_weekdays_while_they_are_unmistakable() -> None:
    def said(words: str) -> str:
        return in_words(read_span(words, now=WEDNESDAY), now=WEDNESDAY)

    assert said("3d") == "Sun 14:30 to Wed 14:30"
    assert said("9:00") == "Wed 9:00 to 14:30"
    assert said("last week") == "Mon 16 Nov 0:00 to Mon 23 Nov 0:00"
    assert said("24.12.") == "Wed 24 Dec 2025 0:00 to Thu 25 Dec 2025 0:00"


def test_the_guide_has_the_table_that_the_help_shows() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "using.md").read_text(encoding="utf-8")
    for expression, meaning in EXAMPLES:
        assert f"| {expression} | {meaning} |" in guide


@pytest.mark.parametrize(("now", "ago"), [("02:45", 15), ("02:15", 45), ("01:59", 1_409)])
def test_a_time_that_comes_twice_is_the_last_one_that_has_passed(now: str, ago: int) -> None:
    """The clocks of Berlin went from 3:00 back to 2:00; it is the second time, or a day before."""
    fold = 1 if now > "02:00" else 0
    at = datetime.fromisoformat(f"2026-10-25T{now}").replace(tzinfo=BERLIN, fold=fold)
    span = read_span("2:30", now=at)
    assert (span.end - span.start).total_seconds() == ago * 60
