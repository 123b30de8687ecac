"""The answer as it grows in a Slack thread: the sink between the model's deltas and Slack.

`write` only collects. A pump of the reply's own shows what is there, at a pace that follows the
workspace's budget (bot/slack/budget.py), in the messages of the reply's row (bot/slack/replies/row.py):

1. a native stream;
2. a message, posted with the first words and edited as it grows;
3. one message at the end.

Whatever Slack refuses on the way, the reply ends complete, each word once, in order.
"""

import asyncio
import time
from collections.abc import Callable

from bot.conversation.charts import Chart
from bot.conversation.messages import Step
from bot.conversation.ports import Closing, IsOurs
from bot.conversation.thread import Segment, Turn
from bot.errors import SlackLimited
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.history import History
from bot.slack.markdown.charts import undrawn
from bot.slack.markdown.rendering import Draft, is_visible
from bot.slack.replies.footer import closing_blocks, with_note
from bot.slack.replies.pace import Pace
from bot.slack.replies.row import Hooks, Row
from bot.slack.replies.status import Status
from bot.slack.replies.steps import Steps


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
        self._text: list[str] = []
        self._people = frozenset(message.author_id for message in turn.messages)
        self._draft = Draft(people=self._people)
        self._steps = Steps()
        self._pace = Pace()
        self._closing: Closing | None = None
        self._pump: asyncio.Task[None] | None = None
        hooks = Hooks(
            on_opening=self._status.cancel,
            on_segment=on_segment,
            on_words=self._first_words_are_shown,
            on_stop=on_stop,
        )
        self._row = Row(
            turn,
            api,
            budget,
            history,
            self._steps,
            hooks,
            is_ours=is_ours,
            sleep=self._pace.wait_out,
        )

    @property
    def text(self) -> str:
        """Everything the model has written."""
        self._text = ["".join(self._text)]
        return self._text[0]

    @property
    def undrawn(self) -> list[Chart]:
        """The charts so far that Slack does not draw."""
        return undrawn(self.text, self._draft.segments, may_draw=self._row.may_draw)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The Slack messages that exist."""
        return self._row.segments

    def begin(self, *, title: str | None) -> None:
        """Show that the question was heard, while nothing is written yet."""
        self._status.begin(title)
        _ = self._ensure_pump()

    def hold_on(self) -> None:
        """Show, while nothing is written yet, that the answer waits for its turn at the model."""
        if self._row.is_empty:
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
        self._row.restart()

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
            self._status.end(by_itself=self._row.streams, lingers=self._row.left_a_stream)

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
        self._row.let_go()
        if not pump.cancelled() and pump.exception() is not None:
            self._on_stop()  # no more can be shown: the model need not go on

    async def _run(self) -> None:
        if self._pace.is_abandoned:
            return
        async with self._budget.writing():
            if self._turn.is_takeover and not self._pace.is_abandoned:
                await self._row.adopt_stray()
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
        if self._row.is_empty and not self._steps and not is_visible(texts[0]):
            return None
        try:
            return await self._row.show(list(texts))
        except SlackLimited as limit:
            self._budget.limited(limit.method, limit.retry_after)
            return 0.5

    def _first_words_are_shown(self) -> None:
        if self.first_shown_at is None:
            self.first_shown_at = time.monotonic()

    async def _finish(self) -> None:
        assert self._closing is not None  # noqa: S101  for the type checker
        self._draft.finish()
        self._steps.finish()
        texts = with_note(self._draft.segments, self._closing.note)
        await self._row.finish(texts, closing_blocks(self._closing, self._turn.reply_id))
