"""Who is answered: the one rule that decides whether a message is a question to us."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Reading(StrEnum):
    """What is done with a message."""

    ANSWER = "answer"
    """It asks us: a turn answers it."""
    LISTEN = "listen"
    """It is part of a thread we are in: the model sees it with the next question."""
    IGNORE = "ignore"
    """It is none of our business: nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """A new message, as far as the rule needs it."""

    in_dm: bool
    mentions_us: bool
    mentions_others: bool
    from_bot: bool
    bot_is_allowed: bool = False
    may_ask: bool = True
    """Whether the admin's rules let its author ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who is in the thread; None stands for a thread we are not part of."""

    people: int
    """How many people have written in it, the author of the new message included."""
    is_known_whole: bool
    """Whether what was said before we came has been read."""


def read(
    message: Approach, company: Company | None, mode: Literal["auto", "mention", "always"]
) -> Reading:
    """Decide what a message is to us.

    A mention anywhere, and every message in a DM, is a question. In a thread we are part of,
    `auto` answers without a mention as long as one person is in it and nobody else is
    addressed; `always` answers whoever writes; `mention` only listens.
    """
    if not message.may_ask or (message.from_bot and not message.bot_is_allowed):
        return Reading.IGNORE if company is None else Reading.LISTEN
    if message.mentions_us:
        return Reading.ANSWER
    if message.from_bot:
        return Reading.IGNORE if company is None else Reading.LISTEN
    if message.in_dm:
        return Reading.ANSWER
    if company is None:
        return Reading.IGNORE
    if mode == "mention" or message.mentions_others:
        return Reading.LISTEN
    if mode == "always":
        return Reading.ANSWER
    alone = company.people == 1 and company.is_known_whole
    return Reading.ANSWER if alone else Reading.LISTEN
