"""Small checks that go together to the shapes of Block Kit, in the words of Slack's validator.

A check takes a value and its JSON pointer, and yields what is wrong with it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def problem(words: str, at: str) -> str:
    """One complaint as Slack words it."""
    return f"[ERROR] {words} [json-pointer:{at}]"


def anything(_: Any, __: str) -> Iterator[str]:
    """Whatever it is."""
    yield from ()


def string(most: int, *, least: int = 1, like: str = "") -> Check:
    """A string of so many characters; `like` is a pattern for all of it."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", at)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", at)
        elif like and not re.fullmatch(like, value):
            yield problem("must match the required format", at)

    return check


def number(low: float, high: float) -> Check:
    """A number between two, both included."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield problem("must be a number", at)
        elif not low <= value <= high:
            yield problem(f"must be between {low:g} and {high:g}", at)

    return check


def flag(value: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", at)


def choice(*values: str) -> Check:
    """One of these strings."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of: {', '.join(values)}", at)

    return check


def each(check_one: Check, least: int, most: int) -> Check:
    """A list of so many."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", at)
        elif len(value) < least:
            yield problem(f"no fewer than {least} items required", at)
        elif len(value) > most:
            yield problem(f"no more than {most} items allowed", at)
        else:
            for position, one in enumerate(value):
                yield from check_one(one, f"{at}/{position}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these properties and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", at)
            return
        for name in required:
            if value.get(name) is None:
                yield problem(f"missing required field: {name}", at)
        for name, part in value.items():
            if name == "type" or part is None:
                continue
            if name not in known:
                yield problem(f"invalid additional property: {name}", at)
            else:
                yield from known[name](part, f"{at}/{name}")

    return check


def by_type(table: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` says which check it has to pass."""

    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in table:
            yield problem(f"unsupported {what}: {kind}", f"{at}/type")
        else:
            yield from table[kind](value, at)

    return check


def also(*checks: Check) -> Check:
    """All of these."""

    def check(value: Any, at: str) -> Iterator[str]:
        for one in checks:
            found = list(one(value, at))
            yield from found
            if found:  # the later ones rely on the earlier
                return

    return check


def plain(most: int) -> Check:
    """A `plain_text` object."""
    words = shape({"text": string(most)}, {"emoji": flag})
    return by_type({"plain_text": words}, "text type")


def words(most: int) -> Check:
    """A text object, `plain_text` or `mrkdwn`."""
    return by_type(
        {
            "plain_text": shape({"text": string(most)}, {"emoji": flag}),
            "mrkdwn": shape({"text": string(most)}, {"verbatim": flag}),
        },
        "text type",
    )
