"""Environment variables as values: each mistake is told in words, and all of them at once."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit


class Variables:
    """Reads one variable at a time and collects what is wrong, in words."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The value, without spaces around it."""
        return self._environ.get(name, "").strip() or default

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
        parts = urlsplit(raw)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "{" in raw:
            self.problems.append(f"{name} is {raw!r}; it should be a whole http(s) address.")
            return default
        return raw
