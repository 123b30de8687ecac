"""Enumerations in words."""

from collections.abc import Sequence


def in_words(items: Sequence[str]) -> str:
    """Such as `a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
