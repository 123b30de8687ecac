"""Forgetting a workspace that has left, and a person who asks for it: the kinds of errands."""

from collections.abc import Awaitable, Callable

FORGET_TEAM = "forget"
FORGET_PERSON = "forget person"
"""They outlive what they delete."""

ForgetOne = Callable[[str, str], Awaitable[int]]
"""Deletes all that is kept in a workspace of a person; returns how many messages. May be repeated."""
