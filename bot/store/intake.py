"""Takes what happened in Slack into the database, once, however often and in whatever order it comes.

Everything here is idempotent by its content: a message is unique by (team, channel, ts), an edit
applies only if it is newer, a deletion only the first time. So Slack's retries, its twin events
(`message` and `app_mention`) and replays are harmless.
"""

import time
from dataclasses import replace

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.addressing import Approach, Company, Reading, read
from bot.conversation.events import (
    AgainAsked,
    Happening,
    Interruption,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Rated,
    StopAsked,
    Wake,
)
from bot.conversation.thread import Author, ChannelType, Outcome, SharedFile, ThreadKey
from bot.store.again import again, ask_again, rate
from bot.store.claims import lately_told
from bot.store.db import Writer
from bot.store.deletions import is_deleted, note_deletion
from bot.store.places import NEXT_PLACE, asking
from bot.store.tables import UNANSWERED, Attachment, ChannelSetting, Conversation, Message, Reply

_MOST_PASSED_OVER = 1_000


class Intake:
    """The door of the database: one short transaction for each thing that happened."""

    def __init__(self, engine: AsyncEngine, writer: Writer, *, reply_in_threads: str) -> None:
        self._engine = engine
        self._writer = writer
        self._mode = reply_in_threads
        self._passed_over: dict[ThreadKey, None] = {}
        """Threads that something was said in, lately and first of all that this process heard."""

    async def take(self, happening: Happening) -> Wake | None:
        """Keep it, and say which conversation has to be looked at now.

        Returns once it is committed; None where it changes nothing for us.
        """
        if isinstance(happening, MessagePosted):
            if await self._is_small_talk(happening):
                return None
            if happening.key in self._passed_over:
                happening = replace(happening, is_late=True)
        try:
            return await self._writer.run(lambda connection: self._apply(connection, happening))
        except IntegrityError:
            # Another process took the same message in at this moment; now it is there to see.
            return await self._writer.run(lambda connection: self._apply(connection, happening))

    async def _is_small_talk(self, message: MessagePosted) -> bool:
        """Whether a message can be passed over without a write: most of a busy channel's can."""
        if message.mentions_us or message.channel_type is ChannelType.DM:
            return False
        if message.key.thread_ts == message.ts:
            return True
        async with self._engine.connect() as connection:
            if await _find_conversation(connection, message.key) is not None:
                return False
        self._passed_over[message.key] = None
        if len(self._passed_over) > _MOST_PASSED_OVER:
            del self._passed_over[next(iter(self._passed_over))]
        return True

    async def _apply(self, connection: AsyncConnection, happening: Happening) -> Wake | None:
        match happening:
            case MessagePosted():
                return await self._post(connection, happening)
            case MessageEdited():
                return await self._edit(connection, happening)
            case MessageDeleted():
                return await _delete(connection, happening)
            case StopAsked():
                return await _stop(connection, happening)
            case AgainAsked():
                return await again(connection, happening)
            case Rated():
                await rate(connection, happening)
                return None

    async def _post(
        self, connection: AsyncConnection, message: MessagePosted, *, edited_ts: str = ""
    ) -> Wake | None:
        known = await _find_message(connection, message.key, message.ts)
        if known is not None:
            return await _complete(connection, known, message)
        conversation = await _find_conversation(connection, message.key)
        reading = read(
            _approach(message),
            await _company(connection, conversation, message),
            await self._mode_of(connection, message),  # type: ignore[arg-type]  # checked values
        )
        key = message.key
        if reading is Reading.IGNORE or await is_deleted(
            connection, key.team_id, key.channel_id, message.ts
        ):
            return None
        asks = reading is Reading.ANSWER
        if conversation is None:
            conversation_id = await _add_conversation(connection, message)
        else:
            conversation_id = conversation.id
        added = await add_message(
            connection, conversation_id, message, asks=asks, edited_ts=edited_ts
        )
        await add_files(connection, added.id, message.files)
        return Wake(conversation_id=conversation_id, place=added.place or 0.0) if asks else None

    async def _mode_of(self, connection: AsyncConnection, message: MessagePosted) -> str:
        """Who is answered in this channel: its own setting, or the team's."""
        if message.mentions_us:
            return self._mode
        where = {"team": message.key.team_id, "channel": message.key.channel_id}
        return await connection.scalar(_REPLY_MODE, where) or self._mode

    async def _edit(self, connection: AsyncConnection, edit: MessageEdited) -> Wake | None:
        message = edit.message
        known = await _find_message(connection, message.key, message.ts)
        if known is None:
            # Its own event was none of our business, or is still on its way with the old words.
            return await self._post(connection, message, edited_ts=edit.edited_ts)
        if known.deleted or known.text == message.text or edit.edited_ts <= known.edited_ts:
            return None
        await connection.execute(
            update(Message)
            .where(Message.id == known.id)
            .values(text=message.text, edited_ts=edit.edited_ts, left_out=False)
        )
        if not known.asks:
            if not message.mentions_us:
                return None
            # The mention was forgotten and is there now: the message becomes a question.
            return await _ask(connection, known, message)
        if known.reply_id is None or not await _is_newest_question(connection, known):
            return None
        return await ask_again(connection, known.conversation_id, known.reply_id)


def _approach(message: MessagePosted) -> Approach:
    return Approach(
        in_dm=message.channel_type is ChannelType.DM,
        mentions_us=message.mentions_us,
        mentions_others=message.mentions_others,
        from_bot=message.author is Author.BOT,
        bot_is_allowed=message.bot_is_allowed,
        may_ask=message.may_ask,
    )


async def _company(
    connection: AsyncConnection, conversation: Conversation | None, message: MessagePosted
) -> Company | None:
    if conversation is None or message.mentions_us:
        return None
    others = await connection.scalar(
        select(func.count(func.distinct(Message.author_id))).where(
            Message.conversation_id == conversation.id,
            Message.author == Author.PERSON,
            Message.author_id.not_in((message.author_id, "")),  # none: who wants to be forgotten
        )
    )
    return Company(people=(others or 0) + 1, is_known_whole=conversation.history_read)


_CONVERSATION = select(Conversation.id, Conversation.history_read).where(
    Conversation.team_id == bindparam("team"),
    Conversation.channel_id == bindparam("channel"),
    Conversation.thread_ts == bindparam("thread"),
)
_MESSAGE = select(Message).where(
    Message.team_id == bindparam("team"),
    Message.channel_id == bindparam("channel"),
    Message.ts == bindparam("its_ts"),
)
_REPLY_MODE = select(ChannelSetting.reply_in_threads).where(
    ChannelSetting.team_id == bindparam("team"), ChannelSetting.channel_id == bindparam("channel")
)
_ADD_CONVERSATION = insert(Conversation).returning(Conversation.id)
_ADD_MESSAGE = insert(Message).returning(Message.id, Message.place)
_ADD_QUESTION = _ADD_MESSAGE.values(place=NEXT_PLACE)


async def _find_conversation(connection: AsyncConnection, key: ThreadKey) -> Conversation | None:
    found = await connection.execute(
        _CONVERSATION,
        {"team": key.team_id, "channel": key.channel_id, "thread": key.thread_ts},
    )
    return found.one_or_none()  # type: ignore[return-value]  # a row with these two columns


async def _find_message(connection: AsyncConnection, key: ThreadKey, ts: str) -> Message | None:
    found = await connection.execute(
        _MESSAGE, {"team": key.team_id, "channel": key.channel_id, "its_ts": ts}
    )
    return found.one_or_none()  # type: ignore[return-value]  # a row with the table's columns


async def _add_conversation(connection: AsyncConnection, message: MessagePosted) -> int:
    added = await connection.execute(
        _ADD_CONVERSATION,
        {
            "team_id": message.key.team_id,
            "channel_id": message.key.channel_id,
            "thread_ts": message.key.thread_ts,
            "channel_type": message.channel_type.value,
            # Of what came while the first message was on its way nothing has been kept.
            "history_read": message.key.thread_ts == message.ts and not message.is_late,
            "created_at": time.time(),
        },
    )
    return int(added.scalar_one())


async def add_message(
    connection: AsyncConnection,
    conversation_id: int,
    message: MessagePosted,
    *,
    asks: bool,
    edited_ts: str = "",
) -> Message:
    """Insert one message; returns its id and, of a question, its place in line."""
    added = await connection.execute(
        _ADD_QUESTION if asks else _ADD_MESSAGE,
        {
            **(asking(message.key, message.ts) if asks else {}),
            "conversation_id": conversation_id,
            "team_id": message.key.team_id,
            "channel_id": message.key.channel_id,
            "ts": message.ts,
            "author": message.author.value,
            "author_id": message.author_id,
            "author_name": message.author_name,
            "author_team": message.author_team,
            "text": message.text,
            "edited_ts": edited_ts,
            "deleted": False,
            "asks": asks,
            "whole": message.is_whole,
            "viewing": message.viewing,
        },
    )
    return added.one()  # type: ignore[return-value]  # a row with these two columns


async def add_files(
    connection: AsyncConnection, message_id: int, files: tuple[SharedFile, ...]
) -> None:
    """Insert a message's files."""
    if files:
        await connection.execute(
            insert(Attachment),
            [
                {
                    "message_id": message_id,
                    "file_id": file.file_id,
                    "name": file.name,
                    "media_type": file.media_type,
                    "size": file.size,
                    "url": file.url,
                }
                for file in files
            ],
        )


async def _complete(
    connection: AsyncConnection, known: Message, message: MessagePosted
) -> Wake | None:
    """The other event of a pair: it may bring the files, or the mention, that the first lacked."""
    if known.deleted:
        return None
    if message.is_whole and not known.whole:
        await connection.execute(update(Message).where(Message.id == known.id).values(whole=True))
        await add_files(connection, known.id, message.files)
        return Wake(conversation_id=known.conversation_id)
    # In a direct message it may be known from the thread's history, as what was said before.
    if not known.asks and read(_approach(message), None, "mention") is Reading.ANSWER:
        return await _ask(connection, known, message)
    # A retry of an event we have: looking again costs little, and heals a wake-up that was lost.
    if not known.asks or known.reply_id is not None:
        return None
    return Wake(conversation_id=known.conversation_id, place=known.place or 0.0)


async def _ask(connection: AsyncConnection, known: Message, message: MessagePosted) -> Wake:
    """A message that was none becomes a question."""
    asked = await connection.execute(
        update(Message)
        .where(Message.id == known.id)
        .values(asks=True, place=NEXT_PLACE)
        .returning(Message.place),
        asking(message.key, message.ts),
    )
    return Wake(conversation_id=known.conversation_id, place=asked.scalar_one() or 0.0)


async def _is_newest_question(connection: AsyncConnection, known: Message) -> bool:
    newer = await connection.scalar(
        select(func.count()).where(
            Message.conversation_id == known.conversation_id,
            Message.asks,
            ~Message.deleted,
            Message.ts > known.ts,
        )
    )
    return not newer


async def _delete(connection: AsyncConnection, deletion: MessageDeleted) -> Wake | None:
    where = {"team": deletion.team_id, "channel": deletion.channel_id, "its_ts": deletion.ts}
    known = (await connection.execute(_MESSAGE, where)).one_or_none()
    if known is None:
        await note_deletion(connection, deletion)
        return None
    if known.deleted:
        return None
    newest = known.asks and await _is_newest_question(connection, known)  # type: ignore[arg-type]
    await connection.execute(
        update(Message).where(Message.id == known.id).values(deleted=True, text="")
    )
    await connection.execute(delete(Attachment).where(Attachment.message_id == known.id))
    if not newest or known.reply_id is None:
        return None
    others = await connection.scalar(
        select(func.count()).where(Message.reply_id == known.reply_id, ~Message.deleted)
    )
    if others:
        return await ask_again(connection, known.conversation_id, known.reply_id)
    await connection.execute(
        update(Reply)
        .where(Reply.id == known.reply_id)
        .values(outcome=Outcome.WITHDRAWN.value, finished_at=None)
    )
    return Wake(conversation_id=known.conversation_id, interruption=Interruption.GIVE_WAY)


async def _stop(connection: AsyncConnection, stop: StopAsked) -> Wake | None:
    conversation = await _find_conversation(connection, stop.key)
    if conversation is None:
        return None
    stopped = await connection.execute(
        update(Reply)
        .where(Reply.conversation_id == conversation.id, Reply.outcome == Outcome.WRITING.value)
        .values(stop_requested=True)
    )
    if not stopped.rowcount:
        # Slack's Stop stands beside the sign that the question waits in line: it leaves the line.
        await connection.execute(
            update(Message)
            .where(
                Message.conversation_id == conversation.id,
                text(UNANSWERED),
                lately_told(),
            )
            .values(asks=False)
        )
    return Wake(conversation_id=conversation.id, interruption=Interruption.STOP)
