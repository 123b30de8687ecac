"""How wide text is where every letter has the same width: Chinese ones count twice."""

import unicodedata


def width_of(text: str) -> int:
    """The text's width in columns."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, side: str = "left") -> str:
    """The text filled up with spaces to that width; `side` is where it stands: left, center, right."""
    spare = max(0, width - width_of(text))
    before = {"left": 0, "center": spare // 2, "right": spare}[side]
    return " " * before + text + " " * (spare - before)
