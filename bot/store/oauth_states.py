"""The states of installations that have begun: each opens the door once, and not for long."""

import hashlib
import secrets

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.clock import now
from bot.store.db import Writer
from bot.store.tables import OAuthState

STATE_SECONDS = 600.0


class OAuthStates:
    """Issues and takes back states; any process may take back what another has issued."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def issue(self) -> str:
        """A new state. The ones that were never taken back go."""
        state = secrets.token_urlsafe(32)

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(OAuthState).where(OAuthState.expires_at < now()))
            await connection.execute(
                insert(OAuthState).values(digest=_digest(state), expires_at=now() + STATE_SECONDS)
            )

        await self._writer.run(change)
        return state

    async def take(self, state: str) -> bool:
        """Whether it was issued lately and is taken back for the first time."""
        taken = await self._writer.run(
            lambda connection: connection.execute(
                delete(OAuthState).where(
                    OAuthState.digest == _digest(state), OAuthState.expires_at >= now()
                )
            )
        )
        return taken.rowcount == 1


def _digest(state: str) -> str:
    """Who reads the table must not be able to go on with somebody's installation."""
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
