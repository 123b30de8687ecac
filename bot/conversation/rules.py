"""Who may use the bot, and where: the admin's rules. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.conversation.queueing import Queued
from bot.conversation.thread import Turn

NOT_HERE = "I don't answer in this channel: that is how I was set up here."
NOT_YOU = "I can't answer you here: that is how I was set up. An admin can change it."
NO_GUESTS = "I only answer full members of this workspace: that is how I was set up here."
NO_STRANGERS = "I only answer people of this organisation: that is how I was set up here."
WHO_KNOWS = "Slack did not tell me whether I may answer you. Please try again in a while."


class Standing(StrEnum):
    """What a person is to a workspace."""

    MEMBER = "member"
    GUEST = "guest"
    """Invited into some channels ("Understand guest roles")."""
    EXTERNAL = "external"
    """Of another organisation, by Slack Connect."""
    UNKNOWN = "unknown"
    """Slack did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Empty sets stand for everybody and everywhere."""

    allowed_channels: frozenset[str] = frozenset()
    """Direct messages are no channels: the rules for people hold there."""
    denied_channels: frozenset[str] = frozenset()
    allowed_users: frozenset[str] = frozenset()
    """Who stands here is answered as a guest or from outside, too."""
    denied_users: frozenset[str] = frozenset()
    guests: bool = True
    external: bool = False

    def closes(self, channel_id: str) -> bool:
        """Whether nobody is answered in a channel; an empty id stands for none."""
        if channel_id in self.denied_channels:
            return True
        is_channel = bool(channel_id) and not channel_id.startswith("D")
        return (
            bool(self.allowed_channels) and is_channel and channel_id not in self.allowed_channels
        )

    def refuses(self, user_id: str) -> bool:
        """Whether a person is never answered."""
        if user_id in self.denied_users:
            return True
        return bool(self.allowed_users) and user_id not in self.allowed_users

    def depends_on_standing(self, user_id: str, *, is_at_home: bool) -> bool:
        """Whether Slack has to be asked who a person is.

        `is_at_home`: the event says already that they belong to the workspace.
        """
        if user_id in self.allowed_users:
            return False
        return not self.guests or (not self.external and not is_at_home)

    def refusal(self, standing: Standing) -> str:
        """Why a person of this standing is not answered, in a sentence; empty if they are."""
        match standing:
            case Standing.GUEST:
                return "" if self.guests else NO_GUESTS
            case Standing.EXTERNAL:
                return "" if self.external else NO_STRANGERS
            case Standing.UNKNOWN:
                return WHO_KNOWS
            case Standing.MEMBER:
                return ""


NO_RULES = Rules(external=True)


class Admission(Protocol):
    """Who is answered, by the admin's rules."""

    async def refused(self, turn: Turn) -> bool:
        """Whether nobody who asks in this turn may be answered; they are told why."""
        ...

    async def admits(self, queued: Queued) -> bool:
        """Whether somebody will be answered when their turn comes; nobody is told."""
        ...


class Everybody:
    """Implements `Admission` where there are no rules."""

    async def refused(self, turn: Turn) -> bool:
        """Nobody is."""
        return False

    async def admits(self, queued: Queued) -> bool:
        """Everybody is."""
        return True
