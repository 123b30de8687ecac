"""What the product needs of the rooms that read shared files and make new ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.conversation.charts import Chart
from bot.conversation.documents.document import Document
from bot.conversation.files import FileFormat, MadeFile
from bot.conversation.messages import Audio, Image, Video
from bot.conversation.thread import SharedFile, Turn

Piece = Image | Video | Audio | Document
"""What a shared file becomes; one file may become several: a scanned document is pictures."""
VIDEO_TOKENS = 20_000
"""What a video may cost: its reader has the model look at it as often as this allows."""
AUDIO_TOKENS = 8_000
"""What a recording may cost, which is about five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The files of a thread as the model can take them, and what could not be opened."""

    by_file: Mapping[str, tuple[Piece, ...]] = field(default_factory=dict)
    """File id to what became of it."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """File id to the reason in words."""
    linked: Mapping[int, tuple[Document, ...]] = field(default_factory=dict)
    """Message id to what its links to Slack lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherForms:
    """What Slack itself has made of a file ("File object"); each an address, or empty."""

    mp4: str = ""
    pdf: str = ""
    """Of an Office file."""
    subtitles: str = ""
    """What is said in it, as WebVTT."""
    said: str = ""
    """The beginning of that, in plain words."""
    is_all_said: bool = True
    """Whether `said` is all of it."""
    is_being_heard: bool = False
    """Whether Slack is still writing down what is said."""


class FileSource(Protocol):
    """Where shared files lie."""

    async def download(self, file: SharedFile, into: Path, *, most: int) -> None:
        """Write a file's bytes there, `most` bytes at most. Raises UnreadableFile."""
        ...

    async def other_forms(self, file: SharedFile) -> OtherForms:
        """The forms in which Slack has that file beside its own; none where Slack does not say."""
        ...


Watch = Callable[[SharedFile, int, int], None]
"""Is told how far the reading of a file has come: so many pages of so many."""


class Reader(Protocol):
    """Makes what people share readable for the model."""

    async def read(
        self,
        files: Sequence[SharedFile],
        source: FileSource,
        model: str,
        watch: Watch,
        *,
        conversation_id: int = 0,
        workspace: str = "",
        question: str = "",
        only_beginning: bool = False,
    ) -> Shown:
        """Open these files; the first come first where there are too many for one request.

        What a model is asked for on the way, that workspace asks. What they say is kept for as long
        as that conversation; without one, nowhere but in memory.
        Of pictures in documents those that the question names come first; none is taken where only
        their beginning is wanted.
        """
        ...


class Readings(Protocol):
    """What files became, as text, kept for as long as the messages they are on."""

    async def load(self, conversation_id: int, file_id: str, form: str) -> str | None:
        """What was kept of a file in this form; None where nothing was."""
        ...

    async def keep(self, conversation_id: int, file_id: str, form: str, content: str) -> None:
        """Keep this; nothing where the message is gone already."""
        ...


class FileMaker(Protocol):
    """Makes files out of answers."""

    async def make(self, markdown: str, file_format: FileFormat, *, title: str = "") -> MadeFile:
        """The Markdown as a file, named after its title. Raises FileFailed."""
        ...

    async def picture(self, chart: Chart) -> MadeFile:
        """A chart as a picture. Raises FileFailed."""
        ...

    async def oversized(self, markdown: str) -> Sequence[MadeFile]:
        """The code and tables in it that a message would cut."""
        ...


class Publisher(Protocol):
    """Hands files over in Slack threads."""

    async def publish(self, turn: Turn, file: MadeFile) -> None:
        """Share a file in the turn's thread, once, whatever an earlier attempt has done.

        Raises FileFailed.
        """
        ...
