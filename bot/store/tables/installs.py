"""Who has the bot, and what its processes tell each other."""

from typing import Any

from sqlalchemy import (
    JSON,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.sealing import Sealed
from bot.store.tables.base import Base


class InstallationRow(Base):
    """The bot in a workspace, or in an organisation for all its workspaces."""

    __tablename__ = "installations"
    __table_args__ = (UniqueConstraint("place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(32))
    """`T…`, or `E…` for an organisation."""
    name: Mapped[str] = mapped_column(String(200))
    token: Mapped[str] = mapped_column(Sealed)
    bot_user_id: Mapped[str] = mapped_column(String(32))
    bot_id: Mapped[str] = mapped_column(String(32))
    bot_name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[str] = mapped_column(Text)
    installed_by: Mapped[str] = mapped_column(String(32))
    installed_at: Mapped[float]


class OrganisationTeam(Base):
    """A workspace that is reached by its organisation's installation."""

    __tablename__ = "organisation_teams"
    __table_args__ = (
        UniqueConstraint("team_id"),
        Index("ix_organisation_teams_enterprise_id", "enterprise_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    enterprise_id: Mapped[str] = mapped_column(String(32))


class CommonRow(Base):
    """What all processes share, and what each of them has of it (bot/conversation/sharing.py)."""

    __tablename__ = "commons"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    """Empty for what all workspaces share."""
    name: Mapped[str] = mapped_column(String(100))
    stakes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`{process: {"at": seconds, "stake": {…}}}`"""


class OAuthState(Base):
    """An installation that has begun in somebody's browser."""

    __tablename__ = "oauth_states"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[float]
