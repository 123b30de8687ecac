"""The turns of all conversations, as a worker takes, keeps and returns them."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import bindparam, func, insert, literal, select, text, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.events import MessagePosted, Wake
from bot.conversation.ports import Ending, Held
from bot.conversation.thread import (
    Outcome,
    Progress,
    Segment,
    SharedFile,
    ThreadMessage,
    Turn,
    Withdrawal,
)
from bot.errors import LostTurn
from bot.store.claims import LET_GO, LOST, being_answered, claim, in_hands
from bot.store.clock import now
from bot.store.db import Writer
from bot.store.intake import add_files, add_message
from bot.store.rows import as_json
from bot.store.tables import (
    UNANSWERED,
    WITHDRAWING,
    WRITING,
    Attachment,
    Conversation,
    Message,
    Reply,
    UsageRecord,
)

_SAVE = (
    update(Reply)
    .where(
        Reply.id == bindparam("its_id"),
        Reply.attempt == bindparam("its_attempt"),
        Reply.outcome == Outcome.WRITING.value,
    )
    .values(
        text=bindparam("its_text"),
        segments=bindparam("its_segments"),
        heartbeat_at=now(),
    )
)
_OURS = select(Reply.id, Reply.attempt, Reply.stop_requested).where(
    Reply.id.in_(bindparam("replies", expanding=True)), Reply.outcome == Outcome.WRITING.value
)
_FINISH = (
    update(Reply)
    .where(
        Reply.id == bindparam("its_id"),
        Reply.attempt == bindparam("its_attempt"),
        Reply.outcome == Outcome.WRITING.value,
    )
    .values(
        outcome=bindparam("its_outcome"),
        text=bindparam("its_text"),
        segments=bindparam("its_segments"),
        failure=bindparam("its_failure"),
        finished_at=now(),
        heartbeat_at=LET_GO,
    )
)
_USED = insert(UsageRecord)
_MOST_NAME = 100
"""Characters kept of names that services give: some have longer ones than the column."""
_FIRST = literal(0.0).label("place")
"""What was begun already need not stand in line again."""
_WAITING = union_all(
    select(Message.conversation_id, func.coalesce(Message.place, _FIRST).label("place")).where(
        text(UNANSWERED), ~being_answered()
    ),
    select(Reply.conversation_id, _FIRST).where(text(WRITING), ~in_hands()),
    select(Reply.conversation_id, _FIRST).where(text(WITHDRAWING), ~in_hands()),
).subquery()
_UNFINISHED = (
    select(_WAITING.c.conversation_id, func.min(_WAITING.c.place).label("place"))
    .group_by(_WAITING.c.conversation_id)
    .order_by("place", _WAITING.c.conversation_id)
)


class Turns:
    """Implements `conversation.ports.Turns` and `conversation.ports.Conversations`."""

    def __init__(self, engine: AsyncEngine, writer: Writer, *, worker: str) -> None:
        self._engine = engine
        self._writer = writer
        self._worker = worker

    async def unfinished(self) -> list[Wake]:
        """The conversations in which something waits that no living worker is at, in line."""
        async with self._engine.connect() as connection:
            return [Wake(**row._asdict()) for row in await connection.execute(_UNFINISHED)]

    async def release_all(self) -> None:
        """Declare every worker dead: the only process that there is has just started."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply).where(Reply.heartbeat_at > LOST).values(heartbeat_at=LOST)
            )
        )

    async def release(self, turn: Turn) -> None:
        """Hand a turn that is half done to whoever takes it next."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply)
                .where(Reply.id == turn.reply_id, Reply.attempt == turn.attempt)
                .values(heartbeat_at=LET_GO)
            )
        )

    async def claim(self, conversation_id: int) -> Turn | Withdrawal | None:
        """Take the next thing to do in this conversation, or None where nothing is left."""
        try:
            return await self._writer.run(
                lambda connection: claim(connection, conversation_id, self._worker)
            )
        except IntegrityError:
            return None  # another worker began a reply at the same moment

    async def withdrawn(self, reply_id: int) -> None:
        """Keep that an answer is gone from Slack, and its text with it."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply)
                .where(Reply.id == reply_id)
                .values(text="", segments=[], finished_at=now())
            )
        )

    async def add_history(
        self, turn: Turn, messages: Sequence[ThreadMessage], *, is_whole: bool
    ) -> Turn:
        """Keep messages from before the bot came; the turn with them in place.

        Unless they are all of them, the next turn looks again.
        """
        known = {message.ts for message in turn.messages}
        new = [message for message in messages if message.ts not in known]

        async def change(connection: AsyncConnection) -> None:
            for message in new:
                await _add_if_new(connection, turn, message)
            await connection.execute(
                update(Conversation)
                .where(Conversation.id == turn.conversation_id)
                .values(history_read=is_whole)
            )

        await self._writer.run(change)
        together = sorted([*turn.messages, *new], key=lambda message: message.ts)
        return replace(turn, messages=tuple(together), history_read=is_whole)

    async def remember(self, conversation_id: int, summary: str, until: str) -> None:
        """Keep what a thread's messages up to the ts `until` come to."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.summary_until < until)
                .values(summary=summary, summary_until=until)
            )
        )

    async def complete(self, turn: Turn, message: ThreadMessage) -> Turn:
        """Keep the files that a message's event had left out; the turn with them in place."""

        async def change(connection: AsyncConnection) -> None:
            changed = await connection.execute(
                update(Message).where(Message.id == message.id, ~Message.whole).values(whole=True)
            )
            if changed.rowcount:
                await add_files(connection, message.id, message.files)

        await self._writer.run(change)
        return replace(
            turn,
            messages=_with(turn.messages, message),
            questions=_with(turn.questions, message),
        )

    async def files_of(self, message_id: int) -> tuple[SharedFile, ...] | None:
        """A message's files, once its whole event has come; None before."""
        async with self._engine.connect() as connection:
            if not await connection.scalar(select(Message.whole).where(Message.id == message_id)):
                return None
            found = await connection.execute(
                select(Attachment)
                .where(Attachment.message_id == message_id)
                .order_by(Attachment.id)
            )
            return tuple(
                SharedFile(
                    file_id=row.file_id,
                    name=row.name,
                    media_type=row.media_type,
                    size=row.size,
                    url=row.url,
                )
                for row in found
            )

    async def save_progress(self, all_progress: Sequence[Progress]) -> Held:
        """Keep how far these replies have come, and that their worker lives.

        Returns which of them are still ours, and which a person has stopped.
        """
        return await self._writer.run(lambda connection: _save(connection, all_progress))

    async def leave(self, turn: Turn, segments: tuple[Segment, ...]) -> None:
        """Keep which Slack messages exist, for whoever goes on or takes them away."""
        await self._writer.run(
            lambda connection: connection.execute(
                update(Reply)
                .where(Reply.id == turn.reply_id, Reply.attempt == turn.attempt)
                .values(segments=as_json(segments), heartbeat_at=LET_GO)
            )
        )

    async def finish(self, turn: Turn, ending: Ending) -> None:
        """Keep the reply's end; its questions are answered. Raises LostTurn."""
        if not await self._writer.run(lambda connection: _finish(connection, turn, ending)):
            raise LostTurn


async def _save(connection: AsyncConnection, all_progress: Sequence[Progress]) -> Held:
    attempts = {item.turn.reply_id: item.turn.attempt for item in all_progress}
    rows = [
        {
            "its_id": item.turn.reply_id,
            "its_attempt": item.turn.attempt,
            "its_text": item.text,
            "its_segments": as_json(item.segments),
        }
        for item in all_progress
    ]
    await connection.execute(_SAVE, rows)
    found = await connection.execute(_OURS, {"replies": list(attempts)})
    ours = [row for row in found if attempts[row.id] == row.attempt]
    return Held(
        reply_ids=frozenset(row.id for row in ours),
        stopped=frozenset(row.id for row in ours if row.stop_requested),
    )


async def _finish(connection: AsyncConnection, turn: Turn, ending: Ending) -> int:
    changed = await connection.execute(
        _FINISH,
        {
            "its_id": turn.reply_id,
            "its_attempt": turn.attempt,
            "its_outcome": ending.outcome.value,
            "its_text": ending.text,
            "its_segments": as_json(ending.segments),
            "its_failure": ending.failure,
        },
    )
    if changed.rowcount and ending.left_out:
        await connection.execute(
            update(Message).where(Message.id.in_(ending.left_out)).values(left_out=True)
        )
    usage = ending.usage
    if changed.rowcount and usage is not None:
        used = {
            "reply_id": turn.reply_id,
            "model": ending.model[:_MOST_NAME],
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "seconds": ending.seconds,
            "request_id": ending.request_id[:_MOST_NAME],
            "preset": ending.preset,
            "searches": usage.searches,
            "cost": ending.cost.amount if ending.cost else None,
            "currency": ending.cost.currency if ending.cost else "",
        }
        await connection.execute(_USED, used)
    return changed.rowcount


async def _add_if_new(connection: AsyncConnection, turn: Turn, message: ThreadMessage) -> None:
    known = await connection.scalar(
        select(Message.id).where(
            Message.team_id == turn.key.team_id,
            Message.channel_id == turn.key.channel_id,
            Message.ts == message.ts,
        )
    )
    if known is not None:
        return
    posted = MessagePosted(
        key=turn.key,
        ts=message.ts,
        channel_type=turn.channel_type,
        author=message.author,
        author_id=message.author_id,
        author_name=message.author_name,
        author_team=message.team_id,
        text=message.text,
    )
    added = await add_message(connection, turn.conversation_id, posted, asks=False)
    await add_files(connection, added.id, message.files)


def _with(messages: tuple[ThreadMessage, ...], changed: ThreadMessage) -> tuple[ThreadMessage, ...]:
    return tuple(changed if message.id == changed.id else message for message in messages)
