"""What stands in a document's text where a picture is. Pure."""

import re
from collections.abc import Iterable

_MARK = re.compile(r" *\[picture(?: \d+(?: again)?|, not shown)(?:: [^\]]*)?\]")
_LONGEST_WORDS = 300
_BRACKETS = str.maketrans("[]", "()")


def shown(number: int, about: Iterable[str] = ()) -> str:
    """The mark of a picture that the model sees; `about`: where it stands, what it is said to show."""
    return f"[picture {number}{_words(about)}]"


def shown_before(number: int) -> str:
    """The mark of one that stood further up already."""
    return f"[picture {number} again]"


def not_shown(about: Iterable[str] = ()) -> str:
    """The mark of one that the model does not see."""
    return f"[picture, not shown{_words(about)}]"


def is_in(number: int, text: str) -> bool:
    """Whether the mark of the picture with that number stands there."""
    return f"[picture {number}]" in text or f"[picture {number}: " in text


def without(text: str) -> str:
    """The text as it was before it had marks."""
    return _MARK.sub("", text)


def _words(about: Iterable[str]) -> str:
    """On one line, not too long, and unable to end their mark."""
    plain = [" ".join(one.translate(_BRACKETS).split()) for one in about]
    words = "; ".join(one for one in plain if one)
    if len(words) > _LONGEST_WORDS:
        words = f"{words[:_LONGEST_WORDS].rstrip()}…"
    return f": {words}" if words else ""
