"""When something comes again: on some days of the week, at a time of day, in a place's time.

On the two days a year when clocks change, it still comes exactly once: a time that the clock skips
comes as much later as the clock jumps, and a time that comes twice counts the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.listing import in_words

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
WEEKEND = EVERY_DAY - WEEKDAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """At least one day of the week (Monday is 0), a time of day, and an IANA time zone."""

    days: frozenset[int]
    at: time
    zone: str

    def next_after(self, moment: datetime) -> datetime:
        """The first time after a moment; both know their zone, the result is in UTC."""
        return next(self.after(moment))

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The times after a moment, without end, in UTC."""
        # A day before the zone's own: where a whole day is skipped, its time falls into the next.
        day = moment.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        latest = moment.astimezone(UTC)
        while True:
            if day.weekday() in self.days:
                # fold=0 is the earlier of two, and the offset from before a gap (PEP 495).
                at = self.at.replace(fold=0)
                local = datetime.combine(day, at, tzinfo=ZoneInfo(self.zone))
                due = local.astimezone(UTC)
                if due > latest:
                    yield due
                    latest = due
            day += timedelta(days=1)

    def latest_between(self, after: datetime, until: datetime) -> datetime | None:
        """The last time behind `after` and not behind `until`, in UTC; None where there is none."""
        latest = None
        # Longer ago than this, only the last time matters, and each week has one.
        for due in self.after(max(after, until - timedelta(days=9))):
            if due > until:
                return latest
            latest = due
        return latest

    @property
    def words(self) -> str:
        """Such as `every weekday at 9:00 (Europe/Berlin)`."""
        return f"every {_days_in_words(self.days)} at {self.at.hour}:{self.at:%M} ({self.zone})"


def _days_in_words(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return "day"
    if days == WEEKDAYS:
        return "weekday"
    return in_words([DAY_NAMES[day] for day in sorted(days)])
