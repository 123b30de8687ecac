"""What a prompt needs and the database does not have: late files, history, names, what is in the files."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.conversation.desk import Desk
from bot.conversation.documents.document import Document
from bot.conversation.documents.steps import ReadingSteps
from bot.conversation.documents.study import Study
from bot.conversation.mentioned import mentioned
from bot.conversation.ports import Names, Reply
from bot.conversation.ports_files import Shown
from bot.conversation.thread import SharedFile, Turn

MOST_FILES = 20
"""So many are opened: those that are named in the question, and the newest."""
TWIN_SECONDS = 0.15
"""`message` and `app_mention` come within milliseconds of each other; only the first has files."""
TOO_OLD = "older than the newest files"
PART_OF_THREAD = "_Slack showed me only a part of this thread's earlier messages._"
NONE_OF_THREAD = "_Slack did not show me this thread's earlier messages just now._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A turn with everything in it that the model is to see."""

    turn: Turn
    names: Names
    shown: Shown
    shortened: tuple[Document, ...] = ()
    """Documents, in full, of which the prompt has only a part."""
    gap: str = ""
    """What the person has to know of messages that are not in it."""


class Gathering:
    """Completes one turn; all that can be asked at once is asked at once."""

    def __init__(self, turn: Turn, desk: Desk, reply: Reply, nudged: asyncio.Event) -> None:
        self.turn = turn
        self._desk = desk
        self._reply = reply
        self._nudged = nudged
        self._gap = ""

    async def gather(self) -> Gathered:
        """Learn what the prompt needs and the database does not have; all of it at once."""
        await self._complete_questions()
        await self._read_history()
        readable = self._desk.workspace.readable(self.turn)
        (turn, names), shown = await asyncio.gather(readable, self._read_files())
        studied = await Study(turn, self._desk, self._reply).fitted(shown)
        return Gathered(
            turn=turn,
            names=names,
            shown=studied.shown,
            shortened=studied.shortened,
            gap=self._gap,
        )

    async def _read_history(self) -> None:
        if self.turn.history_read:
            return
        earlier = await self._desk.workspace.earlier_messages(self.turn.key)
        if earlier.messages or earlier.is_whole:
            self.turn = await self._desk.conversations.add_history(
                self.turn, earlier.messages, is_whole=earlier.is_whole
            )
        if not earlier.is_whole:
            self._gap = PART_OF_THREAD if earlier.messages else NONE_OF_THREAD

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

    async def _read_files(self) -> Shown:
        files = self._by_weight()
        if not files:
            return Shown()
        steps = ReadingSteps(self._reply.step)
        shown = await self._desk.reader.read(
            files[:MOST_FILES],
            self._desk.workspace,
            self._desk.frame.model,
            steps.watch,
            conversation_id=self.turn.conversation_id,
            workspace=self.turn.key.team_id,
            question=self.turn.question,
        )
        steps.end(files, shown.unreadable)
        too_old = {file.file_id: TOO_OLD for file in files[MOST_FILES:]}
        return replace(shown, unreadable={**too_old, **shown.unreadable})

    def _by_weight(self) -> list[SharedFile]:
        """Each file once: those that the question names, then the newest."""
        shared = [file for message in self.turn.messages for file in message.files]
        named = mentioned(self.turn.question, shared)
        newest_first = {file.file_id: file for file in reversed(shared)}
        return sorted(newest_first.values(), key=lambda file: file.file_id not in named)
