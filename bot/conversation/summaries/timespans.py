"""What people mean by "yesterday", "since monday" or "3d": a span of time, by their own clock. Pure."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from textwrap import shorten
from typing import Any

from bot.errors import UnclearRequest

UNCLEAR = (
    "I can't read “{words}” as a time. I understand {examples}. For a subject, write `focus …`."
)
EMPTY = "There is no time between “{since}” and “{until}”."
TOO_FAR = "“{words}” is still to come."

EXAMPLES = (
    ("today, yesterday", "that day, from 0:00 by your clock"),
    ("this week, last week", "from Monday 0:00"),
    ("this month, last month, march", "the calendar month"),
    ("3d, 12h, 90m, 2 weeks, last 3 days, the past week", "from that long ago until now"),
    ("monday, last friday", "the last day of that name; without “last” it may be today"),
    ("9:00, 17:30, 5pm", "the last time it was that late"),
    ("yesterday 14:00, friday 9:30", "that moment"),
    ("2026-11-20, 20 nov, 20.11., nov 20 2026, the 1st", "that day"),
    ("2026-11-20T09:00, 2026-11-20T09:00Z", "that moment, by your clock or in UTC"),
    ("since …", "from its beginning until now"),
    ("since … until …", "from the beginning of one to the end of the other"),
    ("gestern, seit montag, hier, ayer, 昨天, 昨日", "the same in other languages"),
)
"""The expressions that are understood, with what they mean: for the help and docs/using.md."""
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "zh", "ja", "ko")
"""Those of dateparser in which days are read; with all of its two hundred, a typo takes seconds."""

_UNITS = {
    "minute": r"m|mins?|minutes?|minuten?",
    "hour": r"h|hrs?|hours?|stunden?",
    "day": r"d|days?|tagen?|tage?",
    "week": r"w|wks?|weeks?|wochen?",
    "month": r"months?|monaten?|monate?",
}
_DURATION = re.compile(
    r"(?:last |past |letzten? )?(?P<count>\d{1,4})\s*(?:"
    + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items())
    + r")(?: ago)?"
)
_ONE = re.compile(r"(?:last|past) (?P<unit>minute|hour)|past (?P<more>day|week|month)")
_LEAD = re.compile(r"(?:(?:for|over|in|during|within) )?(?:the )?(?=(?:last|past)\b)")
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNT = re.compile(rf"(?<=last |past )(?:{'|'.join(_COUNTS)})\b")
_OF_MONTH = re.compile(r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)")
_RANGE = re.compile(r"\d{1,2}(?::\d{2})?\s*[-–]\s*\d{1,2}(?::\d{2})?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{1,2}:\d{2}.*", re.IGNORECASE)
_GERMAN_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{2,4}))?(?P<rest>\s.*)?")
_CLOCK = re.compile(
    r"(?:um |at )?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm|uhr)?", re.IGNORECASE
)
_LAST_DAY = re.compile(r"^(?:last|letzte[nr]?) (?=\w*(?:day|tag|woch)\b)")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Slack counts from there."""
_BARE_NUMBER = re.compile(r"\W*\d+\W*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to another, both in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def between_ts(cls, first: str, last: str) -> "Span":
        """From one Slack message to another."""
        return cls(
            start=datetime.fromtimestamp(float(first), UTC),
            end=datetime.fromtimestamp(float(last), UTC),
        )

    def holds(self, ts: str) -> bool:
        """Whether a Slack message with this ts was written in it."""
        return self.start.timestamp() <= float(ts) <= self.end.timestamp()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A day, a week or a moment on somebody's clock; without a zone."""

    start: datetime
    end: datetime


def read_span(words: str, *, now: datetime) -> Span:
    """The span that these words name by themselves; it never reaches beyond `now`.

    `now` is in the person's own time zone. Raises UnclearRequest.
    """
    if ago := _ago(words, now):
        return Span(start=ago, end=now.astimezone(UTC))
    with _on_the_calendar(words):
        span = _on_clock(_stretch(words, now), now)
    today = now.astimezone(UTC)
    if span.start >= today:
        raise UnclearRequest(TOO_FAR.format(words=words))
    is_moment = span.start == span.end
    return Span(start=span.start, end=today if is_moment else min(span.end, today))


def read_since(since: str, until: str = "", *, now: datetime) -> Span:
    """From the beginning of what `since` names to the end of what `until` names, or to `now`.

    Without `since` it is the day before. Raises UnclearRequest.
    """
    today = now.astimezone(UTC)
    with _on_the_calendar(until):
        end = _end(until, now) if until else today
    start = read_span(since, now=now).start if since else end - timedelta(days=1)
    if end <= start and until and not _ago(until, now):
        # "since monday until friday", on a Wednesday
        with _on_the_calendar(until):
            end = _on_clock(_stretch(until, now, prefer="future"), now).end
    if end <= start:
        raise UnclearRequest(EMPTY.format(since=since, until=until))
    return Span(start=start, end=min(end, today))


def in_words(span: Span, *, now: datetime) -> str:
    """A span for people: "Mon 9:00 to Fri 17:30", with dates where it is not of these days.

    `now` is in the time zone of whoever reads it.
    """
    start, end = span.start.astimezone(now.tzinfo), span.end.astimezone(now.tzinfo)
    if start.date() == end.date():
        return f"{_moment(start, start, now)} to {_clock_time(end)}"
    return f"{_moment(start, start, now)} to {_moment(end, start, now)}"


def _moment(at: datetime, start: datetime, now: datetime) -> str:
    """One end of a span that begins at `start`: with its date, and its year, where they are needed."""
    if now - start < timedelta(days=6):
        return f"{at:%a} {_clock_time(at)}"
    year = "" if start.year == now.year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {_clock_time(at)}"


def _clock_time(at: datetime) -> str:
    return f"{at.hour}:{at:%M}"


def _end(until: str, now: datetime) -> datetime:
    return _ago(until, now) or _on_clock(_stretch(until, now), now).end


def _ago(words: str, now: datetime) -> datetime | None:
    """The moment so long ago; days and weeks go by the calendar, so 3d keeps the time of day."""
    text = _LEAD.sub("", " ".join(words.strip(" .").lower().split()), count=1)
    text = _COUNT.sub(lambda found: str(_COUNTS.index(found[0]) + 1), text)
    if one := _ONE.fullmatch(text):
        text = f"1 {one['unit'] or one['more']}"
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    count = int(found["count"])
    if found["minute"]:
        return (now.astimezone(UTC)) - timedelta(minutes=count)
    if found["hour"]:
        return (now.astimezone(UTC)) - timedelta(hours=count)
    days = count * (7 if found["week"] else 30 if found["month"] else 1)
    return max(_EARLIEST, (now - timedelta(days=days)).astimezone(UTC))


def _stretch(words: str, now: datetime, *, prefer: str = "past") -> _Stretch:
    """The day, week, month or moment that words name. Raises UnclearRequest."""
    text = _LEAD.sub("", " ".join(words.strip(" \"'“”.,").split()).lower(), count=1)
    local = now.replace(tzinfo=None)
    if _ISO.fullmatch(text):
        return _iso(text, now)
    if clock := _CLOCK.fullmatch(text):
        return _clock(clock, now, words)
    if german := _GERMAN_DAY.fullmatch(f"{words.strip()} ".rstrip()):
        text = _spelled(german, local)
    if counted := _OF_MONTH.fullmatch(text):
        text = _latest(int(counted["day"]), local)
    found = _parsed(text, local, prefer)
    if found is None:
        raise UnclearRequest(_unclear(words))
    return found


def _iso(text: str, now: datetime) -> _Stretch:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise UnclearRequest(_unclear(text)) from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(now.tzinfo).replace(tzinfo=None)
    return _Stretch(moment, moment)


def _clock(clock: re.Match[str], now: datetime, words: str) -> _Stretch:
    """The last time that it was so late; where the clocks go back it was so late twice."""
    half, hour = (clock["half"] or "").lower(), int(clock["hour"])
    if clock["minute"] is None and not half:
        raise UnclearRequest(_unclear(words))
    if half in {"am", "pm"}:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        at = time(hour, int(clock["minute"] or 0))
    except ValueError as error:
        raise UnclearRequest(_unclear(words)) from error
    moments = (
        datetime.combine(now.date() - timedelta(days=days), at.replace(fold=fold))
        for days in (0, 1, 2)
        for fold in (0, 1)
    )
    passed = {one.replace(tzinfo=now.tzinfo).astimezone(UTC): one for one in moments}
    moment = passed[max(one for one in passed if one <= now.astimezone(UTC))]
    return _Stretch(moment, moment)


def _spelled(german: re.Match[str], local: datetime) -> str:
    """20.11. is a day to Germans, and 20:11 to dateparser."""
    day, month, year = int(german[1]), int(german[2]), german[3]
    named = local.year if year is None else int(year) + (2_000 if len(year) == 2 else 0)
    try:
        that = date(named, month, day)
    except ValueError:
        return ""
    if year is None and that > local.date():
        that = that.replace(year=named - 1)
    return f"{that.isoformat()}{german['rest'] or ''}"


def _latest(number: int, local: datetime) -> str:
    """The last day of that number: the 1st is this month's, the 30th may be that of one before."""
    day = local.date()
    for _ in range(62):
        if day.day == number:
            return day.isoformat()
        day -= timedelta(days=1)
    return ""


def _parsed(text: str, local: datetime, prefer: str) -> _Stretch | None:
    if not text or _BARE_NUMBER.fullmatch(text) or _RANGE.fullmatch(text):
        return None
    is_last = text.startswith(("last ", "letzten ", "letzter "))
    text = _LAST_DAY.sub("", text)
    parser = _date_parser(
        LANGUAGES,
        RELATIVE_BASE=local,
        PREFER_DATES_FROM=prefer,
        PREFER_DAY_OF_MONTH="first",
        RETURN_TIME_AS_PERIOD=True,
    )
    found = parser.get_date_data(text)
    moment = found.date_obj
    if moment is None:
        return None
    moment = moment.replace(tzinfo=None)
    if prefer == "past" and not is_last and _is_this_weekday(text, moment, local, found.locale):
        moment = local
    return _of_period(moment, found.period)


def _is_this_weekday(text: str, moment: datetime, local: datetime, locale: str) -> bool:
    """On a Monday, "monday" is today; dateparser takes the one a week ago."""
    if moment.date() != local.date() - timedelta(days=7):
        return False
    parser = _date_parser([locale], RELATIVE_BASE=local - timedelta(1))
    again = parser.get_date_data(text).date_obj
    return again is not None and again.date() == local.date() - timedelta(days=7)


def _date_parser(languages: Sequence[str], **settings: Any) -> Any:
    from dateparser.date import DateDataParser

    return DateDataParser(languages=list(languages), settings=settings)


def _of_period(moment: datetime, period: str) -> _Stretch:
    day = datetime.combine(moment.date(), time())
    match period:
        case "time":
            return _Stretch(moment, moment)
        case "week":
            start = day - timedelta(days=day.weekday())
            return _Stretch(start, start + timedelta(days=7))
        case "month":
            start = day.replace(day=1)
            return _Stretch(start, (start + timedelta(days=32)).replace(day=1))
        case "year":
            start = day.replace(month=1, day=1)
            return _Stretch(start, start.replace(year=start.year + 1))
        case _:
            return _Stretch(day, day + timedelta(days=1))


def _on_clock(stretch: _Stretch, now: datetime) -> Span:
    """The stretch by the person's clock; where the clocks jump, a day has 23 or 25 hours."""
    zone = now.tzinfo
    start, end = (
        max(_EARLIEST, moment.replace(tzinfo=zone).astimezone(UTC))
        for moment in (stretch.start, stretch.end)
    )
    return Span(start=start, end=end)


@contextmanager
def _on_the_calendar(words: str) -> Iterator[None]:
    """Python's calendar ends with the year 9999. Raises UnclearRequest beyond it."""
    try:
        yield
    except OverflowError as error:
        raise UnclearRequest(_unclear(words)) from error


def _unclear(words: str) -> str:
    return UNCLEAR.format(
        words=shorten(words, 200, placeholder="…"),
        examples="`yesterday`, `since monday`, `3d`, dates",
    )
