"""Opens the database, and everything that is kept in it."""

import os
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.config import Settings
from bot.store.commons import StoredCommons
from bot.store.db import Writer, make_engine, ping
from bot.store.digests import StoredDigests
from bot.store.errands import StoredErrands
from bot.store.installations import StoredInstalls
from bot.store.intake import Intake
from bot.store.kept_summaries import StoredSummaries
from bot.store.oauth_states import OAuthStates
from bot.store.queued import StoredQueue
from bot.store.readings import StoredReadings
from bot.store.recollections import StoredRecollections
from bot.store.room import try_to_keep
from bot.store.rotation import check_key
from bot.store.schema import require_current
from bot.store.settings import ChannelSettingsStore
from bot.store.turns import Turns
from bot.store.waiting import Waiting


@dataclass(frozen=True)
class Stored:
    """What is kept, as one process reads and changes it."""

    engine: AsyncEngine
    writer: Writer
    name: str
    """Of the process, among all that work on this database."""

    @cached_property
    def turns(self) -> Turns:
        """Of all conversations."""
        return Turns(self.engine, self.writer, worker=self.name)

    @cached_property
    def errands(self) -> StoredErrands:
        """What was put off."""
        return StoredErrands(self.engine, self.writer, worker=self.name)

    @cached_property
    def digests(self) -> StoredDigests:
        """What is told on a schedule."""
        return StoredDigests(self.engine, self.writer)

    @cached_property
    def summaries(self) -> StoredSummaries:
        """What people were shown."""
        return StoredSummaries(self.engine, self.writer)

    @cached_property
    def recollections(self) -> StoredRecollections:
        """What we have heard in channels."""
        return StoredRecollections(self.engine)

    @cached_property
    def readings(self) -> StoredReadings:
        """What files became."""
        return StoredReadings(self.engine, self.writer)

    @cached_property
    def channels(self) -> ChannelSettingsStore:
        """What people have set for their channels."""
        return ChannelSettingsStore(self.engine, self.writer)

    @cached_property
    def waiting(self) -> Waiting:
        """What nobody is at yet."""
        return Waiting(self.engine)

    @cached_property
    def queue(self) -> StoredQueue:
        """Who waits in line, and knows it or not."""
        return StoredQueue(self.engine, self.writer)

    @cached_property
    def installs(self) -> StoredInstalls:
        """Who has the bot."""
        return StoredInstalls(self.engine, self.writer)

    @cached_property
    def commons(self) -> StoredCommons:
        """What all processes share."""
        return StoredCommons(self.engine, worker=self.name)

    @cached_property
    def states(self) -> OAuthStates:
        """Installations that have begun."""
        return OAuthStates(self.writer)

    def intake(self, *, reply_in_threads: str) -> Intake:
        """Where what happens in Slack comes in."""
        return Intake(self.engine, self.writer, reply_in_threads=reply_in_threads)

    async def is_usable(self) -> bool:
        """Whether the database answers, and keeps what it is given. Raises where it does not.

        After a commit that has failed, nothing but another one shows that it does again.
        """
        await ping(self.engine)
        if self.writer.trouble:
            await try_to_keep(self.writer, process=self.name)
        return True


@asynccontextmanager
async def open_stored(settings: Settings) -> AsyncIterator[Stored]:
    """Open the database; close it at the end.

    Raises ConfigError where its schema or the key of its texts is not this program's.
    """
    async with AsyncExitStack() as stack:
        engine = make_engine(settings.database_url, settings.secret_keys)
        stack.push_async_callback(engine.dispose)
        await require_current(engine, settings.database_url)
        await check_key(engine)
        writer = Writer(engine)
        stack.push_async_callback(writer.close)
        yield Stored(engine, writer, _process_name())


def _process_name() -> str:
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
