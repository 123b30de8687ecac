"""What a person asks for with `/summarize`, from their own words. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.conversation.languages import language_named
from bot.conversation.summaries.timespans import Span, read_since, read_span
from bot.errors import UnclearRequest

HELP_WORDS = frozenset({"help", "?", "hilfe", "-h", "--help"})
TWO_PLACES = "One channel or thread at a time, please."
NO_PLACE = "I don't know a channel “{name}”. Pick it from Slack's list while you type, so that it turns blue."
DEFAULT_HOURS = 24


class Length(StrEnum):
    """How much a summary says."""

    SHORT = "short"
    NORMAL = "normal"
    DETAILED = "detailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest:
    """What is to be summarised, and how. All words are the person's own."""

    channel_id: str = ""
    """Empty: where it was asked."""
    thread_ts: str = ""
    """A thread of the channel, and nothing else."""
    when: str = ""
    """A span by itself: "yesterday". Excludes `since` and `until`."""
    since: str = ""
    until: str = ""
    focus: str = ""
    language: str = ""
    """In English; empty: the channel's own."""
    length: Length = Length.NORMAL


_CHANNEL = re.compile(r"<#([CDG][A-Z0-9]+)(?:\|[^>]*)?>")
_PERMALINK = re.compile(r"/archives/([CDG][A-Z0-9]+)/p(\d{10})(\d{6})")
_THREAD = re.compile(r"[?&;]thread_ts=(\d{10}\.\d{6})")
_PLACE_NAME = re.compile(r"#(\S+)")
_MARK = re.compile(r"<[@#!]?([^<>|]*)(?:\|([^<>]*))?>")
_TOKEN = re.compile(r"<[^<>]*>|\"[^\"]*\"|“[^”]*”|\S+")
_SINCE = frozenset({"since", "from", "seit", "von", "ab"})
_UNTIL = frozenset({"until", "till", "to", "bis", "through"})
_ONLY_AFTER_TIME = frozenset({"to"})
_FOCUS = frozenset({"focus", "about", "on", "fokus", "über", "regarding"})
_IN = frozenset({"in", "auf"})
_BEFORE_PLACE = frozenset({"in", "of", "for", "from", "für", "von"})
_POLITE = frozenset({"please", "bitte"})
_DAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|\d[\w./-]*", re.IGNORECASE
)
_LENGTHS = {
    "short": Length.SHORT,
    "brief": Length.SHORT,
    "kurz": Length.SHORT,
    "kurze": Length.SHORT,
    "normal": Length.NORMAL,
    "detailed": Length.DETAILED,
    "detail": Length.DETAILED,
    "long": Length.DETAILED,
    "ausführlich": Length.DETAILED,
    "ausführliche": Length.DETAILED,
}


def read_request(text: str) -> SummaryRequest:
    """The request in the words behind the command, which Slack has escaped.

    `[#channel | permalink] [since …] [until …] [focus …] [in LANGUAGE] [short | detailed]`, in any
    order. Raises UnclearRequest.
    """
    return _Words(text).request()


def span_of(request: SummaryRequest, *, now: datetime, last_end: datetime | None) -> Span | None:
    """The span a request is about; `now` is in the asker's time zone. Raises UnclearRequest.

    Nothing said: since the person last asked, or the last 24 hours. None for a whole thread.
    """
    if request.when:
        return read_span(request.when, now=now)
    if request.since or request.until:
        return read_since(request.since, request.until, now=now)
    if request.thread_ts:
        return None
    today = now.astimezone(UTC)
    return Span(start=last_end or today - timedelta(hours=DEFAULT_HOURS), end=today)


def as_written(words: str) -> str:
    """A subject as the person has typed it: Slack escapes signs, and marks names and links."""
    words = _MARK.sub(lambda found: found[2] or found[1], words)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class _Words:
    """Goes through the words; each belongs to the keyword before it."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._found: dict[str, list[str]] = {"when": [], "since": [], "until": [], "focus": []}
        self._request = SummaryRequest()
        self._clause = "when"

    def request(self) -> SummaryRequest:
        """The whole request. Raises UnclearRequest."""
        rest = iter(enumerate(self._tokens))
        for number, token in rest:
            self._take(number, token, rest)
        words = {clause: " ".join(found).strip(" ,") for clause, found in self._found.items()}
        words["focus"] = as_written(words["focus"].strip(" ,."))
        if words["when"] and not (words["since"] or words["until"]):
            return replace(self._request, when=words["when"], focus=words["focus"])
        # "yesterday until 17:00" begins where yesterday does
        words["since"] = words["since"] or words["when"]
        return replace(
            self._request, since=words["since"], until=words["until"], focus=words["focus"]
        )

    def _take(self, number: int, token: str, rest: Iterator[tuple[int, str]]) -> None:
        word = token.casefold().strip(",.:")
        following = self._tokens[number + 1] if number + 1 < len(self._tokens) else ""
        is_last = not following
        if self._is_place(token):
            self._clause = "when"
        elif word in _IN and (language := language_named(following)):
            self._request = replace(self._request, language=language)
            next(rest)
            self._clause = "when"
        elif word in _LENGTHS and (self._clause != "focus" or is_last):
            self._request = replace(self._request, length=_LENGTHS[word])
        elif self._is_filler(word, following):
            return
        elif (clause := self._clause_of(word)) and following:
            self._clause = clause
        else:
            self._found[self._clause].append(token.strip('"“”'))

    def _is_filler(self, word: str, following: str) -> bool:
        """Whether a word says nothing: "on friday", "of #general", "yesterday please"."""
        if word == "on" and _DAY.fullmatch(following.strip(",.")):
            return True
        if self._clause == "focus":
            return word in _POLITE and not following
        is_before_place = _CHANNEL.fullmatch(following) or _PERMALINK.search(following)
        return word in _POLITE or bool(word in _BEFORE_PLACE and is_before_place)

    def _clause_of(self, word: str) -> str:
        """Which part of the request a word opens; none where it is a part of the subject."""
        if word in _FOCUS:
            # "focus on incidents", "about life on Mars"
            return "" if self._found["focus"] else "focus"
        if self._clause == "focus" and word in {"from", "to", "von", "ab"}:
            return ""
        if word in _SINCE:
            return "since"
        if word in _UNTIL and (word not in _ONLY_AFTER_TIME or self._found[self._clause]):
            return "until"
        return ""

    def _is_place(self, token: str) -> bool:
        """Take a channel or a link to a message. Raises UnclearRequest."""
        if self._clause == "focus" and token.startswith("#"):
            return False
        if channel := _CHANNEL.fullmatch(token):
            self._go_to(channel[1], "")
            return True
        if link := _PERMALINK.search(token):
            thread = _THREAD.search(token)
            self._go_to(link[1], thread[1] if thread else f"{link[2]}.{link[3]}")
            return True
        if name := _PLACE_NAME.fullmatch(token):
            raise UnclearRequest(NO_PLACE.format(name=name[1]))
        return False

    def _go_to(self, channel_id: str, thread_ts: str) -> None:
        if self._request.channel_id:
            raise UnclearRequest(TWO_PLACES)
        self._request = replace(self._request, channel_id=channel_id, thread_ts=thread_ts)
