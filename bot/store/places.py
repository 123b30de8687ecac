"""Where a question stands in line: a noisy channel makes only itself wait.

Places are numbers; the smallest is next. A question takes the front's, so that it is as good as the
oldest of those that wait, who came first among equals; or one a step behind the last one of its own
channel (start-time fair queueing). Nobody's place changes, so nobody waits for ever.
"""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from bot.conversation.thread import ThreadKey
from bot.store.claims import being_answered
from bot.store.tables import UNANSWERED, Message

STEP = 10.0
"""Between two questions of one channel; an answer takes about so many seconds."""


class _Least(GenericFunction[float]):
    name = "least"
    inherit_cache = True


class _Greatest(GenericFunction[float]):
    name = "greatest"
    inherit_cache = True


@compiles(_Least, "sqlite")
def _least(element: _Least, compiler: Any, **options: Any) -> str:
    return f"min({compiler.process(element.clauses, **options)})"


@compiles(_Greatest, "sqlite")
def _greatest(element: _Greatest, compiler: Any, **options: Any) -> str:
    return f"max({compiler.process(element.clauses, **options)})"


_ASKED_AT: ColumnElement[float] = bindparam("asked_at", type_=Message.place.type)
_FRONT = (
    select(Message.place)
    .where(
        text(UNANSWERED),
        Message.place.is_not(None),
        # What is asked while an answer is written there waits for that one, not in line.
        ~being_answered(),
    )
    .order_by(Message.place)
    .limit(1)
    .scalar_subquery()
)
_LAST = (
    select(func.max(Message.place))
    .where(
        text(UNANSWERED),
        Message.team_id == bindparam("asked_in_team"),
        Message.channel_id == bindparam("asked_in_channel"),
    )
    .scalar_subquery()
)
NEXT_PLACE: ColumnElement[float] = _Greatest(
    _Least(_ASKED_AT, func.coalesce(_FRONT, _ASKED_AT)), func.coalesce(_LAST + STEP, literal(0.0))
)
"""The place of a question; `asking` gives its parameters."""


def asking(key: ThreadKey, ts: str) -> dict[str, Any]:
    """What NEXT_PLACE has to know of a question: where and when (its ts) it is asked."""
    return {
        "asked_in_team": key.team_id,
        "asked_in_channel": key.channel_id,
        "asked_at": float(ts),
    }
