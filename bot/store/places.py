"""Where a question stands in line: a noisy channel makes only itself wait.

Places are numbers; the smallest is next. A question takes the front's, so that it is as good as the
oldest of those that wait, who came first among equals; or one a step behind the last one of its own
channel (start-time fair queueing). Nobody's place changes, so nobody waits for ever.
"""

from typing import Any

from sqlalchemy import bindparam, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.thread import ThreadKey
from bot.store.claims import in_hands
from bot.store.tables import UNANSWERED, Message, Reply

STEP = 10.0
"""Between two questions of one channel; an answer takes about so many seconds."""

_FRONT = (
    select(Message.place)
    .where(
        text(UNANSWERED),
        Message.place.is_not(None),
        # What is asked while an answer is written there waits for that one, not in line.
        ~exists().where(Reply.conversation_id == Message.conversation_id, in_hands()),
    )
    .order_by(Message.place)
    .limit(1)
)
_LAST = select(func.max(Message.place)).where(
    text(UNANSWERED),
    Message.team_id == bindparam("team"),
    Message.channel_id == bindparam("channel"),
)
_AROUND = select(_FRONT.scalar_subquery().label("front"), _LAST.scalar_subquery().label("last"))


async def next_place(connection: AsyncConnection, key: ThreadKey, ts: str) -> float:
    """The place of a question that was asked at `ts` (seconds since the epoch) in this thread."""
    where = {"team": key.team_id, "channel": key.channel_id}
    around: Any = (await connection.execute(_AROUND, where)).one()
    place = float(ts)
    if around.front is not None:
        place = min(place, around.front)
    if around.last is not None:
        place = max(place, around.last + STEP)
    return place
