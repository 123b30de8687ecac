"""What the product needs from the other rooms; each Protocol has one real part and one fake."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel

from bot.conversation.charts import Chart
from bot.conversation.events import Again, Wake
from bot.conversation.messages import Delta, Prompt, Step, Usage
from bot.conversation.modes import ChannelSettings
from bot.conversation.ports_files import FileSource
from bot.conversation.summaries.summary import ChannelReading
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import (
    Outcome,
    Progress,
    Segment,
    SharedFile,
    ThreadKey,
    ThreadMessage,
    Turn,
    Withdrawal,
)

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a model can do, as far as a turn has to know."""

    continues: bool = False
    """Goes on exactly from `Prompt.prefix`."""
    pictures: bool = True
    videos: bool = False
    sound: bool = False
    """Hears recordings."""
    tools: bool = False
    thinking: bool = False
    """Can think before it answers."""
    search: bool = False
    """Can search the web by itself."""
    most_tokens: int = 0
    """The longest prompt it takes; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An amount of money."""

    amount: float
    currency: str


class Model(Protocol):
    """A language model."""

    def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        """Yield the answer as it is written; `Finished` comes last. Raises ModelError."""
        ...

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        """The answer as a value of that pydantic type. Raises ModelError."""
        ...

    def abilities(self, model: str) -> Abilities:
        """What that model can do."""
        ...


class Uploader(Protocol):
    """Takes files that are too large to be part of a prompt."""

    async def upload(self, file: bytes | Path, *, name: str, model: str) -> str:
        """Hand a file over for that model; its address for `Video.url`, good for two days.

        Raises ModelError; PromptTooLong where the file is larger than the service takes.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in Slack, as the model should know them."""

    id: str
    name: str
    time_zone: str = "UTC"
    """An IANA name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names behind the ids in a thread; an id without a name is shown as it is."""

    people: Mapping[str, Person] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)

    def person(self, user_id: str) -> Person:
        """The person of that id, by its id where the name is unknown."""
        return self.people.get(user_id) or Person(id=user_id, name=user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What Slack shows of a thread now."""

    messages: Sequence[ThreadMessage] = ()
    """Oldest first."""
    is_whole: bool = False
    """Whether there is no more of it."""


class Workspace(FileSource, Protocol):
    """What a turn asks of Slack beside the reply itself."""

    async def earlier_messages(self, key: ThreadKey) -> Earlier:
        """The thread's messages from Slack, as far as it shows them now."""
        ...

    async def files_of(self, key: ThreadKey, ts: str) -> tuple[SharedFile, ...]:
        """The files of one message, for when its event came without them."""
        ...

    async def readable(self, turn: Turn) -> tuple[Turn, Names]:
        """The turn with names in the texts where Slack has ids, and who they are."""
        ...


class ChannelReader(Protocol):
    """Reads what was said in the channels of one workspace."""

    async def read(
        self,
        channel_id: str,
        *,
        span: Span | None,
        thread_ts: str = "",
        on_read: Callable[[int], None],
    ) -> ChannelReading:
        """The messages of that span with their threads, or of one thread; None: all of it.

        `on_read` is told how many have been read so far. What can't be read is named in the
        reading; raises UnreadableChannel where nothing can, and SlackError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What stands beneath an answer that has ended."""

    note: str = ""
    """Markdown: why it is not complete, what it rests on."""
    footer: str = ""
    """One quiet line in plain words: which model, how long."""
    buttons: tuple[Again, ...] = ()
    can_be_rated: bool = False


class Reply(Protocol):
    """The answer as it grows in the Slack thread. `write` never waits; the rest does."""

    def begin(self, *, title: str | None) -> None:
        """Show that the question was heard, while nothing is written yet."""
        ...

    def hold_on(self) -> None:
        """Show, while nothing is written yet, that the answer waits for its turn at the model."""
        ...

    def write(self, text: str) -> None:
        """Add the next characters of the answer."""
        ...

    def restart(self) -> None:
        """Forget the text so far: the model starts anew, in the same Slack messages."""
        ...

    def step(self, step: Step) -> None:
        """Show something that is done on the way to the answer. Never waits, like `write`."""
        ...

    def end_text(self) -> None:
        """The text is whole, and nothing is written any more; steps now stand beneath it."""
        ...

    async def close(self, closing: Closing) -> None:
        """Show all that was written, and what belongs beneath it.

        Raises SlackError where Slack takes no message in this thread.
        """
        ...

    async def abandon(self) -> None:
        """Touch Slack no more: somebody else goes on, or the process ends.

        Returns once a call under way has come back, so that `segments` are all there are.
        """
        ...

    @property
    def text(self) -> str:
        """Everything written so far."""
        ...

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The Slack messages that exist."""
        ...

    @property
    def undrawn(self) -> Sequence[Chart]:
        """The charts in the text that Slack does not draw."""
        ...

    @property
    def first_shown_at(self) -> float | None:
        """When the first words were in Slack (time.monotonic)."""
        ...


IsOurs = Callable[[], Awaitable[bool]]
"""Whether a turn is surely its worker's still; False while nobody can tell. Raises LostTurn."""


class Replies(Protocol):
    """Opens the sink for a turn's answer."""

    def open(
        self,
        turn: Turn,
        *,
        on_stop: Callable[[], None],
        on_segment: Callable[[], None],
        is_ours: IsOurs,
    ) -> Reply:
        """A reply into the turn's thread, going on in the turn's segments where there are any.

        `on_stop` is called when a reader has stopped it in Slack, or no more can be shown;
        `on_segment` when a Slack message has come to exist; `is_ours` is asked before every call.
        """
        ...

    async def take_away(self, withdrawal: Withdrawal) -> None:
        """Delete the Slack messages of an answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is kept of a finished reply."""

    outcome: Outcome
    text: str
    segments: tuple[Segment, ...]
    failure: str = ""
    """The name of the error that ended it."""
    model: str = ""
    preset: str = ""
    usage: Usage | None = None
    seconds: float = 0.0
    first_text_seconds: float | None = None
    request_id: str = ""
    cost: Cost | None = None
    left_out: frozenset[int] = frozenset()
    """The messages content inspection refused: later turns leave them out."""
    cause: Exception | None = None
    """What the log is told of a failure."""


class Conversations(Protocol):
    """What a turn reads and keeps of its thread while it is answered."""

    async def add_history(
        self, turn: Turn, messages: Sequence[ThreadMessage], *, is_whole: bool
    ) -> Turn:
        """Keep messages from before the bot came; the turn with them in place.

        Unless they are all of them, the next turn looks again.
        """
        ...

    async def files_of(self, message_id: int) -> tuple[SharedFile, ...] | None:
        """A message's files, once its whole event has come; None before."""
        ...

    async def remember(self, conversation_id: int, summary: str, until: str) -> None:
        """Keep what a thread's messages up to the ts `until` come to."""
        ...

    async def complete(self, turn: Turn, message: ThreadMessage) -> Turn:
        """Keep the files that a message's event had left out; the turn with them in place."""
        ...


class Channels(Protocol):
    """What people have set for their channels."""

    async def load(self, team_id: str, channel_id: str) -> ChannelSettings:
        """A channel's settings; empty ones where nobody has set any."""
        ...

    async def save(self, team_id: str, channel_id: str, settings: ChannelSettings) -> None:
        """Keep a channel's settings in place of those before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which of a worker's replies are still its own, after it has said that it lives."""

    reply_ids: frozenset[int]
    stopped: frozenset[int]
    """A person asked for their end, by way of whichever process."""


class Turns(Protocol):
    """The turns of all conversations, as a worker takes and returns them."""

    async def unfinished(self) -> Sequence[Wake]:
        """The conversations in which something waits that no living worker is at, in line."""
        ...

    async def claim(self, conversation_id: int) -> Turn | Withdrawal | None:
        """Take the next thing to do in this conversation, or None where nothing is left."""
        ...

    async def save_progress(self, all_progress: Sequence[Progress]) -> Held:
        """Keep how far these replies have come, and that their worker lives."""
        ...

    async def finish(self, turn: Turn, ending: Ending) -> None:
        """Keep the reply's end; its questions are answered. Raises LostTurn."""
        ...

    async def leave(self, turn: Turn, segments: tuple[Segment, ...]) -> None:
        """Keep which Slack messages exist, for whoever goes on or takes them away."""
        ...

    async def release(self, turn: Turn) -> None:
        """Hand a turn that is half done to whoever takes it next. Raises LostTurn."""
        ...

    async def withdrawn(self, reply_id: int) -> None:
        """Keep that an answer is gone from Slack, and its text with it."""
        ...


class Attendant(Protocol):
    """Whoever attends to conversations that are woken: the worker of this process."""

    def wake(self, wake: Wake) -> None:
        """Look at this conversation as soon as there is room."""
        ...

    def interrupt(self, wake: Wake) -> None:
        """Interrupt what runs in this conversation, if it runs here."""
        ...

    async def room(self) -> None:
        """Return once another conversation could begin at once."""
        ...


class Wakes(Protocol):
    """Brings wake-ups from whoever took something in to a worker, wherever it runs.

    A wake-up that is lost, late or doubled is harmless: the database says what is unanswered, and
    workers `recall` what they find there.
    """

    async def wake(self, wake: Wake) -> None:
        """Have some worker attend to this conversation; interrupt whoever is at it, if asked to.

        Never raises: what waits is kept already.
        """
        ...

    async def recall(self, wakes: Sequence[Wake]) -> None:
        """Wake those of these conversations whose wake-up is not under way."""
        ...

    async def run(self, attendant: Attendant) -> None:
        """Hand over what comes, until cancelled."""
        ...
