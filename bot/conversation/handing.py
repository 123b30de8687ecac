"""Hands over the files that go with an answer: made, shared in the thread, named beneath it.

These are the formats that were asked for, the charts that Slack does not draw, and code or tables
too long for a message.
"""

import asyncio
from collections.abc import Awaitable

from bot.conversation.desk import Desk
from bot.conversation.files import LABELS, MadeFile
from bot.conversation.messages import Step, StepState
from bot.conversation.modes import Mode
from bot.conversation.ports import IsOurs, Reply
from bot.conversation.thread import Turn
from bot.errors import FileFailed

_UNSURE_SECONDS = 1.0
ATTACHED = "_As a file in this thread: {names}._"
NOT_MADE = ":warning: {sentence} The answer above is complete."
MAKING = "Making the {label}"
DRAWING = "Drawing “{title}”"
ATTACHING = "Attaching {name}"


class Handing:
    """The files of one answer on their way."""

    def __init__(self, desk: Desk, turn: Turn, reply: Reply, *, is_ours: IsOurs) -> None:
        self._desk = desk
        self._turn = turn
        self._reply = reply
        self._is_ours = is_ours
        self._names: list[str] = []
        self._failures: list[str] = []

    async def hand_over(self, mode: Mode | None) -> str:
        """Make and share them all; the note that says what became of them. Raises LostTurn."""
        text, files = self._reply.text, self._desk.files
        if mode is None or not text.strip():
            return ""
        self._reply.end_text()
        for wanted in mode.files:
            await self._share(MAKING.format(label=LABELS[wanted]), files.make(text, wanted))
        for chart in self._reply.undrawn:
            await self._share(DRAWING.format(title=chart.title), files.picture(chart))
        if not mode.files:
            for file in await files.oversized(text):
                await self._share(ATTACHING.format(name=file.name), _there(file))
        return self._note()

    async def _share(self, title: str, making: Awaitable[MadeFile]) -> None:
        step = Step(id=f"file_{len(self._names) + len(self._failures)}", title=title)
        self._reply.step(step)
        try:
            file = await making
            # A process that was frozen while it worked may have lost the turn.
            while not await self._is_ours():  # noqa: ASYNC110  nobody tells us when it is sure
                await asyncio.sleep(_UNSURE_SECONDS)
            await self._desk.publisher.publish(self._turn, file)
        except FileFailed as failure:
            self._failures.append(failure.sentence)
            state = StepState.FAILED
        else:
            self._names.append(file.name)
            state = StepState.DONE
        self._reply.step(Step(id=step.id, title=title, state=state))

    def _note(self) -> str:
        parts = [NOT_MADE.format(sentence=sentence) for sentence in dict.fromkeys(self._failures)]
        if self._names:
            names = ", ".join(f"`{name}`" for name in self._names)
            parts.insert(0, ATTACHED.format(names=names))
        return "\n".join(parts)


async def _there(file: MadeFile) -> MadeFile:
    return file
