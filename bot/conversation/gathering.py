"""What a prompt needs and the database does not have: late files, history, names, pictures."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.conversation.desk import Desk
from bot.conversation.ports import Names, Pictures
from bot.conversation.thread import SharedFile, Turn

MOST_PICTURES = 20
TWIN_SECONDS = 0.15
"""`message` and `app_mention` come within milliseconds of each other; only the first has files."""
CANT_SEE = "the model I use can't see pictures"
TOO_OLD = "older than the newest pictures"
NOT_A_PICTURE = "I can only look at pictures so far"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A turn with everything in it that the model is to see."""

    turn: Turn
    names: Names
    pictures: Pictures


class Gathering:
    """Completes one turn; all that can be asked at once is asked at once."""

    def __init__(self, turn: Turn, desk: Desk, nudged: asyncio.Event) -> None:
        self.turn = turn
        self._desk = desk
        self._nudged = nudged

    async def gather(self) -> Gathered:
        """Learn what the prompt needs and the database does not have; all of it at once."""
        await self._complete_questions()
        await self._read_history()
        readable = self._desk.workspace.readable(self.turn)
        (turn, names), pictures = await asyncio.gather(readable, self._open_pictures())
        return Gathered(turn=turn, names=names, pictures=pictures)

    async def _read_history(self) -> None:
        if self.turn.history_read:
            return
        earlier = await self._desk.workspace.earlier_messages(self.turn.key)
        if earlier is not None:
            self.turn = await self._desk.conversations.add_history(self.turn, earlier)

    async def _complete_questions(self) -> None:
        """Wait shortly for the event that brings a mention's files, then ask Slack for them."""
        if all(question.is_whole for question in self.turn.questions):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(TWIN_SECONDS):
                await self._nudged.wait()
        desk = self._desk
        for question in self.turn.questions:
            if question.is_whole:
                continue
            files = await desk.conversations.files_of(question.id)
            if files is None:
                files = await desk.workspace.files_of(self.turn.key, question.ts)
            whole = replace(question, files=files, is_whole=True)
            self.turn = await desk.conversations.complete(self.turn, whole)

    async def _open_pictures(self) -> Pictures:
        files = list(self._newest_first())
        if not files:
            return Pictures()
        unreadable = {file.file_id: TOO_OLD if file.is_picture else NOT_A_PICTURE for file in files}
        pictures = [file for file in files if file.is_picture]
        if not self._desk.model.abilities(self._desk.frame.model).pictures:
            unreadable |= {file.file_id: CANT_SEE for file in pictures}
            return Pictures(unreadable=unreadable)
        shown = pictures[:MOST_PICTURES]
        opened = await self._desk.workspace.pictures(shown)
        for file in shown:
            del unreadable[file.file_id]
        return replace(opened, unreadable={**unreadable, **opened.unreadable})

    def _newest_first(self) -> Iterator[SharedFile]:
        """Each file once, however often it was shared."""
        seen: set[str] = set()
        for message in reversed(self.turn.messages):
            for file in message.files:
                if file.file_id not in seen:
                    seen.add(file.file_id)
                    yield file
