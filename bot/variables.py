"""Environment variables as values: each mistake is told in words, and all of them at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from difflib import get_close_matches
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

T = TypeVar("T")
_OURS = ("BOT_", "DASHSCOPE_")


class Variables:
    """Reads one variable at a time and collects what is wrong, in words."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._asked: set[str] = set()
        self.problems: list[str] = []

    def unread(self) -> dict[str, str]:
        """The variables named like ours that nobody has asked for, each with what may be meant."""
        known = sorted(self._asked)
        return {
            name: next(iter(get_close_matches(name, known, 1)), "")
            for name in sorted(self._environ)
            if name.startswith(_OURS) and name not in self._asked
        }

    def text(self, name: str, default: str = "") -> str:
        """The value, without spaces around it."""
        self._asked.add(name)
        return self._environ.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """A key or token: it goes into a header, and what has been copied wrongly shows."""
        value = self.text(name)
        if is_example(value):
            self.problems.append(
                f"{name} is still the example's: put your own in its place, or take it out."
            )
        elif not re.fullmatch(r"[!-~]*", value):
            self.problems.append(
                f"{name} has a space or a character in it that no key has: copy it again."
            )
        return value

    def list(self, name: str) -> list[str]:
        """Comma-separated values."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def names(self, name: str) -> frozenset[str]:
        """Comma-separated values, each once."""
        return frozenset(self.list(name))

    def ids(self, name: str, kinds: str) -> frozenset[str]:
        """Slack ids that begin with one of the letters `kinds`: a name is a common mistake."""
        given = self.names(name)
        for wrong in sorted(one for one in given if not re.fullmatch(f"[{kinds}][A-Z0-9]+", one)):
            letters = " or ".join(f"{letter}…" for letter in kinds)
            self.problems.append(
                f"{name} has {wrong!r} in it; it should have ids ({letters}), comma-separated."
            )
        return given

    def some_of(self, name: str, choices: tuple[str, ...]) -> frozenset[str]:
        """Some of `choices`: all of them by default, none for "none"."""
        raw = self.list(name) or ["all"]
        if raw in (["all"], ["none"]):
            return frozenset(choices if raw == ["all"] else ())
        for unknown in sorted(set(raw) - set(choices)):
            known = ", ".join(choices)
            self.problems.append(f"{name} has {unknown!r} in it; it may have all, none, {known}.")
        return frozenset(raw)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        value = self.text(name, choices[0]).lower()
        if value not in choices:
            self.problems.append(f"{name} is {value!r}; it may be {', '.join(choices)}.")
            return choices[0]
        return value

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number between two."""
        raw = self.text(name, str(default))
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            self.problems.append(f"{name} is {raw!r}; it should be a number from {low} to {high}.")
            return default
        return int(raw)

    def seconds(self, name: str, default: float) -> float:
        """So many seconds; an hour at most."""
        raw = self.text(name, str(default))
        try:
            value = float(raw)
        except ValueError:
            value = -1.0
        if not 0 < value <= 3600:
            self.problems.append(f"{name} is {raw!r}; it should be seconds, from 0 to 3600.")
            return default
        return value

    def url(self, name: str, default: str) -> str:
        """A whole http(s) address, or nothing."""
        raw = self.text(name, default)
        if not raw:
            return ""
        if "{" in raw or not _is_whole(raw):
            self.problems.append(f"{name} is {raw!r}; it should be a whole http(s) address.")
            return default
        return raw


def is_example(value: str) -> bool:
    """Whether it stands in `.env.example` in place of a value: `xoxb-...`."""
    return value.endswith(("...", "…"))


def setting(read: Callable[[Variables], T], *, secret: bool = False) -> T:
    """A field of a settings class (a dataclass) that says itself how its value is read."""
    return cast("T", field(metadata={"read": read}, repr=not secret))


def text(name: str, default: str = "", *, secret: bool = False) -> str:
    """A setting: see `Variables.text`."""
    return setting(lambda given: given.text(name, default), secret=secret)


def secret(name: str) -> str:
    """A setting: see `Variables.secret`."""
    return setting(lambda given: given.secret(name), secret=True)


def url(name: str, default: str) -> str:
    """A setting: see `Variables.url`."""
    return setting(lambda given: given.url(name, default))


def choice(name: str, choices: tuple[str, ...]) -> Any:
    """A setting: see `Variables.choice`."""
    return setting(lambda given: given.choice(name, choices))


def is_chosen(name: str, value: str, *, among: tuple[str, ...]) -> bool:
    """A setting: whether `value` is chosen."""
    return setting(lambda given: given.choice(name, among) == value)


def ids(name: str, kinds: str) -> frozenset[str]:
    """A setting: see `Variables.ids`."""
    return setting(lambda given: given.ids(name, kinds))


def whole(name: str, default: int, *, low: int, high: int) -> int:
    """A setting: see `Variables.whole`."""
    return setting(lambda given: given.whole(name, default, low=low, high=high))


def seconds(name: str, default: float) -> float:
    """A setting: see `Variables.seconds`."""
    return setting(lambda given: given.seconds(name, default))


def read_all(settings: type[T], variables: Variables) -> T:
    """A settings class with every field read; what is wrong is in the variables' `problems`."""
    read: dict[str, Any] = {
        one.name: one.metadata["read"](variables)
        for one in fields(settings)  # type: ignore[arg-type]  # a dataclass
    }
    return settings(**read)


def _is_whole(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
