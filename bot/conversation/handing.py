"""Hands an answer over as files: each is made, shared in the thread, and named beneath the answer."""

from collections.abc import Sequence

from bot.conversation.desk import Desk
from bot.conversation.files import LABELS
from bot.conversation.messages import Step, StepState
from bot.conversation.modes import Mode
from bot.conversation.ports import Reply
from bot.conversation.thread import Turn
from bot.errors import FileFailed

ATTACHED = "_As a file in this thread: {names}._"
NOT_MADE = ":warning: {sentence} The answer above is complete."
_MAKING = "Making the {label}"


async def hand_over(desk: Desk, turn: Turn, reply: Reply, mode: Mode | None) -> str:
    """Make the answer into the files that were asked for, and share them; the note that says what became of it."""
    if mode is None or not reply.text.strip():
        return ""
    names, sentences = [], []
    for file_format in mode.files:
        step = Step(id=f"file_{file_format}", title=_MAKING.format(label=LABELS[file_format]))
        reply.step(step)
        try:
            file = await desk.files.make(reply.text, file_format)
            await desk.publisher.publish(turn, file)
        except FileFailed as failure:
            reply.step(_ended(step, StepState.FAILED))
            sentences.append(failure.sentence)
        else:
            reply.step(_ended(step, StepState.DONE))
            names.append(file.name)
    return _note(names, sentences)


def _ended(step: Step, state: StepState) -> Step:
    return Step(id=step.id, title=step.title, state=state)


def _note(names: Sequence[str], sentences: Sequence[str]) -> str:
    parts = [NOT_MADE.format(sentence=sentence) for sentence in dict.fromkeys(sentences)]
    if names:
        parts.insert(0, ATTACHED.format(names=", ".join(f"`{name}`" for name in names)))
    return "\n".join(parts)
