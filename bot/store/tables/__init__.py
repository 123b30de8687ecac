"""The tables. Times are seconds since the epoch; a Slack `ts` stays the string Slack gave."""

from bot.store.tables.base import Base
from bot.store.tables.conversations import (
    UNANSWERED,
    WITHDRAWING,
    WRITING,
    Attachment,
    Conversation,
    DeletionRow,
    Message,
    Rating,
    ReadingRow,
    Reply,
    UsageRecord,
)
from bot.store.tables.installs import CommonRow, InstallationRow, OAuthState, OrganisationTeam
from bot.store.tables.standing import ChannelSetting, DigestRow, DigestRun, ErrandRow, SummaryRow

__all__ = [
    "UNANSWERED",
    "WITHDRAWING",
    "WRITING",
    "Attachment",
    "Base",
    "ChannelSetting",
    "CommonRow",
    "Conversation",
    "DeletionRow",
    "DigestRow",
    "DigestRun",
    "ErrandRow",
    "InstallationRow",
    "Message",
    "OAuthState",
    "OrganisationTeam",
    "Rating",
    "ReadingRow",
    "Reply",
    "SummaryRow",
    "UsageRecord",
]
