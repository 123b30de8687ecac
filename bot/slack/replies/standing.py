"""The Slack messages a reply consists of, and the two ways in which one of them grows.

A `StreamedMessage` grows by chat.appendStream. An `EditedMessage` is rewritten whole by
chat.update: it was posted as a message, or it is a stream that has ended, or one that another
process left behind. Whatever has happened to a message, rewriting it whole makes it right.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from bot.conversation.thread import Segment
from bot.errors import SlackError, SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import append_pause, edit_pause
from bot.slack.markdown.rendering import escape
from bot.slack.replies.footer import Blocks
from bot.slack.replies.place import Place
from bot.slack.replies.steps import Steps
from bot.slack.replies.tags import tag

T = TypeVar("T")

STREAM_SECONDS = 240.0
"""A stream dies some five minutes after its start, whatever happens; ours ends before."""
_TRIES = 60
"""So often an unreachable Slack is tried with the last text of a reply, a second apart."""
NO_STREAMS_HERE = frozenset(
    {"unknown_method", "feature_not_enabled", "method_deprecated", "not_allowed_token_type"}
)
_STREAM_IS_OVER = frozenset(
    {
        "message_not_in_streaming_state",
        "stopped_by_user",
        "message_not_found",
        "streaming_mode_mismatch",
    }
)


class StreamedMessage:
    """A message that Slack shows as being written (chat.startStream, appendStream, stopStream).

    One stream has one mode: ours is always `chunks`, and every call of a stream waits for the one
    before it.
    """

    def __init__(self, place: Place, ts: str, shown: str, number: int) -> None:
        self.number = number
        self.segment = Segment(ts=ts, streamed=True)
        self.shown = shown
        self._place = place
        self._appends = 0
        self._started = time.monotonic()

    @classmethod
    async def start(cls, place: Place, text: str, steps: Steps) -> "StreamedMessage":
        """Open the stream with its first words, or steps. Raises SlackError."""
        news = steps.news()
        budget = place.budget
        budget["chat.startStream"].take()
        budget["chat.stopStream"].reserved += 1
        budget.live_streams += 1
        try:
            started = await place.write(
                "chat.startStream",
                channel=place.channel,
                thread_ts=place.thread_ts,
                recipient_user_id=place.recipient_user,
                recipient_team_id=place.recipient_team,
                chunks=news.beside(place.chunks(text)),
            )
            news.told()
            return cls(place, str(started["ts"]), text, place.next_number())
        except BaseException:
            budget["chat.stopStream"].reserved -= 1
            budget.live_streams -= 1
            raise

    @property
    def seen(self) -> str:
        """What Slack shows of it."""
        return self.shown

    @property
    def pause(self) -> float:
        """Seconds until it should grow again."""
        return append_pause(self._appends, self._place.budget)

    @property
    def is_expiring(self) -> bool:
        """Whether Slack is about to end the stream on its own."""
        return time.monotonic() - self._started > STREAM_SECONDS

    async def grow(self, text: str, steps: Steps) -> None:
        """Show more, if the budget allows. Raises SlackError."""
        budget = self._place.budget
        if (text == self.shown and not steps.has_news) or not budget.may_append:
            return
        news = steps.news()
        budget["chat.appendStream"].take()
        self._appends += 1
        await self._place.write(
            "chat.appendStream",
            channel=self._place.channel,
            ts=self.segment.ts,
            chunks=news.beside(self._place.chunks(text, shown=self.shown)),
        )
        news.told()
        self.shown = text

    async def close(self, text: str, blocks: Blocks, steps: Steps) -> None:
        """Show the rest and end the stream. Raises SlackError."""
        arguments: dict[str, Any] = {
            "channel": self._place.channel,
            "ts": self.segment.ts,
            "metadata": tag(self._place.reply_id, self.number),
        }
        if blocks:
            arguments["blocks"] = list(blocks)
        await self._stop(text, steps, arguments)
        self.shown = text

    async def _stop(self, text: str, steps: Steps, arguments: dict[str, Any]) -> None:
        """End the stream as soon as Slack allows; until then its text is there already.

        It is tried whatever the count says: stops come no faster than starts did.
        """
        minute = self._place.budget["chat.stopStream"]
        while True:
            if pause := minute.blocked_for:
                with suppress(SlackLimited):
                    await self.grow(text, steps)
                await self._place.sleep(pause)
            minute.take()
            news = steps.news()
            rest = news.beside(self._place.chunks(text, shown=self.shown))
            given = {**arguments, "chunks": rest} if rest else arguments
            try:
                await self._place.write("chat.stopStream", **given)
                news.told()
                return
            except SlackLimited as limit:
                self._place.budget.limited(limit.method, limit.retry_after)

    def let_go(self) -> None:
        """The stream is no longer ours to end: give back what was set aside for it."""
        self._place.budget["chat.stopStream"].reserved -= 1
        self._place.budget.live_streams -= 1


class EditedMessage:
    """A message that is rewritten whole (chat.postMessage, chat.update)."""

    def __init__(
        self, place: Place, segment: Segment, number: int, *, may_be_live: bool = False
    ) -> None:
        self.number = number
        self.segment = segment
        self.shown = ""
        self.seen = ""
        """What Slack shows of it at least; `shown` is empty where it has to be rewritten."""
        self.rests = False
        """Whether Slack has refused an edit: the next is the last."""
        self._line = ""
        self._place = place
        self._edits = 0
        self._may_be_live = may_be_live
        place.budget["chat.update"].reserved += 1

    @classmethod
    async def post(
        cls,
        place: Place,
        text: str,
        *,
        blocks: Blocks = (),
        steps: Steps | None = None,
        plainly: bool = False,
    ) -> "EditedMessage":
        """Post the message, after waiting for its turn in the channel. Raises SlackError.

        With `steps` it is going to grow: it shows them, and a Stop button. `plainly`: without any
        block, its Markdown as it was written.
        """
        await place.sleep(place.budget.next_post(place.channel))
        line = "" if steps is None else steps.line
        shown_blocks = blocks if steps is None else place.stop_button

        def content() -> dict[str, Any]:
            return {"text": escape(text)} if plainly else place.content(text, shown_blocks, line)

        segment: Segment | None = None
        tries = 0
        while segment is None:
            try:
                ts = await place.drawing(text, lambda: cls._post(place, content()))
                segment = Segment(ts=ts, streamed=False)
            except SlackLimited as limit:
                # Whoever else waits for this channel does not try at the same moment again.
                turn = place.budget.next_post(place.channel)
                await place.sleep(max(limit.retry_after, turn))
            except SlackUnreachable:
                tries += 1
                if tries == _TRIES:
                    raise
                # It may be there all the same: then the thread has a message nobody knows of.
                await place.sleep(1.0)
                segment = await place.stray()
        message = cls(place, segment, place.next_number(), may_be_live=segment.streamed)
        if not segment.streamed:
            message.shown = message.seen = text
            message._line = line
        return message

    @staticmethod
    async def _post(place: Place, content: Mapping[str, Any]) -> str:
        posted = await place.write(
            "chat.postMessage",
            channel=place.channel,
            thread_ts=place.thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            metadata=tag(place.reply_id, place.next_number()),
            **content,
        )
        return str(posted["ts"])

    @property
    def pause(self) -> float:
        """Seconds until it should be edited again."""
        return edit_pause(self._edits)

    async def grow(self, text: str, steps: Steps) -> None:
        """Show more, if the budget allows. Raises SlackError."""
        line = steps.line
        is_old = self.rests or (text == self.shown and line == self._line)
        if is_old or not self._place.budget.may_edit_in_between:
            return
        self._edits += 1
        self._line = line
        await self._rewrite(text, self._place.stop_button, line)

    async def close(self, text: str, blocks: Blocks, _steps: Steps) -> None:
        """Show the whole text, for good. Waits as long as Slack asks. Raises SlackError."""
        tries = 0
        while True:
            while (pause := self._place.budget["chat.update"].wait()) > 0:
                await self._place.sleep(pause)
            try:
                return await self._rewrite(text, blocks)
            except SlackLimited as limit:
                self._place.budget.limited(limit.method, limit.retry_after)
            except SlackUnreachable:
                tries += 1
                if tries == _TRIES:
                    raise
                await self._place.sleep(1.0)  # rewriting twice does no harm

    def let_go(self) -> None:
        """Its last edit is made, or never will be: give back what was set aside."""
        self._place.budget["chat.update"].reserved -= 1

    async def _rewrite(self, text: str, blocks: Blocks, line: str = "") -> None:
        if self._may_be_live:
            await self._end_stream()
        self._place.budget["chat.update"].take()
        try:
            await self._update(text, blocks, line)
        except SlackRefused as refusal:
            if refusal.code != "streaming_state_conflict":
                raise
            await self._end_stream()
            await self._update(text, blocks, line)
        self.shown = self.seen = text

    async def _update(self, text: str, blocks: Blocks, line: str) -> None:
        place = self._place
        target = {"channel": place.channel, "ts": self.segment.ts}
        await place.drawing(
            text, lambda: place.write("chat.update", **target, **place.content(text, blocks, line))
        )

    async def _end_stream(self) -> None:
        """A live stream can't be edited; one that has ended already says so, which is as good."""
        self._place.budget["chat.stopStream"].take()
        try:
            await self._place.write(
                "chat.stopStream",
                channel=self._place.channel,
                ts=self.segment.ts,
                metadata=tag(self._place.reply_id, self.number),
            )
        except SlackRefused as refusal:
            if refusal.code not in _STREAM_IS_OVER:
                raise
        self._may_be_live = False


Standing = StreamedMessage | EditedMessage


async def delete_message(api: SlackApi, channel: str, ts: str) -> None:
    """Take one of our messages away; one that is gone already is as good."""
    while True:
        try:
            await api.write("chat.delete", channel=channel, ts=ts)
            return
        except SlackLimited as limit:
            await asyncio.sleep(limit.retry_after)
        except SlackRefused as refusal:
            if refusal.code != "streaming_state_conflict":
                return
            await _end_stream(api, channel, ts)
        except SlackError:
            await asyncio.sleep(2.0)


async def _end_stream(api: SlackApi, channel: str, ts: str) -> None:
    try:
        await api.write("chat.stopStream", channel=channel, ts=ts)
    except SlackRefused:
        return
