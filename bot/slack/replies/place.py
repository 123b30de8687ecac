"""Where a reply is written: its thread, who reads there, and how Slack is called for it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.conversation.ports import IsOurs
from bot.conversation.thread import Segment, Turn
from bot.errors import SlackRefused
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.markdown.charts import REFUSED, drawn_in, parts, without_charts
from bot.slack.markdown.rendering import preview
from bot.slack.replies.footer import BLOCKS_REFUSED, Blocks, stop_button

T = TypeVar("T")

_UNSURE_SECONDS = 1.0
_TEXT_LIMIT = 3_900
"""chat.update refuses a longer `text` ("chat.update", msg_too_long)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a reply is written, and with what."""

    api: SlackApi
    budget: Budget
    channel: str
    thread_ts: str
    recipient_user: str
    recipient_team: str
    is_ours: IsOurs
    sleep: Callable[[float], Awaitable[object]]
    """Waits so many seconds, or until the reply has to hurry."""
    stray: Callable[[], Awaitable[Segment | None]]
    """Finds the reply's next message, if Slack has it without our knowing."""
    next_number: Callable[[], int]
    """The number of the reply's next message; the first has 0."""
    reply_id: int
    stop_button: Blocks = field(default_factory=tuple)

    @classmethod
    def of(
        cls,
        turn: Turn,
        *,
        api: SlackApi,
        budget: Budget,
        is_ours: IsOurs,
        sleep: Callable[[float], Awaitable[object]],
        stray: Callable[[], Awaitable[Segment | None]],
        next_number: Callable[[], int],
    ) -> "Place":
        """The thread of a turn."""
        return cls(
            api=api,
            budget=budget,
            channel=turn.key.channel_id,
            thread_ts=turn.key.thread_ts,
            recipient_user=turn.asker.author_id if turn.questions else "",
            recipient_team=(turn.questions and turn.asker.team_id) or turn.key.team_id,
            is_ours=is_ours,
            sleep=sleep,
            stray=stray,
            next_number=next_number,
            reply_id=turn.reply_id,
            stop_button=stop_button(turn.reply_id),
        )

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call Slack, once it is sure that the reply is ours. Raises SlackError and LostTurn.

        A process that was frozen, or has lost the database, may have lost the turn, too.
        """
        while not await self.is_ours():
            await self.sleep(_UNSURE_SECONDS)
        return await self.api.write(method, **arguments)

    @property
    def may_draw(self) -> bool:
        """Whether Slack takes charts here, as far as is known."""
        return REFUSED not in self.budget.refused

    async def drawing(self, text: str, write: Callable[[], Awaitable[T]]) -> T:
        """Write a text, its charts as tables where Slack does not take them. Raises SlackError."""
        try:
            return await write()
        except SlackRefused as refusal:
            if refusal.code not in BLOCKS_REFUSED or not self.may_draw or not drawn_in(text):
                raise
            self.budget.refused.add(REFUSED)
        try:
            return await write()
        except SlackRefused:
            self.budget.refused.discard(REFUSED)  # it was something else
            raise

    def chunks(self, text: str, *, shown: str = "") -> list[Mapping[str, Any]]:
        """What a stream is given behind what it shows already."""
        new = parts(text[len(shown) :], before=shown, may_draw=self.may_draw)
        return [
            {"type": "markdown_text", "text": part}
            if isinstance(part, str)
            else {"type": "blocks", "blocks": [part]}
            for part in new
        ]

    def content(self, text: str, blocks: Blocks, line: str = "") -> dict[str, Any]:
        """A `markdown` block shows Markdown best; `text` is for notifications and screen readers."""
        above: Blocks = ()
        if line:
            above = ({"type": "context", "elements": [{"type": "mrkdwn", "text": line}]},)
        body = [
            {"type": "markdown", "text": part} if isinstance(part, str) else part
            for part in parts(text, may_draw=self.may_draw)
        ]
        return {
            "text": preview(without_charts(text), limit=_TEXT_LIMIT) or line or "…",
            "blocks": [*above, *body, *blocks],
        }
