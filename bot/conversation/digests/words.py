"""A digest ordered in words: `#eng every weekday at 9:00 in Europe/Berlin about incidents`.

Each phrase is recognised wherever it stands and taken out; what is left over was not understood,
and the person is told which words those are.
"""

import re
from dataclasses import dataclass
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from bot.conversation.digests.digest import MOST_CHANNELS, MOST_FOCUS, Plan, Quiet, Window
from bot.conversation.digests.recurrence import DAY_NAMES, EVERY_DAY, WEEKDAYS, WEEKEND, Recurrence
from bot.conversation.languages import language_named
from bot.conversation.summaries.request import Length, as_written
from bot.errors import UnclearRequest

EXAMPLE = "`/digest #eng every weekday at 9:00 in Europe/Berlin about incidents`"
NO_CHANNEL = f"Which channels is the digest about? For example: {EXAMPLE}"
NO_TIME = f"When shall the digest come? For example: {EXAMPLE}"
NO_SUCH_TIME = "`{}` is no time of day. I understand times such as 9:00, 17:30, 9am and noon."
NO_SUCH_DAY = "I don't know the day `{}`. I understand every day, weekday, monday, mon-fri."
NO_SUCH_CHANNEL = (
    "I can't tell which channel {} is. Choose it from the list that Slack shows as you type, "
    "or use the form: `/digest`."
)
NO_SUCH_PLACE = "I know neither a time zone nor a language `{}`. Zones are such as Europe/Berlin."
MANY_PLACES = "Several time zones are called `{}`: please write the whole name, such as {}."
LEFT_OVER = f"I did not understand “{{}}”. For example: {EXAMPLE}"
TOO_MANY_CHANNELS = f"A digest can be about {MOST_CHANNELS} channels at most."
TOO_LONG_FOCUS = f"What the digest is about can have {MOST_FOCUS} characters at most."

_CHANNEL = f"Which channels is the digest about? For example: {EXAMPLE}"
NO_TIME = f"When shall the digest come? For example: {EXAMPLE}"
NO_SUCH_TIME = "`{}` is no time of day. I understand times such as 9:00, 17:30, 9am and noon."
NO_SUCH_DAY = "I don't know the day `{}`. I understand every day, weekday, monday, mon-fri."
NO_SUCH_CHANNEL = (
    "I can't tell which channel {} is. Choose it from the list that Slack shows as you type, "
    "or use the form: `/digest`."
)
NO_SUCH_PLACE = "I know neither a time zone nor a language `{}`. Zones are such as Europe/Berlin."
MANY_PLACES = "Several time zones are called `{}`: please write the whole name, such as {}."
LEFT_OVER = f"I did not understand “{{}}”. For example: {EXAMPLE}"
TOO_MANY_CHANNELS = f"A digest can be about {MOST_CHANNELS} channels at most."
TOO_LONG_FOCUS = f"What the digest is about can have {MOST_FOCUS} characters at most."

LANGUAGES = (
    "Arabic", "Bengali", "Bulgarian", "Chinese", "Croatian", "Czech", "Danish", "Dutch", "English",
    "Estonian", "Finnish", "French", "German", "Greek", "Hebrew", "Hindi", "Hungarian",
    "Indonesian", "Italian", "Japanese", "Korean", "Latvian", "Lithuanian", "Malay", "Norwegian",
    "Persian", "Polish", "Portuguese", "Romanian", "Russian", "Serbian", "Slovak", "Slovenian",
    "Spanish", "Swedish", "Thai", "Turkish", "Ukrainian", "Urdu", "Vietnamese",
)  # fmt: skip
"""What a digest can be written in, as the form offers it."""

_CHANNEL = r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>"
_CLOCK = r"(?:noon|midnight|\d{1,2}(?:[:.]\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)?)"
_ZONE = r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|UTC"
_NEXT = (
    rf"\s+every\s|\s+(?:daily|weekly)\b|\s+at\s+{_CLOCK}|\s+in\s+(?:{_ZONE})|\s+(?:to|in)\s+<#|$"
)
_TAIL = re.compile(
    r"[\s,]+(?:in\s+(?P<language>[^\W\d][\w-]*)"
    r"|(?:even|also|not|skip)\s+(?:if|when)\b"
    r"|(?:of|for|over|from|since)\s+(?:my|the|our)\s+(?:last|past)\b"
    r"|(?:short|brief|detailed|long|weekdays|privately|by\s+dm)(?=\s*(?:,|$)))|,\s*here\b",
    re.IGNORECASE,
)
"""What a subject may be followed by."""
_WORD = r"[a-z]+"
_TO = r"\s*-\s*|\s+to\s+|\s+through\s+"
_DAYS = rf"{_WORD}(?:\s*(?:,\s*(?:and\s+)?|\s+and\s+|{_TO})(?!at\b){_WORD})*"
_FILLERS = frozenset(
    "a an and digest digests for me of please post send summarize the time".split()  # noqa: SIM905
)


def read_order(words: str, *, zone: str, channel_id: str) -> Plan:
    """The plan that these words order, said in that channel by somebody who lives in that zone.

    Raises UnclearRequest with a sentence that says what to write instead.
    """
    text = _Text(" ".join(words.split()))
    focus = _focus(text)
    length = _length(text)
    window = _window(text)
    quiet = _quiet(text)
    place = _place(text, channel_id)
    channels = tuple(dict.fromkeys(text.take_all(_CHANNEL))) or _this(text, channel_id)
    at = _time(text)
    zone_said, language = _zone_and_language(text)
    days = _days(text)
    _refuse_leftovers(text)
    if not channels:
        raise UnclearRequest(NO_CHANNEL)
    if len(channels) > MOST_CHANNELS:
        raise UnclearRequest(TOO_MANY_CHANNELS)
    if days is None and at is None:
        raise UnclearRequest(NO_TIME)
    return Plan(
        channels=channels,
        place=place,
        recurrence=Recurrence(
            days=WEEKDAYS if days is None else days,
            at=time(9) if at is None else at,
            zone=zone_said or zone,
        ),
        window=window,
        focus=focus,
        language=language,
        length=length,
        quiet=quiet,
    )


@dataclass(slots=True)
class _Text:
    """What has not been understood yet."""

    left: str

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place where the pattern stands, which is then gone."""
        found = re.search(pattern, self.left, re.IGNORECASE)
        if found is not None:
            self.left = f"{self.left[: found.start()]} {self.left[found.end() :]}"
        return found

    def take_all(self, pattern: str) -> list[str]:
        """The first group of every place."""
        found = []
        while (match := self.take(pattern)) is not None:
            found.append(match[1])
        return found


def _focus(text: _Text) -> str:
    """`about …`, in quotes or up to the next phrase that is surely another one."""
    found = text.take(r'\b(?:about|focus(?:\s+on)?:?)\s+["“](?P<said>[^"”]+)["”]') or text.take(
        rf"\b(?:about|focus(?:\s+on)?:?)\s+(?P<said>.+?)(?={_NEXT})"
    )
    said = found["said"] if found else ""
    end = next((one.start() for one in _TAIL.finditer(said) if _ends(one)), len(said))
    text.left += f" {said[end:]}"
    focus = as_written(said[:end].strip(" ,"))
    if len(focus) > MOST_FOCUS:
        raise UnclearRequest(TOO_LONG_FOCUS)
    return focus


def _ends(tail: re.Match[str]) -> bool:
    """Whether it is no part of the subject, as in "life in Berlin"."""
    return tail["language"] is None or bool(language_named(tail["language"]))


def _length(text: _Text) -> Length:
    found = text.take(r"\b(short|brief|detailed|long)\b")
    if found is None:
        return Length.NORMAL
    return Length.SHORT if found[1].lower() in {"short", "brief"} else Length.DETAILED


def _window(text: _Text) -> Window:
    if text.take(r"\bsince\s+(?:my|the|our)\s+last\s+(?:digest|one|time)\b"):
        return Window.SINCE_LAST
    if text.take(
        r"\b(?:(?:of|for|over|from)\s+)?(?:the\s+)?(?:last|past)\s+(?:24\s?h(?:ours)?|day)\b"
    ):
        return Window.DAY
    if text.take(r"\b(?:(?:of|for|over|from)\s+)?(?:the\s+)?(?:last|past)\s+(?:7\s+days|week)\b"):
        return Window.WEEK
    return Window.SINCE_LAST


def _quiet(text: _Text) -> Quiet:
    if text.take(r"\b(?:even|also)\s+(?:if|when)\s+(?:it(?:'s|\s+is)\s+)?quiet\b"):
        return Quiet.SAY
    text.take(r"\b(?:not|skip)\s+(?:if|when)\s+(?:it(?:'s|\s+is)\s+)?quiet\b")
    return Quiet.SKIP


def _place(text: _Text, channel_id: str) -> str:
    """Where it is posted: `to #team`, `here`, or, if nothing is said, in a direct message."""
    found = text.take(rf"\b(?:to|in)\s+{_CHANNEL}")
    if found is not None:
        return found[1]
    if text.take(r"\b(?:(?:to|in)\s+(?:me|a\s+(?:dm|direct\s+message))|by\s+dm|privately)\b"):
        return ""
    return channel_id if text.take(r"\b(?:post\s+)?here\b") and _is_channel(channel_id) else ""


def _this(text: _Text, channel_id: str) -> tuple[str, ...]:
    """The channel where the words are said, if they name no other."""
    text.take(r"\b(?:of\s+|for\s+)?this\s+channel\b")
    return (channel_id,) if _is_channel(channel_id) else ()


def _is_channel(channel_id: str) -> bool:
    return channel_id.startswith(("C", "G"))


def _time(text: _Text) -> time | None:
    half = r"(?:am|pm|a\.m\.|p\.m\.)(?!\w)"
    found = (
        text.take(r"\bat\s+(noon|midnight)\b")
        or text.take(rf"(?:\bat\s+|@\s*)(\d[\d:.]*)\s?({half}|o'clock\b)?")
        or text.take(rf"\b(\d{{1,2}}:\d{{2}})\s?({half})?")
        or text.take(rf"\b(\d{{1,2}})\s?({half})")
    )
    if found is None:
        return None
    if found[1].lower() in {"noon", "midnight"}:
        return time(12 if found[1].lower() == "noon" else 0)
    half = (found[2] or "").replace(".", "").lower()
    return _clock(found[1], half if half in {"am", "pm"} else "")


def _clock(digits: str, half: str) -> time:
    hour, _, minute = digits.replace(".", ":").partition(":")
    try:
        return time(_on_24_hours(int(hour), half), int(minute or 0))
    except ValueError as error:
        raise UnclearRequest(NO_SUCH_TIME.format(f"{digits} {half}".strip())) from error


def _on_24_hours(hour: int, half: str) -> int:
    """12 am is 0, 1 pm is 13. Raises ValueError."""
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half == "pm" else 0)


def _zone_and_language(text: _Text) -> tuple[str, str]:
    """`in Europe/Berlin`, `in Berlin`, `in German`, one of each at most."""
    zone = language = ""
    while (
        found := text.take(rf"(?:\bin\s+({_cities()}|[^\W\d][\w/+-]*))|\(?\b({_ZONE})\b\)?")
    ) is not None:
        said = found[1] or found[2]
        known = language_named(said)
        if known and not language:
            language = known
        elif not zone:
            zone = find_zone(said)
        else:
            raise UnclearRequest(NO_SUCH_PLACE.format(said))
    return zone, language


def find_zone(said: str) -> str:
    """The IANA zone of that name, or of that city. Raises UnclearRequest."""
    wanted = said.strip().replace(" ", "_").lower()
    zones = _zones()
    if wanted in zones:
        return zones[wanted]
    cities = sorted(name for key, name in zones.items() if key.endswith(f"/{wanted}"))
    if len(cities) > 1:
        raise UnclearRequest(MANY_PLACES.format(said, " or ".join(cities)))
    if not cities:
        raise UnclearRequest(NO_SUCH_PLACE.format(said))
    return cities[0]


@cache
def _zones() -> dict[str, str]:
    """Every IANA zone by its name in small letters, without the doubles under old names."""
    old = ("posix/", "right/", "US/", "Etc/", "SystemV/")
    return {name.lower(): name for name in available_timezones() if not name.startswith(old)}


@cache
def _cities() -> str:
    """Those whose names have several words, as a pattern: `New York`, `Ho Chi Minh`."""
    cities = {name.rsplit("/", 1)[-1] for name in _zones().values()}
    found = sorted((city for city in cities if "_" in city), key=len, reverse=True)
    return "|".join(rf"{re.escape(city).replace('_', '[ _]')}\b" for city in found)


def _days(text: _Text) -> frozenset[int] | None:
    if text.take(r"\b(?:daily|every\s+day)\b"):
        return EVERY_DAY
    if text.take(r"\b(?:(?:every|each|on)\s+)?(?:weekdays?|workdays?|working\s+days?)\b"):
        return WEEKDAYS
    if text.take(r"\b(?:(?:every|on)\s+)?weekends?\b"):
        return WEEKEND
    if text.take(r"\b(?:weekly|every\s+week)\b(?!\s+on\b)"):
        return frozenset({0})
    text.take(r"\b(?:weekly|every\s+week)\b")
    found = text.take(rf"\b(?:every|on|each)\s+({_DAYS})") or text.take(rf"\b({_days_alone()})\b")
    return None if found is None else _day_list(found[1].lower())


def _days_alone() -> str:
    """Days that stand without `every` or `on`: `mon-fri`, `tuesdays and thursdays`."""
    name = "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?|s)?"
    return rf"{name}(?:\s*(?:,\s*(?:and\s+)?|\s+and\s+|{_TO}){name})*"


def _day_list(words: str) -> frozenset[int]:
    days: set[int] = set()
    for part in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", words):
        first, *last = re.split(_TO, part)
        start = _day(first)
        end = _day(last[0]) if last else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _day(word: str) -> int:
    short = word.removesuffix("s") if len(word) > 4 else word
    for number, name in enumerate(DAY_NAMES):
        if len(short) >= 3 and name.lower().startswith(short):
            return number
    raise UnclearRequest(NO_SUCH_DAY.format(word))


def _refuse_leftovers(text: _Text) -> None:
    unknown = re.search(r"#[^\s,]+", text.left)
    if unknown is not None:
        raise UnclearRequest(NO_SUCH_CHANNEL.format(unknown[0]))
    left = [word for word in text.left.split() if word.strip(",.;").lower() not in _FILLERS]
    left = [word for word in left if word.strip(",.;")]
    if left:
        raise UnclearRequest(LEFT_OVER.format(" ".join(left)))
