"""Everything a turn works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from bot.conversation.context import Frame
from bot.conversation.documents.finding import Finder
from bot.conversation.modes import Habits
from bot.conversation.ports import Conversations, Model, Replies, Workspace
from bot.conversation.ports_files import FileMaker, Publisher, Reader
from bot.conversation.queueing import NoSigns, Signs
from bot.conversation.rules import Admission, Everybody
from bot.conversation.summaries.answer import SummarySources
from bot.conversation.tools import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts, and the team's settings."""

    model: Model
    workspace: Workspace
    reader: Reader
    replies: Replies
    conversations: Conversations
    frame: Frame
    files: FileMaker
    publisher: Publisher
    habits: Habits = field(default_factory=Habits)
    toolbox: Toolbox = field(default_factory=lambda: Toolbox(()))
    finder: Finder = field(default_factory=Finder)
    admission: Admission = field(default_factory=Everybody)
    signs: Signs = field(default_factory=NoSigns)
    summaries: SummarySources | None = None
    """None where summaries are no answers."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Desks(Protocol):
    """Finds the desk of a workspace."""

    async def of(self, team_id: str) -> Desk:
        """The desk at which that workspace's turns are answered."""
        ...
