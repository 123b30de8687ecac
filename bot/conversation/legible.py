"""Texts as they can be kept and shown to a model, whatever JSON has brought."""

import re

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def legible(text: str) -> str:
    """The text with a mark in place of NUL and of half a character.

    JSON may have both in it; PostgreSQL takes no NUL, and UTF-8 has no half characters.
    """
    return _UNWRITABLE.sub("\ufffd", text)
