"""What a turn asks of Slack beside the reply: history, names, files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.conversation.ports import Earlier, Names
from bot.conversation.ports_files import OtherForms
from bot.conversation.thread import SharedFile, ThreadKey, ThreadMessage, Turn
from bot.slack.directory import Directory
from bot.slack.files import Files
from bot.slack.history import History
from bot.slack.markdown.rendering import plain


class SlackWorkspace:
    """One workspace. Implements `conversation.ports.Workspace`."""

    def __init__(self, history: History, directory: Directory, files: Files) -> None:
        self._history = history
        self._directory = directory
        self._files = files

    async def earlier_messages(self, key: ThreadKey) -> Earlier:
        """The thread's messages from Slack, as far as it shows them now."""
        return await self._history.earlier(key)

    async def files_of(self, key: ThreadKey, ts: str) -> tuple[SharedFile, ...]:
        """The files of one message, for when its event came without them."""
        return await self._history.files_of(key, ts)

    async def readable(self, turn: Turn) -> tuple[Turn, Names]:
        """The turn with names in the texts where Slack has ids, and who they are."""
        names = await self._directory.names(turn.messages, turn.key.channel_id)
        called = {person.id: person.name for person in names.people.values()}

        def in_words(messages: Sequence[ThreadMessage]) -> tuple[ThreadMessage, ...]:
            return tuple(
                replace(message, text=plain(message.text, called, names.channels))
                for message in messages
            )

        readable = replace(
            turn, messages=in_words(turn.messages), questions=in_words(turn.questions)
        )
        return readable, names

    async def download(self, file: SharedFile, into: Path, *, most: int) -> None:
        """Write a shared file's bytes there, `most` bytes at most. Raises UnreadableFile."""
        await self._files.download(file, into, most=most)

    async def other_forms(self, file: SharedFile) -> OtherForms:
        """The forms in which Slack has that file beside its own; none where Slack does not say."""
        return await self._history.other_forms(file.file_id)
