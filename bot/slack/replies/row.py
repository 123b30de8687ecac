"""The Slack messages of one reply, in order: they begin, grow, and get their last text.

Each begins in the best way that is left: as a stream, as a message that is edited, or only at the
end, whole. Whatever Slack refuses on the way, all of them end complete, each word once, in order.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.conversation.ports import IsOurs
from bot.conversation.thread import Segment, Turn
from bot.errors import SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.history import History
from bot.slack.replies.anew import CONTENT_REFUSED, say_anew
from bot.slack.replies.footer import BLOCKS_REFUSED, Blocks
from bot.slack.replies.place import Place
from bot.slack.replies.standing import (
    NO_STREAMS_HERE,
    EditedMessage,
    Standing,
    StreamedMessage,
    delete_message,
)
from bot.slack.replies.steps import Steps
from bot.slack.replies.strays import Strays

_DELETED = "message_not_found"
_FROZEN = frozenset({"cant_update_message", "edit_window_closed"})
"""The workspace forbids edits, from some moment on or at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a row tells the reply."""

    on_opening: Callable[[], None]
    """A message is about to begin."""
    on_segment: Callable[[], None]
    """A message stands."""
    on_words: Callable[[], None]
    """Words of the answer can be read."""
    on_stop: Callable[[], None]
    """The reader has stopped a stream."""


class Row:
    """The messages that stand in the thread, and those that are said anew beneath them."""

    def __init__(
        self,
        turn: Turn,
        api: SlackApi,
        budget: Budget,
        history: History,
        steps: Steps,
        hooks: Hooks,
        *,
        is_ours: IsOurs,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        """`sleep` waits because Slack asks for it; it raises once the reply is abandoned."""
        self._budget = budget
        self._steps = steps
        self._hooks = hooks
        self._refused_to_stream = False
        self._holds_back = False
        """Whether Slack has refused the words so far: they are said at the end, as it takes them."""
        self.left_a_stream = turn.is_takeover
        """Whether a stream is not ended as one, by its last words."""
        self._strays = Strays(
            history,
            turn,
            known=lambda: frozenset(segment.ts for segment in self.segments),
            sleep=sleep,
        )
        self._place = Place.of(
            turn,
            api=api,
            budget=budget,
            is_ours=is_ours,
            sleep=sleep,
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

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The Slack messages that exist."""
        return tuple(message.segment for message in (*self._standing, *self._anew))

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the thread."""
        return not self._standing

    @property
    def streams(self) -> bool:
        """Whether any of it is, or was, a stream that we end ourselves."""
        return any(isinstance(one, StreamedMessage) for one in self._standing)

    @property
    def may_draw(self) -> bool:
        """Whether Slack takes charts here, as far as is known."""
        return self._place.may_draw

    def restart(self) -> None:
        """All that stands is rewritten: its words are not those of the answer any more."""
        everything = (*self._standing, *self._anew)
        self._standing = [self._as_edited(message) for message in everything]
        self._anew, self._settled = [], set()

    def let_go(self) -> None:
        """Give back what was set aside for these messages: nothing more comes of them."""
        for message in (*self._standing, *self._anew):
            message.let_go()

    async def show(self, texts: Sequence[str]) -> float | None:
        """Show these texts, the last of which grows; returns the seconds until the next time.

        Raises SlackError.
        """
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
            self._hooks.on_words()
        return self._standing[-1].pause

    async def finish(self, texts: Sequence[str], choices: Sequence[Blocks]) -> None:
        """Give every message its last text, and the last one the first of `choices` beneath it that
        Slack takes; then take away what the reply needs no more. Raises SlackError.
        """
        surplus, self._standing = self._standing[len(texts) :], self._standing[: len(texts)]
        for position, text in enumerate(texts[:-1]):
            await self._finish_one(position, text, ())
        for blocks in choices if texts else ():
            try:
                await self._finish_one(len(texts) - 1, texts[-1], blocks)
                break
            except SlackRefused as refusal:
                if refusal.code not in BLOCKS_REFUSED or not blocks:
                    raise
        await self._delete(surplus)

    async def adopt_stray(self) -> bool:
        """Go on in a message that was begun, but whose ts never reached us; False where none is."""
        segment = await self._strays.find(len(self._standing))
        if segment is None:
            return False
        number = len(self._standing)
        self._stand(EditedMessage(self._place, segment, number, may_be_live=segment.streamed))
        return True

    async def _open(self, text: str) -> bool:
        """Begin a Slack message in the best way that the budget leaves; False where none is."""
        self._hooks.on_opening()
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
                return await self.adopt_stray()
        return False

    def _stand(self, message: Standing) -> None:
        self._standing.append(message)
        self._hooks.on_segment()

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
            self._hooks.on_stop()
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
                self.left_a_stream = True
                edited = EditedMessage(
                    self._place, message.segment, message.number, may_be_live=True
                )
                edited.seen = message.shown
                return edited
            case _:
                assert_never(message)

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

    async def _complete(self, position: int, text: str, blocks: Blocks) -> None:
        """Give a message its last text; a stream that can't be ended well is rewritten."""
        message = self._standing[position]
        try:
            await message.close(text, blocks, self._steps)
        except SlackRefused as refusal:
            if isinstance(message, EditedMessage):
                raise
            if refusal.code == "stopped_by_user":
                self._hooks.on_stop()
            await self._replace(position).close(text, blocks, self._steps)
        except SlackUnreachable:
            await self._replace(position).close(text, blocks, self._steps)

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
                self._hooks.on_segment()
                self._hooks.on_words()

    async def _post_whole(self, text: str, blocks: Blocks) -> None:
        self._hooks.on_opening()
        message = await EditedMessage.post(self._place, text, blocks=blocks)
        self._stand(message)
        if message.shown != text:  # it was there already, with whatever it had then
            await message.close(text, blocks, self._steps)
        self._hooks.on_words()

    async def _delete(self, surplus: list[Standing]) -> None:
        """Take away what the reply needs no more, or has without wanting it."""
        known = {extra.segment.ts for extra in surplus}
        late = [ts for ts in await self._strays.late() if ts not in known]
        for ts in (*(extra.segment.ts for extra in surplus), *late):
            await delete_message(self._place.api, self._place.channel, ts)
        for extra in surplus:
            extra.let_go()
