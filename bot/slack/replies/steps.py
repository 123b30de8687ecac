"""What is done on the way to an answer, as Slack shows it: tasks in a stream, a quiet line elsewhere.

A stream takes `task_update` chunks, in which `details` are added to those before and every text has
at most 256 characters ("chat.appendStream"). A message that is edited has a context block instead,
until the answer is whole.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.conversation.messages import Source, Step, StepState

Chunk = Mapping[str, Any]

_GAP = re.compile(r"\s+")
_LONGEST = 250
_MOST_SOURCES = 5
_LINES = 4
_STATUS = {
    StepState.RUNNING: "in_progress",
    StepState.DONE: "complete",
    StepState.FAILED: "error",
}
_MARK = {StepState.RUNNING: "⏳", StepState.DONE: "✓", StepState.FAILED: "✗"}
_MRKDWN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(slots=True)
class _Task:
    """A step, and how much of it Slack has been shown."""

    title: str
    state: StepState
    details: str = ""
    sources: tuple[Source, ...] = ()
    told: tuple[str, StepState, int] | None = None

    @property
    def now(self) -> tuple[str, StepState, int]:
        return self.title, self.state, len(self.details)


class Steps:
    """The steps of one reply."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}
        self._text_is_whole = False

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def take(self, step: Step) -> None:
        """A step, or how it goes on. Called for every token of thinking: it must cost nothing."""
        task = self._tasks.get(step.id)
        if task is None:
            task = self._tasks[step.id] = _Task(title=step.title, state=step.state)
        task.title, task.state = step.title, step.state
        task.details += step.details
        task.sources = step.sources or task.sources

    def come_last(self) -> None:
        """The answer's text is whole: what is done from now on stands beneath it."""
        self._text_is_whole = True

    def finish(self) -> None:
        """The answer has ended: nothing goes on any more, whatever was heard of it."""
        for task in self._tasks.values():
            if task.state is StepState.RUNNING:
                task.state = StepState.DONE

    @property
    def has_news(self) -> bool:
        """Whether a stream has not been told everything."""
        return any(task.told != task.now for task in self._tasks.values())

    def news(self) -> "News":
        """What a stream has to be told now."""
        changed = {task_id: task for task_id, task in self._tasks.items() if task.told != task.now}
        return News(changed, beneath=self._text_is_whole)

    @property
    def line(self) -> str:
        """The newest steps in mrkdwn, for a context block."""
        newest = list(self._tasks.values())[-_LINES:]
        return "\n".join(f"{_MARK[task.state]} {_short(task.title)}" for task in newest).translate(
            _MRKDWN
        )


class News:
    """Chunks for a stream; `told` says that they have arrived."""

    def __init__(self, tasks: Mapping[str, _Task], *, beneath: bool) -> None:
        self._beneath = beneath
        self._now = [(task, task.now) for task in tasks.values()]
        self.chunks: list[Chunk] = [_chunk(task_id, task) for task_id, task in tasks.items()]

    def beside(self, text: Sequence[Chunk]) -> list[Chunk]:
        """All chunks in their order: steps led to the text, or were made of it."""
        return [*text, *self.chunks] if self._beneath else [*self.chunks, *text]

    def told(self) -> None:
        """The stream has taken the chunks."""
        for task, now in self._now:
            task.told = now


def _chunk(task_id: str, task: _Task) -> dict[str, Any]:
    chunk: dict[str, Any] = {
        "type": "task_update",
        "id": task_id,
        "title": _short(task.title),
        "status": _STATUS[task.state],
    }
    told = task.told[2] if task.told else 0
    # A piece may begin or end in the middle of a word: only what is between words is its own.
    if (fresh := _GAP.sub(" ", task.details[told:])).strip():
        # Thinking comes faster than it is shown: the newest of it is what counts.
        chunk["details"] = fresh if len(fresh) <= _LONGEST else f"… {fresh[-_LONGEST + 2 :]}"
    if task.sources:
        chunk["sources"] = [
            {"type": "url", "url": source.url, "text": _short(source.title or source.url)}
            for source in task.sources[:_MOST_SOURCES]
        ]
    return chunk


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
