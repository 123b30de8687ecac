"""Digests come when they were ordered, also on the days when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.digests.recurrence import EVERY_DAY, WEEKDAYS, Recurrence

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # changes at midnight
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kolkata",
    "Pacific/Apia",  # had no 30 December 2011
    "Africa/Casablanca",
    "UTC",
)


def moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Any moment from the beginning of one year to that of another."""
    bounds = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (first, last))
    return st.integers(*map(int, bounds)).map(lambda at: datetime.fromtimestamp(at, UTC))


def daily(at: time, zone: str) -> Recurrence:
    return Recurrence(days=EVERY_DAY, at=at, zone=zone)


def runs(recurrence: Recurrence, start: datetime, count: int) -> list[str]:
    zone = ZoneInfo(recurrence.zone)
    found = islice(recurrence.after(start), count)
    return [f"{due.astimezone(zone):%m-%d %H:%M}" for due in found]


@pytest.mark.parametrize(
    ("zone", "at", "start", "expected"),
    [
        # 02:30 does not exist on 29 March and exists twice on 25 October
        ("Europe/Berlin", time(2, 30), date(2026, 3, 28), ["03-28 02:30", "03-29 03:30", "03-30 02:30"]),
        ("Europe/Berlin", time(2, 30), date(2026, 10, 24), ["10-24 02:30", "10-25 02:30", "10-26 02:30"]),
        ("America/Santiago", time(0, 30), date(2026, 9, 5), ["09-05 00:30", "09-06 01:30", "09-07 00:30"]),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 3), ["10-03 02:15", "10-04 02:45", "10-05 02:15"]),
        ("Pacific/Apia", time(9), date(2011, 12, 29), ["12-29 09:00", "12-31 09:00", "01-01 09:00"]),
    ],
)  # fmt: skip
def test_a_changing_clock_neither_skips_nor_doubles(
    zone: str, at: time, start: date, expected: list[str]
) -> None:
    midnight = datetime.combine(start, time(0), tzinfo=ZoneInfo(zone))

    assert runs(daily(at, zone), midnight, 3) == expected


def test_the_hour_that_comes_twice_counts_the_first_time() -> None:
    due = daily(time(2, 30), "Europe/Berlin").next_after(datetime(2026, 10, 24, 12, tzinfo=UTC))

    assert due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    start=moments(2009, 2036),
)
def test_every_chosen_day_has_exactly_one_run(
    zone: str, days: frozenset[int], at: time, start: datetime
) -> None:
    recurrence = Recurrence(days=days, at=at, zone=zone)
    found = list(islice(recurrence.after(start), 20))

    assert found == sorted(set(found))
    assert found[0] > start
    for due in found:
        local = due.astimezone(ZoneInfo(zone))
        moved = (local.replace(tzinfo=None) - datetime.combine(local.date(), at)) % timedelta(
            days=1
        )
        assert moved <= timedelta(hours=1), "later by no more than the clock jumps"
    # Looking again from any run on finds the same runs: a restart neither adds nor loses one.
    assert list(islice(recurrence.after(found[0]), 19)) == found[1:]
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert max(gaps) <= timedelta(days=8, hours=1)


@given(
    start=moments(2020, 2030),
    asleep=st.timedeltas(timedelta(0), timedelta(days=40)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)
def test_of_all_that_was_missed_only_the_last_counts(
    start: datetime, asleep: timedelta, days: frozenset[int]
) -> None:
    recurrence = Recurrence(days=days, at=time(9), zone="Europe/Berlin")
    until = start + asleep
    missed = [due for due in islice(recurrence.after(start), 60) if due <= until]

    assert recurrence.latest_between(start, until) == (missed[-1] if missed else None)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (WEEKDAYS, "every weekday at 9:05 (Europe/Berlin)"),
        (EVERY_DAY, "every day at 9:05 (Europe/Berlin)"),
        (frozenset({0}), "every Monday at 9:05 (Europe/Berlin)"),
        (frozenset({4, 0, 2}), "every Monday, Wednesday and Friday at 9:05 (Europe/Berlin)"),
    ],
)
def test_a_schedule_says_itself_in_words(days: frozenset[int], words: str) -> None:
    assert Recurrence(days=days, at=time(9, 5), zone="Europe/Berlin").words == words
