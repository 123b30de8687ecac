"""When a digest is due, and which part of a channel it reads."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from bot.conversation.digests.digest import (
    ChannelNote,
    Digest,
    Pause,
    Plan,
    TopicNote,
    Window,
    note_of,
    stretch,
)
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = Plan(channels=("C1",), recurrence=Recurrence(days=EVERY_DAY, at=time(9), zone="UTC"))
DIGEST = Digest(id=1, team_id="T1", owner_id="U1", plan=PLAN, fired_until=NINE - DAY)
NOTE = ChannelNote(
    channel_id="C1",
    read_from=NINE - 2 * DAY,
    read_until=NINE - DAY,
    messages=3,
    headline="A release",
    topics=(TopicNote(title="Release 2", link="https://x/1"),),
)


def test_it_is_due_at_its_time_and_once_only() -> None:
    assert DIGEST.due(NINE - timedelta(seconds=1), HOUR) is None
    assert DIGEST.due(NINE, HOUR) == NINE
    assert replace(DIGEST, fired_until=NINE).due(NINE + HOUR, HOUR) is None


def test_after_downtime_it_comes_once_if_it_is_not_too_late() -> None:
    asleep = replace(DIGEST, fired_until=NINE - 30 * DAY)

    assert asleep.due(NINE + HOUR, HOUR) == NINE
    assert asleep.due(NINE + HOUR + timedelta(seconds=1), HOUR) is None


def test_a_paused_digest_is_never_due() -> None:
    assert replace(DIGEST, pause=Pause.BY_OWNER).due(NINE, HOUR) is None


def test_the_first_one_looks_back_a_day_and_the_next_ones_go_on_from_there() -> None:
    assert stretch(Window.SINCE_LAST, NINE, ()).read_from == NINE - DAY
    assert stretch(Window.SINCE_LAST, NINE, (NOTE,)).read_from == NOTE.read_until


def test_after_a_long_pause_no_more_than_a_month_is_read() -> None:
    old = replace(NOTE, read_until=NINE - 90 * DAY)

    assert stretch(Window.SINCE_LAST, NINE, (old,)).read_from == NINE - 31 * DAY


def test_what_was_read_is_not_read_again_but_told_from_the_notes() -> None:
    found = stretch(Window.WEEK, NINE, (replace(NOTE, read_until=NINE - 8 * DAY), NOTE))

    assert found.read_from == NOTE.read_until
    assert found.earlier == (NOTE,)


def test_a_note_is_kept_whole() -> None:
    assert note_of(NOTE.as_json()) == NOTE
