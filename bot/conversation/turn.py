"""One turn, top to bottom: gather what the thread says, ask the model, let the answer grow.

Every way a turn can end is here: done, stopped by a person, given way to another turn, or failed
with one calm sentence. What is saved of it is the caller's business (bot/worker.py).
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.conversation.context import Frame, build_prompt
from bot.conversation.events import Interruption
from bot.conversation.messages import Finished, FinishReason, Prompt, TextDelta, Usage
from bot.conversation.ports import (
    Conversations,
    Ending,
    Model,
    Names,
    Pictures,
    Replies,
    Reply,
    Workspace,
)
from bot.conversation.thread import ChannelType, Outcome, SharedFile, Turn
from bot.errors import ContentRefused, LostTurn, ModelError, PromptTooLong, SlackError

STOPPED = "_Stopped._"
TOO_LONG_ANSWER = "_The answer reached the model's length limit here._"
EMPTY = "The model gave an empty answer."
OUR_FAULT = "Something went wrong on my side. It has been logged."
GAVE_UP = "I tried this several times and could not finish it."
UNREADABLE = "_I couldn't open `{name}`: {reason}._"

MOST_ATTEMPTS = 3
"""A turn that has brought its worker down so often is given up."""
MOST_PICTURES = 20
TWIN_SECONDS = 0.15
"""`message` and `app_mention` come within milliseconds of each other; only the first has files."""
_TITLE_LENGTH = 60


class Interrupt:
    """Lets another task end a running turn early."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.reason: Interruption | None = None

    def ask(self, reason: Interruption) -> None:
        """End the turn; giving way wins over stopping."""
        if self.reason is not Interruption.GIVE_WAY:
            self.reason = reason
        self._asked.set()

    async def wait(self) -> None:
        """Return once somebody asked."""
        await self._asked.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a turn works with."""

    model: Model
    workspace: Workspace
    replies: Replies
    conversations: Conversations
    frame: Frame
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class RunningTurn:
    """A turn being answered, and the handle to watch and interrupt it."""

    def __init__(self, turn: Turn, desk: Desk, *, on_segment: Callable[[], None]) -> None:
        self.turn = turn
        self.interrupt = Interrupt()
        self.reply: Reply = desk.replies.open(
            turn, on_stop=lambda: self.interrupt.ask(Interruption.STOP), on_segment=on_segment
        )
        self._nudged = asyncio.Event()
        self._desk = desk
        self._pictures = Pictures()
        self._usage: Usage | None = None
        self._request_id = ""
        self._began = time.monotonic()

    def nudge(self) -> None:
        """Something came for this thread; it may be what a question still lacks."""
        self._nudged.set()

    async def run(self) -> Ending | None:
        """Answer, and return how it ended; None when another turn goes on with the reply.

        Raises LostTurn, and CancelledError: then the process ends, and the reply stands as it is.
        """
        if self.turn.attempt > MOST_ATTEMPTS:
            return await self._fail(GAVE_UP, retry=True, failure="GaveUp")
        answering = asyncio.create_task(self._answer(), name=f"answer {self.turn.reply_id}")
        interrupted = asyncio.create_task(self.interrupt.wait())
        try:
            await asyncio.wait({answering, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if self.interrupt.reason is None:
                return await self._ended(answering)
        finally:
            interrupted.cancel()
            await _cancelled(answering)
        if self.interrupt.reason is Interruption.STOP:
            return await self._close(Outcome.STOPPED, note=STOPPED)
        await self.reply.abandon()
        return None

    async def _ended(self, answering: asyncio.Task[str]) -> Ending:
        try:
            note = await answering
        except LostTurn:
            raise
        except ModelError as error:
            failure = type(error).__name__
            return await self._fail(
                error.sentence, retry=error.can_retry, failure=failure, cause=error
            )
        except Exception as error:  # noqa: BLE001  the person gets a sentence, the log the rest
            failure = type(error).__name__
            return await self._fail(OUR_FAULT, retry=True, failure=failure, cause=error)
        if not self.reply.text.strip():
            return await self._fail(EMPTY, retry=True, failure="EmptyAnswer")
        return await self._close(Outcome.DONE, note=self._with_unreadable(note))

    async def _answer(self) -> str:
        """Write the whole answer; returns what is to be noted beneath it."""
        self.reply.begin(title=_title(self.turn))
        names = await self._gather()
        prefix = self._take_up()
        try:
            return await self._ask(self._prompt(names, prefix))
        except PromptTooLong:
            if self.reply.text != prefix:
                raise
            frame = self._desk.frame
            half = replace(frame, context_tokens=frame.context_tokens // 2)
            return await self._ask(self._prompt(names, prefix, half))

    async def _gather(self) -> Names:
        """Learn what the prompt needs and the database does not have; all of it at once."""
        await self._complete_questions()
        await self._read_history()
        readable = self._desk.workspace.readable(self.turn)
        (self.turn, names), self._pictures = await asyncio.gather(readable, self._open_pictures())
        return names

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
        newest_first = [file for message in reversed(self.turn.messages) for file in message.files]
        shown = [file for file in newest_first if file.is_picture][:MOST_PICTURES]
        if not newest_first:
            return Pictures()
        opened = await self._desk.workspace.pictures(shown)
        too_many = {
            file.file_id: "older than the newest pictures"
            for file in newest_first
            if file.is_picture and file not in shown
        }
        others = {
            file.file_id: "I can only look at pictures so far"
            for file in newest_first
            if not file.is_picture
        }
        return replace(opened, unreadable={**too_many, **others, **opened.unreadable})

    def _take_up(self) -> str:
        """Go on from what an earlier attempt wrote, where the model can do that."""
        so_far = self.turn.text_so_far
        if not so_far or not self._desk.model.continues(self._desk.frame.model):
            return ""
        self.reply.write(so_far)
        return so_far

    def _prompt(self, names: Names, prefix: str, frame: Frame | None = None) -> Prompt:
        return build_prompt(
            self.turn,
            names,
            self._pictures,
            frame or self._desk.frame,
            now=self._desk.clock(),
            prefix=prefix,
        )

    async def _ask(self, prompt: Prompt) -> str:
        """Let the model write. The loop runs for every token of every reply: keep it bare."""
        reply = self.reply
        continuation = _Continuation(reply, prompt.prefix) if prompt.prefix else None
        write = continuation.write if continuation else reply.write
        reason = FinishReason.STOP
        async for delta in self._desk.model.stream(prompt):
            if type(delta) is TextDelta:
                write(delta.text)
            elif type(delta) is Usage:
                self._usage = delta
            elif type(delta) is Finished:
                reason, self._request_id = delta.reason, delta.request_id
        if continuation:
            continuation.end()
        if reason is FinishReason.FILTERED:
            raise ContentRefused(request_id=self._request_id)
        return TOO_LONG_ANSWER if reason is FinishReason.LENGTH else ""

    def _with_unreadable(self, note: str) -> str:
        """Name the files of the question that could not be opened: the model may forget to."""
        notes = [note] if note else []
        asked: list[SharedFile] = [file for ask in self.turn.questions for file in ask.files]
        for file in asked:
            reason = self._pictures.unreadable.get(file.file_id)
            if reason:
                notes.append(UNREADABLE.format(name=file.name.replace("`", "'"), reason=reason))
        return "\n".join(notes)

    async def _fail(
        self, sentence: str, *, retry: bool, failure: str, cause: Exception | None = None
    ) -> Ending:
        note = self._with_unreadable(f":warning: {sentence}")
        ending = await self._close(Outcome.FAILED, note=note, retry=retry)
        return ending if ending.cause else replace(ending, failure=failure, cause=cause)

    async def _close(self, outcome: Outcome, *, note: str, retry: bool = False) -> Ending:
        try:
            await self.reply.close(note=note, retry=retry)
        except SlackError as error:
            # There is nowhere left to say a sentence: Slack takes no message in this thread.
            ending = self._ending(Outcome.FAILED)
            return replace(ending, failure=type(error).__name__, cause=error)
        return self._ending(outcome)

    def _ending(self, outcome: Outcome) -> Ending:
        shown_at = self.reply.first_shown_at
        return Ending(
            outcome=outcome,
            text=self.reply.text,
            segments=self.reply.segments,
            model=self._desk.frame.model,
            usage=self._usage,
            seconds=time.monotonic() - self._began,
            first_text_seconds=None if shown_at is None else shown_at - self._began,
            request_id=self._request_id,
        )


class _Continuation:
    """Joins what the model goes on with to what was there before.

    A model asked to continue leaves out what it was given (Model Studio, "Partial mode"). A server
    that does not know the feature begins again from the first word: then so does the reply.
    """

    _ENOUGH = 48

    def __init__(self, reply: Reply, prefix: str) -> None:
        self._reply = reply
        self._prefix = prefix
        self._held: str | None = ""

    def write(self, text: str) -> None:
        """Pass the text on, once it is clear whether it continues or repeats."""
        if self._held is None:
            self._reply.write(text)
            return
        self._held += text
        repeats = self._prefix.startswith(self._held)
        if repeats and len(self._held) < min(self._ENOUGH, len(self._prefix)):
            return
        if repeats or self._held.startswith(self._prefix):
            self._reply.restart()
        self.end()

    def end(self) -> None:
        """Let go of what was held back: nothing more comes, or it is clear what it was."""
        held, self._held = self._held, None
        if held:
            self._reply.write(held)


def _title(turn: Turn) -> str | None:
    """A new DM thread is named after its first question (Slack's agent sessions have titles)."""
    if turn.channel_type is not ChannelType.DM or turn.answers or turn.attempt > 1:
        return None
    words = " ".join(turn.questions[0].text.split())
    if len(words) <= _TITLE_LENGTH:
        return words or None
    return words[:_TITLE_LENGTH].rsplit(" ", 1)[0] + "…"


async def _cancelled(task: asyncio.Task[str]) -> None:
    """End a task and wait until it has let go of everything it held."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # looked at: what it says no longer matters
