"""What waits, counted for whoever watches the bot: questions that nobody is at, errands that are due."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.claims import being_answered
from bot.store.errands import is_free
from bot.store.tables import UNANSWERED, ErrandRow, Message

_QUESTIONS = select(
    func.count(),
    # Asked anew by an edit, a question is as old as it was: it does not say how long one waits.
    func.min(case((Message.redo_of.is_(None), Message.ts))),
).where(
    text(UNANSWERED),
    ~being_answered(),
)
_SINCE = case(
    (ErrandRow.due_at > ErrandRow.created_at, ErrandRow.due_at), else_=ErrandRow.created_at
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How many wait, and the seconds that the first of them has waited."""

    length: int
    age: float


class Waiting:
    """The queues of all workspaces. Each look costs two short queries, each by an index of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def queues(self) -> Mapping[str, Queue]:
        """What waits, by the name of its queue: `questions`, `errands`.

        What is asked in a thread while an answer is written there is in that worker's hands.
        """
        errands = select(func.count(), func.min(_SINCE)).where(*is_free())
        async with self._engine.connect() as connection:
            return {
                "questions": _queue((await connection.execute(_QUESTIONS)).one()),
                "errands": _queue((await connection.execute(errands)).one()),
            }


def _queue(row: Row[int, Any]) -> Queue:
    length, oldest = row
    age = time.time() - float(oldest) if oldest is not None else 0.0
    return Queue(length=length, age=max(age, 0.0))
