"""Who has the bot: a workspace, or an organisation for all its workspaces (Enterprise Grid)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An installation, as it is kept."""

    place: str
    """The workspace's id (`T…`), or the organisation's (`E…`) where that has installed it whole."""
    name: str
    token: str = field(repr=False)
    bot_user_id: str
    bot_id: str
    bot_name: str
    scopes: str
    """What it may do, comma-separated, as Slack says it."""
    installed_by: str
    """The person's id."""
    installed_at: float
    """Seconds since the epoch."""

    @property
    def is_organisation(self) -> bool:
        """Whether one token stands for several workspaces: calls then say which they mean."""
        return self.place.startswith("E")


class Installs(Protocol):
    """All installations."""

    async def find(self, team_id: str, enterprise_id: str) -> Installed | None:
        """The newest installation that reaches a workspace.

        `enterprise_id` may be empty; once it was given it is known which workspace belongs to it.
        """
        ...

    async def add(self, installed: Installed) -> None:
        """Keep an installation, in place of the one before it."""
        ...

    async def teams(self, place: str) -> Sequence[str]:
        """The workspaces that are known to be reached by the installation of a place."""
        ...

    async def remove(self, place: str, *, before: float) -> bool:
        """Forget an installation; False where a newer one is there (seconds since the epoch)."""
        ...

    async def count(self) -> int:
        """How many there are."""
        ...
