"""Summaries as they are kept: for the buttons beneath them, and for "since I last asked"."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.conversation.summaries.request import Length
from bot.conversation.summaries.timespans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSummary:
    """A summary that somebody has been shown, and what they had asked for."""

    id: int = 0
    """0 until it is kept."""
    team_id: str
    user_id: str
    """Who asked."""
    channel_id: str
    """What was summarised."""
    thread_ts: str = ""
    asked_in: str = ""
    """The channel where they asked; empty where it was in none (a form)."""
    span: Span | None = None
    focus: str = ""
    language: str = ""
    length: Length = Length.NORMAL
    markdown: str = field(default="", repr=False)
    """As it was shown; empty once it was forgotten."""
    title: str = ""
    """What it is of, in words."""

    def otherwise(self, *, length: Length | None = None, language: str = "") -> "KeptSummary":
        """The same asked for anew, in another way."""
        return replace(
            self,
            id=0,
            markdown="",
            length=length or self.length,
            language=language or self.language,
        )


class KeptSummaries(Protocol):
    """The summaries of all workspaces."""

    async def add(self, summary: KeptSummary) -> int:
        """Keep one; returns its id."""
        ...

    async def load(self, team_id: str, summary_id: int, *, user_id: str) -> KeptSummary | None:
        """A person's own summary; None where there is none of that id, or not any more."""
        ...

    async def last_end(self, team_id: str, user_id: str, channel_id: str) -> datetime | None:
        """Up to when this person has had this channel summarised; threads of it don't count."""
        ...
