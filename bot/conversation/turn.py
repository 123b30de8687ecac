"""One turn, top to bottom: gather what the thread says, ask the model, let the answer grow.

Every way a turn can end is here: done, stopped by a person, given way to another turn, or failed
with one calm sentence. What is saved of it is the caller's business (bot/work/worker.py).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from bot.conversation.asking import Asking, can_go_on
from bot.conversation.closing import footer, sources_line
from bot.conversation.context import Built, Frame, build_prompt, zone_of
from bot.conversation.desk import Desk
from bot.conversation.documents.tool import READ_DOCUMENT
from bot.conversation.events import Again, Interruption
from bot.conversation.gathering import Gathered, Gathering
from bot.conversation.handing import Handing
from bot.conversation.links import with_linked
from bot.conversation.memory import Summary, fold, is_worth_folding
from bot.conversation.messages import FinishReason, Prompt
from bot.conversation.modes import Mode, mode_for
from bot.conversation.ports import Closing, Ending, IsOurs, Reply
from bot.conversation.ports_files import Shown
from bot.conversation.spending import Spending, count_in
from bot.conversation.summaries.answer import answer, asked_summary
from bot.conversation.thread import ChannelType, Outcome, SharedFile, Turn
from bot.conversation.tools import Asker
from bot.errors import ContentRefused, LostTurn, ModelError, PromptTooLong, SlackError

STOPPED = "_Stopped._"
TOO_LONG_ANSWER = "_The answer reached the length limit here._"
NO_SEARCH = "_This model can't search the web: the answer is from what it has learned._"
HISTORY_REFUSED = (
    "_The model's content filter refused earlier messages of this thread; I left them out._"
)
EMPTY = "The model gave an empty answer."
OUR_FAULT = "Something went wrong on my side. It has been logged."
GAVE_UP = "I tried this several times and could not finish it."
UNREADABLE = "_I couldn't open `{name}`: {reason}._"

MOST_SETBACKS = 3
"""A turn that has brought its worker down so often is given up."""
_LEAST_PART = 16
"""A prompt is shortened to this part of the usual at least."""
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


class RunningTurn:
    """A turn being answered, and the handle to watch and interrupt it."""

    def __init__(
        self, turn: Turn, desk: Desk, *, on_segment: Callable[[], None], is_ours: IsOurs
    ) -> None:
        self.turn = turn
        self.interrupt = Interrupt()
        self.reply: Reply = desk.replies.open(
            turn,
            on_stop=lambda: self.interrupt.ask(Interruption.STOP),
            on_segment=on_segment,
            is_ours=is_ours,
        )
        self._is_ours = is_ours
        self._nudged = asyncio.Event()
        self.desk = desk
        self._shown = Shown()
        self._built: Built | None = None
        self._mode: Mode | None = None
        self._asking: Asking | None = None
        self._spending = Spending()
        self._refused: frozenset[int] = frozenset()
        """The messages that content inspection has refused."""
        self._began = time.monotonic()

    def nudge(self) -> None:
        """Something came for this thread; it may be what a question still lacks."""
        self._nudged.set()

    async def run(self) -> Ending | None:
        """Answer, and return how it ended; None when another turn goes on with the reply.

        Raises LostTurn, and CancelledError: then the process ends, and the reply stands as it is.
        """
        if self.turn.setbacks >= MOST_SETBACKS:
            return await self._fail(GAVE_UP, failure="GaveUp")
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
            buttons = (Again.CONTINUE, Again.REGENERATE) if self.reply.text.strip() else ()
            closing = Closing(note=STOPPED, footer=self._footer(), buttons=buttons)
            return await self._close(Outcome.STOPPED, closing)
        await self.reply.abandon()
        return None

    @property
    def text_to_resume(self) -> str:
        """What another process could go on from: nothing, once tools were used.

        Their results are known here only; without them the model would make up the rest.
        """
        has_results = self._asking is not None and self._asking.has_used_tools
        return "" if has_results else self.reply.text

    @property
    def has_outgrown(self) -> bool:
        """Whether so much no longer fits into the prompt that it is worth a summary."""
        return self._built is not None and is_worth_folding(self._built)

    async def remember(self) -> Summary | None:
        """What the thread's older messages come to, for the next turns. Raises ModelError."""
        if self._built is None:
            return None
        return await fold(self.desk.model, self.turn, self._built)

    async def _ended(self, answering: asyncio.Task[Closing]) -> Ending:
        try:
            closing = await answering
        except LostTurn:
            raise
        except ModelError as error:
            return await self._fail(error.sentence, buttons=self._remedies(error), cause=error)
        except Exception as error:  # noqa: BLE001  the person gets a sentence, the log the rest
            return await self._fail(OUR_FAULT, cause=error)
        if not self.reply.text.strip():
            return await self._fail(EMPTY, failure="EmptyAnswer")
        note = self._with_unreadable(closing.note)
        return await self._close(Outcome.DONE, replace(closing, note=note))

    def _remedies(self, error: ModelError) -> tuple[Again, ...]:
        if can_go_on(error) and self.reply.text.strip():
            return (Again.CONTINUE, Again.RETRY)
        return (Again.RETRY,) if error.can_retry else ()

    async def _answer(self) -> Closing:
        """Write the whole answer; returns what belongs beneath it."""
        count_in(self._spending)
        self.reply.begin(title=_title(self.turn))
        gathered = await Gathering(self.turn, self.desk, self.reply, self._nudged).gather()
        raw, self.turn, self._shown = self.turn, gathered.turn, gathered.shown
        if await self._summarized(raw, gathered):
            footer = self._footer()
            return Closing(footer=footer, buttons=(Again.REGENERATE,), can_be_rated=True)
        prefix = self._take_up()
        asking = self._asking = self._ask(gathered)
        gathered = await with_linked(gathered, asking, self.desk.toolbox.specs)
        note = ""
        try:
            reason = await self._within_the_window(asking, gathered, prefix)
        except ContentRefused:
            if self.reply.text != prefix or self._is_alone:
                self._refused = frozenset(question.id for question in self.turn.questions)
                raise
            reason = await self._without_history(asking, gathered)
            note = HISTORY_REFUSED
        handing = Handing(self.desk, self.turn, self.reply, is_ours=self._is_ours)
        files = await handing.hand_over(self._mode)
        notes = (files, note, gathered.gap)
        return self._closing(asking, reason, "\n".join(part for part in notes if part))

    async def _within_the_window(
        self, asking: Asking, gathered: Gathered, prefix: str
    ) -> FinishReason:
        """Ask; a prompt that turns out to be too long is asked again, half as long each time."""
        frame = self.desk.frame
        while True:
            try:
                return await asking.answer(self._prompt(gathered, prefix, frame))
            except PromptTooLong:
                room = frame.context_tokens // 2
                if (
                    self.reply.text != prefix
                    or room < self.desk.frame.context_tokens // _LEAST_PART
                ):
                    raise
                frame = replace(frame, context_tokens=room)

    @property
    def _is_alone(self) -> bool:
        """Whether the questions were all that the model was shown."""
        turn = self.turn
        return len(turn.messages) == len(turn.questions) and not (turn.answers or turn.summary)

    async def _summarized(self, raw: Turn, gathered: Gathered) -> bool:
        """Answer with a summary, if that is what the question asks for."""
        sources = self.desk.summaries
        person = gathered.names.person(self.turn.asker.author_id)
        now = self.desk.clock().astimezone(zone_of(person.time_zone))
        wish = asked_summary(raw, now) if sources else None
        if sources is None or wish is None:
            return False
        await answer(
            wish, sources, self.reply, asker=person, told_in=self.turn.key.channel_id, now=now
        )
        return True

    async def _without_history(self, asking: Asking, gathered: Gathered) -> FinishReason:
        """Content inspection refuses something: perhaps it is not in the question itself."""
        turn = gathered.turn
        alone = replace(turn, messages=turn.questions, answers=(), summary="")
        try:
            return await asking.answer(self._prompt(replace(gathered, turn=alone), ""))
        except ContentRefused:
            self._refused = frozenset(question.id for question in turn.questions)
            raise

    def _ask(self, gathered: Gathered) -> Asking:
        person = gathered.names.person(self.turn.asker.author_id)
        now = self.desk.clock().astimezone(zone_of(person.time_zone))
        asker = Asker(person=person, key=self.turn.key, now=now, documents=gathered.shortened)
        return Asking(self.desk.model, self.desk.toolbox, self.reply, asker)

    def _closing(self, asking: Asking, reason: FinishReason, note: str) -> Closing:
        buttons = [Again.REGENERATE]
        if reason is FinishReason.LENGTH:
            note = f"{note}\n{TOO_LONG_ANSWER}".strip()
            buttons.insert(0, Again.CONTINUE)
        if self._mode is not None and self._mode.lacks_search:
            note = f"{note}\n{NO_SEARCH}".strip()
        sources = sources_line(asking.sources.values())
        return Closing(
            note="\n\n".join(part for part in (sources, note) if part),
            footer=self._footer(),
            buttons=tuple(buttons),
            can_be_rated=True,
        )

    def _take_up(self) -> str:
        """Go on from what there is: because a person asks for it, or after a crash.

        After a crash only where the model goes on exactly; others begin again.
        """
        so_far = self.turn.text_so_far
        can = self.desk.model.abilities(self.desk.frame.model).continues
        if not so_far or (self.turn.is_takeover and not can):
            return ""
        self.reply.write(so_far)
        return so_far

    def _prompt(self, gathered: Gathered, prefix: str, frame: Frame | None = None) -> Prompt:
        turn, desk = gathered.turn, self.desk
        able = desk.model.abilities(desk.frame.model)
        wanted = mode_for(turn.question, turn.settings, desk.habits)
        mode = self._mode = wanted.within(thinking=able.thinking, search=able.search)
        built = self._built = build_prompt(
            turn,
            gathered.names,
            gathered.shown,
            frame or desk.frame,
            mode,
            now=desk.clock(),
            prefix=prefix,
        )
        tools = desk.toolbox.specs
        if not gathered.shortened:
            tools = tuple(tool for tool in tools if tool.name != READ_DOCUMENT)
        return replace(built.prompt, tools=tools)

    def _footer(self) -> str:
        spending = self._spending
        if not spending.model:
            return ""
        return footer(spending.model, self._mode, spending.usage, time.monotonic() - self._began)

    def _with_unreadable(self, note: str) -> str:
        """Name the files of the question that could not be opened: the model may forget to."""
        notes = [note] if note else []
        asked: list[SharedFile] = [file for ask in self.turn.questions for file in ask.files]
        for file in asked:
            reason = self._shown.unreadable.get(file.file_id)
            if reason:
                notes.append(UNREADABLE.format(name=file.name.replace("`", "'"), reason=reason))
        return "\n".join(notes)

    async def _fail(
        self,
        sentence: str,
        *,
        buttons: tuple[Again, ...] = (Again.RETRY,),
        failure: str = "",
        cause: Exception | None = None,
    ) -> Ending:
        note = self._with_unreadable(f":warning: {sentence}")
        ending = await self._close(Outcome.FAILED, Closing(note=note, buttons=buttons))
        if ending.cause:
            return ending
        return replace(ending, failure=failure or type(cause).__name__, cause=cause)

    async def _close(self, outcome: Outcome, closing: Closing) -> Ending:
        try:
            await self.reply.close(closing)
        except SlackError as error:
            # There is nowhere left to say a sentence: Slack takes no message in this thread.
            ending = self._ending(Outcome.FAILED)
            return replace(ending, failure=type(error).__name__, cause=error)
        return self._ending(outcome)

    def _ending(self, outcome: Outcome) -> Ending:
        shown_at = self.reply.first_shown_at
        asking, spending = self._asking, self._spending
        return Ending(
            outcome=outcome,
            text=self.reply.text,
            segments=self.reply.segments,
            model=spending.model or self.desk.frame.model,
            preset=self._mode.preset.name if self._mode else "",
            usage=spending.usage,
            cost=spending.cost,
            seconds=time.monotonic() - self._began,
            first_text_seconds=None if shown_at is None else shown_at - self._began,
            request_id=asking.request_id if asking else "",
            left_out=self._refused,
        )


def _title(turn: Turn) -> str | None:
    """A new DM thread is named after its first question (Slack's agent sessions have titles)."""
    if turn.channel_type is not ChannelType.DM or turn.answers or turn.attempt > 1:
        return None
    words = " ".join(turn.questions[0].text.split())
    if len(words) <= _TITLE_LENGTH:
        return words or None
    return words[:_TITLE_LENGTH].rsplit(" ", 1)[0] + "…"


async def _cancelled(task: asyncio.Task[Closing]) -> None:
    """End a task and wait until it has let go of everything it held."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # looked at: what it says no longer matters
