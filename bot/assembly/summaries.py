"""Builds what summaries are made with: one model for all, and a desk for each workspace."""

import asyncio
from collections.abc import Callable

from bot.config import Settings
from bot.conversation.ports import Model
from bot.conversation.ports_files import FileMaker, FileSource, Reader
from bot.conversation.summaries.errand import SummaryDesk
from bot.conversation.summaries.shared_files import AT_ONCE, SharedFiles
from bot.conversation.summaries.summarizer import Summarizer
from bot.slack.installations import Installation, Installations
from bot.slack.summaries.channel_reader import Recollections, SlackChannelReader
from bot.slack.summaries.room import SlackSummaryRoom


class TeamSummaryDesks:
    """Implements `conversation.summaries.errand.SummaryDesks`."""

    def __init__(
        self,
        settings: Settings,
        installations: Installations,
        model: Model,
        recollections: Recollections,
        files: FileMaker,
        *,
        file_reader: Reader,
        file_source: Callable[[Installation], FileSource],
        picture_bytes: int,
    ) -> None:
        """`file_source` finds where a workspace's files lie; `picture_bytes` go into a request."""
        self._settings = settings
        self._installations = installations
        self._model = model
        self._recollections = recollections
        self.files = files
        self._file_reader = file_reader
        self._file_source = file_source
        self._picture_bytes = picture_bytes
        self._files_at_once = asyncio.Semaphore(AT_ONCE)

    async def of(self, team_id: str) -> SummaryDesk:
        """Where the summaries of that workspace are made."""
        here = await self._installations.of(team_id)
        return SummaryDesk(
            team_id=here.identity.team_id,
            room=SlackSummaryRoom(here, self.files),
            summarizer=self.summarizer(here),
        )

    def sources(self, here: Installation) -> "RoomSources":
        """Where the summaries that are answers in threads come from."""
        return RoomSources(SlackSummaryRoom(here, self.files), self.summarizer(here))

    def summarizer(self, here: Installation) -> Summarizer:
        """The summaries of one workspace."""
        model_name = self._settings.model
        return Summarizer(
            self._model,
            self.reader(here),
            model_name=model_name,
            workspace=here.identity.team_id,
            files=SharedFiles(
                self._file_reader,
                self._file_source(here),
                model_name=model_name,
                picture_bytes=self._picture_bytes,
                at_once=self._files_at_once,
            ),
        )

    def reader(self, here: Installation) -> SlackChannelReader:
        """Reads the channels of one workspace."""
        return SlackChannelReader(
            here.api, here.identity, here.directory, here.budget, self._recollections
        )


class RoomSources:
    """Implements `conversation.summaries.answer.SummarySources`."""

    def __init__(self, room: SlackSummaryRoom, summarizer: Summarizer) -> None:
        self._room = room
        self.summarizer = summarizer

    async def may_read(self, user_id: str, channel_id: str, *, told_in: str) -> None:
        """Make sure that the person may have it read to them there."""
        await self._room.place(user_id, channel_id, told_in=told_in)
