"""The answer as it grows in a Slack thread: the sink between the model's deltas and Slack.

`write` only collects. A pump of the reply's own shows what is there, at a pace that follows the
workspace's budget (bot/slack/budget.py), in the best way that is left:

1. a native stream;
2. a message, posted with the first words and edited as it grows;
3. one message at the end.

Whatever Slack refuses on the way, the reply ends complete, each word once, in order.
"""

import asyncio
import time
from collections.abc import Callable
from typing import assert_never

from bot.conversation.charts import Chart
from bot.conversation.messages import Step
from bot.conversation.ports import Closing, IsOurs
from bot.conversation.thread import Segment, Turn
from bot.errors import SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.history import History
from bot.slack.markdown.charts import undrawn
from bot.slack.markdown.rendering import Draft, is_visible
from bot.slack.replies.anew import CONTENT_REFUSED, say_anew
from bot.slack.replies.footer import BLOCKS_REFUSED, Blocks, closing_blocks, with_note
from bot.slack.replies.pace import Pace
from bot.slack.replies.place import Place
from bot.slack.replies.standing import (
    NO_STREAMS_HERE,
    EditedMessage,
    Standing,
    StreamedMessage,
    delete_message,
)
from bot.slack.replies.status import Status
from bot.slack.replies.steps import Steps
from bot.slack.replies.strays import Strays

_DELETED = "message_not_found"
_FROZEN = frozenset({"cant_update_message", "edit_window_closed"})
"""The workspace forbids edits, from some moment on or at all."""


class SlackReply:
    """One answer, growing. Implements `conversation.ports.Reply`."""

    def __init__(
        self,
        turn: Turn,
        api: SlackApi,
        budget: Budget,
        history: History,
        status: Status,
        *,
        on_stop: Callable[[], None],
        on_segment: Callable[[], None],
        is_ours: IsOurs,
    ) -> None:
        self.first_shown_at: float | None = None
        """When the first words were in Slack (time.monotonic)."""
        self._turn = turn
        self._budget = budget
        self._status = status.of(turn, is_ours)
        self._on_stop = on_stop
        self._on_segment = on_segment
        self._text: list[str] = []
        self._people = frozenset(message.author_id for message in turn.messages)
        self._draft = Draft(people=self._people)
        self._steps = Steps()
        self._pace = Pace()
        self._closing: Closing | None = None
        self._refused_to_stream = False
        self._holds_back = False
        """Whether Slack has refused the words so far: they are said at the end, as it takes them."""
        self._left_a_stream = turn.is_takeover
        """Whether a stream is not ended as one, by its last words."""
        self._strays = Strays(
            history,
            turn,
            known=lambda: frozenset(segment.ts for segment in self.segments),
            sleep=self._pace.wait_out,
        )
        self._place = Place.of(
            turn,
            api=api,
            budget=budget,
            is_ours=is_ours,
            sleep=self._pace.wait_out,
            stray=lambda: self._strays.find(len(self._standing)),
            next_number=lambda: len(self.segments),
        )
        self._standing: list[Standing] = [
            EditedMessage(self._place, segment, number, may_be_live=segment.streamed)
            for number, segment in enumerate(turn.segments)
        ]
        self._anew: list[Standing] = []
        """What was said beneath the others, since Slack did not take it there."""
        self._settled: set[int] = set()
        """The positions whose last text stands, there or beneath."""
        self._pump: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """Everything the model has written."""
        self._text = ["".join(self._text)]
        return self._text[0]

    @property
    def undrawn(self) -> list[Chart]:
        """The charts so far that Slack does not draw."""
        return undrawn(self.text, self._draft.segments, may_draw=self._place.may_draw)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The Slack messages that exist."""
        return tuple(message.segment for message in (*self._standing, *self._anew))

    def begin(self, *, title: str | None) -> None:
        """Show that the question was heard, while nothing is written yet."""
        self._status.begin(title)
        _ = self._ensure_pump()

    def hold_on(self) -> None:
        """Show, while nothing is written yet, that the answer waits for its turn at the model."""
        if not self._standing:
            self._status.hold_on()

    def write(self, text: str) -> None:
        """Add the next characters of the answer. Called for every token: it must cost nothing."""
        self._text.append(text)
        self._draft.feed(text)
        if self.first_shown_at is None:
            self._pace.hurry()  # the first words go out at once; the pace begins after them

    def step(self, step: Step) -> None:
        """Show something that is done on the way to the answer."""
        self._steps.take(step)
        if self.first_shown_at is None:
            self._pace.hurry()

    def restart(self) -> None:
        """Forget the text so far; what Slack shows is rewritten as the new text comes."""
        self._text = []
        self._draft = Draft(people=self._people)
        everything = (*self._standing, *self._anew)
        self._standing = [self._as_edited(message) for message in everything]
        self._anew, self._settled = [], set()

    def end_text(self) -> None:
        """The text is whole: steps from now on stand beneath it."""
        self._draft.finish()
        self._steps.come_last()

    async def close(self, closing: Closing) -> None:
        """Show all that was written, and what belongs beneath it. Raises SlackError."""
        self._closing = closing
        self._pace.hurry()
        try:
            await asyncio.shield(self._ensure_pump())
        finally:
            streamed = any(isinstance(one, StreamedMessage) for one in self._standing)
            self._status.end(by_itself=streamed, lingers=self._left_a_stream)

    async def abandon(self) -> None:
        """Touch Slack no more. Returns once a call under way has come back."""
        self._pace.abandon()
        self._status.leave()
        pump = self._ensure_pump()  # which also gives back what was set aside
        await asyncio.wait({pump})
        if not pump.cancelled():
            pump.exception()

    def _ensure_pump(self) -> asyncio.Task[None]:
        if self._pump is None:
            self._pump = asyncio.create_task(self._run(), name=f"reply {self._turn.reply_id}")
            self._pump.add_done_callback(self._let_go)
        return self._pump

    def _let_go(self, pump: asyncio.Task[None]) -> None:
        for message in (*self._standing, *self._anew):
            message.let_go()
        if not pump.cancelled() and pump.exception() is not None:
            self._on_stop()  # no more can be shown: the model need not go on

    async def _run(self) -> None:
        if self._pace.is_abandoned:
            return
        async with self._budget.writing():
            if self._turn.is_takeover and not self._pace.is_abandoned:
                await self._adopt_stray()
            while self._goes_on:
                pause = await self._show()
                self._pace.read_news()
                if self._goes_on:
                    await self._pace.rest(pause)
            if not self._pace.is_abandoned:
                await self._finish()

    @property
    def _goes_on(self) -> bool:
        """Whether more text may come."""
        return self._closing is None and not self._pace.is_abandoned

    async def _show(self) -> float | None:
        """Show what is safe to show; returns the seconds until the next time."""
        texts = self._draft.segments or [""]
        if not self._standing and not self._steps and not is_visible(texts[0]):
            return None
        try:
            return await self._show_all(list(texts))
        except SlackLimited as limit:
            self._budget.limited(limit.method, limit.retry_after)
            return 0.5

    async def _show_all(self, texts: list[str]) -> float | None:
        for position, text in enumerate(texts):
            is_growing = position == len(texts) - 1
            if position >= len(self._standing) and not await self._open(text):
                return 0.5  # there is no room for it now; perhaps soon, at the latest at the end
            message = self._standing[position]
            if is_growing:
                await self._grow(position, text)
            elif message.shown != text and position not in self._settled:
                await self._finish_one(position, text, ())
        if texts[0]:
            self._first_words_are_shown()
        return self._standing[-1].pause

    def _first_words_are_shown(self) -> None:
        if self.first_shown_at is None:
            self.first_shown_at = time.monotonic()

    async def _open(self, text: str) -> bool:
        """Begin a Slack message in the best way that the budget leaves; False where none is."""
        self._status.cancel()
        if not self._refused_to_stream and await self._start_stream(text):
            return True
        if self._holds_back or not self._budget.can_edit:
            return False
        try:
            self._stand(await EditedMessage.post(self._place, text, steps=self._steps))
        except SlackRefused as refusal:
            if refusal.code not in CONTENT_REFUSED:
                raise
            self._holds_back = True
        return not self._holds_back

    async def _start_stream(self, text: str) -> bool:
        async with self._budget.starting() as may_start:
            if not may_start:
                return False
            try:
                self._stand(await StreamedMessage.start(self._place, text, self._steps))
                return True
            except SlackRefused as refusal:
                self._refused_to_stream = True
                if refusal.code in NO_STREAMS_HERE:
                    self._budget.refused.add("chat.startStream")
            except SlackLimited as limit:
                self._budget.limited(limit.method, limit.retry_after)
            except SlackUnreachable:
                return await self._adopt_stray()
        return False

    def _stand(self, message: Standing) -> None:
        self._standing.append(message)
        self._on_segment()

    async def _grow(self, position: int, text: str) -> None:
        message = self._standing[position]
        if isinstance(message, StreamedMessage) and message.is_expiring:
            message = self._replace(position)
        try:
            await message.grow(text, self._steps)
        except SlackRefused as refusal:
            self._recover(position, refusal)
        except SlackUnreachable:
            self._replace(position)  # it may be there or not: rewriting it whole settles that

    def _recover(self, position: int, refusal: SlackRefused) -> None:
        """A message no longer grows the way it did."""
        if refusal.code == "stopped_by_user":
            self._replace(position)
            self._on_stop()
        elif refusal.code == _DELETED:
            raise refusal
        elif isinstance(message := self._standing[position], StreamedMessage):
            self._replace(position)
        else:
            message.rests = True  # its end is tried again, and has other ways

    def _replace(self, position: int) -> Standing:
        self._standing[position] = self._as_edited(self._standing[position])
        return self._standing[position]

    def _as_edited(self, message: Standing) -> Standing:
        match message:
            case EditedMessage():
                message.shown = ""
                return message
            case StreamedMessage():
                message.let_go()
                self._left_a_stream = True
                edited = EditedMessage(
                    self._place, message.segment, message.number, may_be_live=True
                )
                edited.seen = message.shown
                return edited
            case _:
                assert_never(message)

    async def _complete(self, position: int, text: str, blocks: Blocks) -> None:
        """Give a message its last text; a stream that can't be ended well is rewritten."""
        message = self._standing[position]
        try:
            await message.close(text, blocks, self._steps)
        except SlackRefused as refusal:
            if isinstance(message, EditedMessage):
                raise
            if refusal.code == "stopped_by_user":
                self._on_stop()
            await self._replace(position).close(text, blocks, self._steps)
        except SlackUnreachable:
            await self._replace(position).close(text, blocks, self._steps)

    async def _finish(self) -> None:
        assert self._closing is not None  # noqa: S101  for the type checker
        self._draft.finish()
        self._steps.finish()
        texts = with_note(self._draft.segments, self._closing.note)
        surplus, self._standing = self._standing[len(texts) :], self._standing[: len(texts)]
        for position, text in enumerate(texts[:-1]):
            await self._finish_one(position, text, ())
        choices = closing_blocks(self._closing, self._turn.reply_id)
        for blocks in choices if texts else ():
            try:
                await self._finish_one(len(texts) - 1, texts[-1], blocks)
                break
            except SlackRefused as refusal:
                if refusal.code not in BLOCKS_REFUSED or not blocks:
                    raise
        await self._delete(surplus)

    async def _delete(self, surplus: list[Standing]) -> None:
        """Take away what the reply needs no more, or has without wanting it."""
        known = {extra.segment.ts for extra in surplus}
        late = [ts for ts in await self._strays.late() if ts not in known]
        for ts in (*(extra.segment.ts for extra in surplus), *late):
            await delete_message(self._place.api, self._place.channel, ts)
        for extra in surplus:
            extra.let_go()

    async def _finish_one(self, position: int, text: str, blocks: Blocks) -> None:
        if position in self._settled:
            return
        try:
            if position < len(self._standing):
                await self._complete(position, text, blocks)
            else:
                await self._post_whole(text, blocks)
        except SlackRefused as refusal:
            if blocks and refusal.code in BLOCKS_REFUSED:
                raise  # it may be the buttons
            await self._finish_otherwise(position, text, blocks, refusal)
        self._settled.add(position)

    async def _finish_otherwise(
        self, position: int, text: str, blocks: Blocks, refusal: SlackRefused
    ) -> None:
        """Slack does not take the message's last text: what it lacks is said anew beneath it."""
        if refusal.code not in {*_FROZEN, *CONTENT_REFUSED, _DELETED}:
            raise refusal
        stands = position < len(self._standing)
        rest = text.removeprefix(self._standing[position].seen) if stands else text
        if refusal.code != _DELETED and rest.strip():
            async for message in say_anew(self._place, rest, blocks):
                self._anew.append(message)
                self._on_segment()
                self._first_words_are_shown()

    async def _post_whole(self, text: str, blocks: Blocks) -> None:
        self._status.cancel()
        message = await EditedMessage.post(self._place, text, blocks=blocks)
        self._stand(message)
        if message.shown != text:  # it was there already, with whatever it had then
            await message.close(text, blocks, self._steps)
        self._first_words_are_shown()

    async def _adopt_stray(self) -> bool:
        """Go on in a message that was begun, but whose ts never reached us."""
        segment = await self._strays.find(len(self._standing))
        if segment is None:
            return False
        number = len(self._standing)
        self._stand(EditedMessage(self._place, segment, number, may_be_live=segment.streamed))
        return True
