"""Installations as they are kept: tokens sealed, organisations with the workspaces they reach."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.installed import Installed
from bot.store.db import Writer
from bot.store.tables import InstallationRow, OrganisationTeam


class StoredInstalls:
    """Implements `conversation.installed.Installs`."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def find(self, team_id: str, enterprise_id: str) -> Installed | None:
        """The newest installation that reaches a workspace.

        `enterprise_id` may be empty; once it was given it is known which workspace belongs to it.
        """
        belongs = select(OrganisationTeam.enterprise_id).where(OrganisationTeam.team_id == team_id)
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(InstallationRow)
                .where(
                    or_(
                        InstallationRow.place.in_([team_id, enterprise_id]),
                        InstallationRow.place.in_(belongs),
                    )
                )
                .order_by(InstallationRow.installed_at.desc())
                .limit(1)
            )
            row = found.one_or_none()
        if row is None:
            return None
        installed = Installed(
            place=row.place,
            name=row.name,
            token=row.token,
            bot_user_id=row.bot_user_id,
            bot_id=row.bot_id,
            bot_name=row.bot_name,
            scopes=row.scopes,
            installed_by=row.installed_by,
            installed_at=row.installed_at,
        )
        if installed.place == enterprise_id:
            await self._learn(team_id, enterprise_id)
        return installed

    async def add(self, installed: Installed) -> None:
        """Keep an installation, in place of the one before it."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(InstallationRow).where(InstallationRow.place == installed.place)
            )
            await connection.execute(
                insert(InstallationRow),
                {
                    "place": installed.place,
                    "name": installed.name,
                    "token": installed.token,
                    "bot_user_id": installed.bot_user_id,
                    "bot_id": installed.bot_id,
                    "bot_name": installed.bot_name,
                    "scopes": installed.scopes,
                    "installed_by": installed.installed_by,
                    "installed_at": installed.installed_at,
                },
            )

        await self._writer.run(change)

    async def teams(self, place: str) -> Sequence[str]:
        """The workspaces that are known to be reached by the installation of a place."""
        if not place.startswith("E"):
            return [place]
        async with self._engine.connect() as connection:
            found = await connection.scalars(
                select(OrganisationTeam.team_id).where(OrganisationTeam.enterprise_id == place)
            )
            return list(found)

    async def remove(self, place: str, *, before: float) -> bool:
        """Forget an installation; False where a newer one is there (seconds since the epoch)."""

        async def change(connection: AsyncConnection) -> bool:
            newer = select(InstallationRow.id).where(
                InstallationRow.place == place, InstallationRow.installed_at > before
            )
            if await connection.scalar(newer) is not None:
                return False
            await connection.execute(delete(InstallationRow).where(InstallationRow.place == place))
            return True

        return await self._writer.run(change)

    async def count(self) -> int:
        """How many there are."""
        async with self._engine.connect() as connection:
            return await connection.scalar(select(func.count(InstallationRow.id))) or 0

    async def _learn(self, team_id: str, enterprise_id: str) -> None:
        async def change(connection: AsyncConnection) -> None:
            known = select(OrganisationTeam.enterprise_id).where(
                OrganisationTeam.team_id == team_id
            )
            if await connection.scalar(known) == enterprise_id:
                return
            await connection.execute(
                delete(OrganisationTeam).where(OrganisationTeam.team_id == team_id)
            )
            row = {"team_id": team_id, "enterprise_id": enterprise_id}
            await connection.execute(insert(OrganisationTeam), row)

        try:
            await self._writer.run(change)
        except IntegrityError:
            return  # another process has learned it at this moment
