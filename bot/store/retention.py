"""Forgets: what is old, a workspace, a channel, or a person."""

from sqlalchemy import ColumnElement, Table, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.forgetting import FORGET_PERSON, FORGET_TEAM
from bot.conversation.thread import ChannelType, Outcome, ts_of
from bot.store.db import Writer
from bot.store.errands import speaks_of
from bot.store.tables import (
    Attachment,
    Base,
    ChannelSetting,
    Conversation,
    DigestRow,
    DigestRun,
    ErrandRow,
    InstallationRow,
    Message,
    OrganisationTeam,
    Rating,
    Reply,
    SummaryRow,
)

_PERSON = frozenset({"user_id", "owner_id"})
"""The columns that say whose a row is."""
_AT_ONCE = 200
"""Conversations in one transaction: nobody else waits long."""


async def forget_before(writer: Writer, moment: float) -> int:
    """Delete what is older: conversations in which nothing was said since, summaries, digests' notes.

    `moment` is in seconds since the epoch. Returns how many conversations.
    """
    is_newer = Message.ts >= ts_of(moment)
    lives = exists().where(Message.conversation_id == Conversation.id, is_newer)
    total = await _forget_conversations(writer, Conversation.created_at < moment, ~lives)

    async def change(connection: AsyncConnection) -> None:
        await connection.execute(delete(SummaryRow).where(SummaryRow.created_at < moment))
        await connection.execute(delete(DigestRun).where(DigestRun.due_at < moment))

    await writer.run(change)
    await writer.wipe()
    return total


async def _forget_conversations(writer: Writer, *which: ColumnElement[bool]) -> int:
    """Delete these conversations, some at a time; returns how many. It may be broken off anywhere."""
    some = select(Conversation.id).where(*which).limit(_AT_ONCE).scalar_subquery()
    statement = delete(Conversation).where(Conversation.id.in_(some))
    total = 0
    while gone := (await writer.run(lambda it: it.execute(statement))).rowcount:
        total += gone
    return total


async def forget_channel(writer: Writer, team_id: str, channel_id: str) -> int:
    """Delete everything of a channel; returns how many conversations.

    Digests that were ordered for it stay: they are their owners'.
    """

    async def change(connection: AsyncConnection) -> int:
        conversations = 0
        for table in _of_teams():
            if "channel_id" in table.c:
                gone = await connection.execute(
                    delete(table).where(
                        table.c.team_id == team_id, table.c.channel_id == channel_id
                    )
                )
                conversations += gone.rowcount if table is Conversation.__table__ else 0
        await _forget_notes(connection, team_id, channel_id)
        await _forget_errands(connection, team_id, channel_id)
        return conversations

    conversations = await writer.run(change)
    await writer.wipe()
    return conversations


async def forget_person(writer: Writer, team_id: str, user_id: str) -> int:
    """Delete what a person has said, shown, asked for and rated; returns how many messages.

    Direct messages with them go whole. In other threads their messages become empty, the answers
    to these too, and the threads' summaries are made anew; what others said stays.
    """

    async def change(connection: AsyncConnection) -> int:
        theirs = (Message.team_id == team_id, Message.author_id == user_id)
        said = await connection.scalar(select(func.count(Message.id)).where(*theirs))
        await _forget_direct_messages(connection, team_id, user_id)
        await _empty_messages(connection, team_id, user_id)
        await _forget_deeds(connection, team_id, user_id)
        await _forget_errands(connection, team_id, user_id)
        return said or 0

    messages = await writer.run(change)
    await writer.wipe()
    return messages


async def stop_answers(writer: Writer, team_id: str, user_id: str) -> int:
    """Have the answers stopped that are being written to a person; returns how many there are."""
    asked = select(Message.reply_id).where(
        Message.team_id == team_id, Message.author_id == user_id, Message.reply_id.is_not(None)
    )
    statement = (
        update(Reply)
        .where(Reply.id.in_(asked), Reply.outcome == Outcome.WRITING.value)
        .values(stop_requested=True)
    )
    return (await writer.run(lambda it: it.execute(statement))).rowcount


async def _forget_direct_messages(connection: AsyncConnection, team_id: str, user_id: str) -> None:
    """What was said between them and us alone, and how we were to answer there."""
    said_in = select(Message.conversation_id).where(
        Message.team_id == team_id, Message.author_id == user_id
    )
    between = (Conversation.id.in_(said_in), Conversation.channel_type == ChannelType.DM.value)
    channels = select(Conversation.channel_id).where(*between)
    await connection.execute(
        delete(ChannelSetting).where(
            ChannelSetting.team_id == team_id, ChannelSetting.channel_id.in_(channels)
        )
    )
    await connection.execute(delete(Conversation).where(*between))


async def _forget_deeds(connection: AsyncConnection, team_id: str, user_id: str) -> None:
    """What they have ordered, rated and installed."""
    rated = select(Reply.id).join(Conversation).where(Conversation.team_id == team_id)
    await connection.execute(
        delete(Rating).where(Rating.user_id == user_id, Rating.reply_id.in_(rated))
    )
    for table in _of_teams():
        for column in _PERSON & set(table.c.keys()):
            await connection.execute(
                delete(table).where(table.c.team_id == team_id, table.c[column] == user_id)
            )
    await connection.execute(
        update(InstallationRow)
        .where(InstallationRow.installed_by == user_id)
        .values(installed_by="")
    )


async def _empty_messages(connection: AsyncConnection, team_id: str, user_id: str) -> None:
    theirs = (Message.team_id == team_id, Message.author_id == user_id)
    ids, threads = select(Message.id).where(*theirs), select(Message.conversation_id).where(*theirs)
    answered = select(Message.reply_id).where(*theirs, Message.reply_id.is_not(None))
    await connection.execute(delete(Attachment).where(Attachment.message_id.in_(ids)))
    await connection.execute(update(Reply).where(Reply.id.in_(answered)).values(text=""))
    await connection.execute(
        update(Conversation)
        .where(Conversation.id.in_(threads))
        .values(summary="", summary_until="")
    )
    await connection.execute(
        update(Message).where(*theirs).values(text="", author_id="", author_name="", deleted=True)
    )


async def _forget_errands(connection: AsyncConnection, team_id: str, slack_id: str) -> None:
    """Drop what was ordered by a person or about a channel, and the orders that are done."""
    found = await connection.execute(
        select(ErrandRow.id, ErrandRow.payload).where(
            ErrandRow.team_id == team_id, ErrandRow.kind.not_in((FORGET_TEAM, FORGET_PERSON))
        )
    )
    ids = [errand.id for errand in found.all() if speaks_of(errand.payload, slack_id)]
    await connection.execute(delete(ErrandRow).where(ErrandRow.id.in_(ids)))


async def _forget_notes(connection: AsyncConnection, team_id: str, channel_id: str) -> None:
    """Take a channel out of what digests have told."""
    runs = await connection.execute(
        select(DigestRun.id, DigestRun.told).join(DigestRow).where(DigestRow.team_id == team_id)
    )
    for run in runs.all():
        notes = [note for note in run.told["notes"] if note.get("channel_id") != channel_id]
        if len(notes) < len(run.told["notes"]):
            await connection.execute(
                update(DigestRun).where(DigestRun.id == run.id).values(told={"notes": notes})
            )


async def forget_team(writer: Writer, team_id: str, *, before: float, stays: bool = False) -> int:
    """Delete everything of a workspace that was there at a moment; returns how many conversations.

    `before` is in seconds since the epoch. It may be repeated, and broken off anywhere. One that
    `stays` is reached by its organisation's installation as before.
    """
    total = await _forget_conversations(
        writer, Conversation.team_id == team_id, Conversation.created_at < before
    )

    async def change(connection: AsyncConnection) -> None:
        for table in _of_teams():
            if table is Conversation.__table__:
                continue  # the old ones are gone, the new ones stay
            if stays and table is OrganisationTeam.__table__:
                continue
            statement = delete(table).where(table.c.team_id == team_id)
            if table.name == ErrandRow.__tablename__:
                statement = statement.where(table.c.kind != FORGET_TEAM)
            await connection.execute(statement)

    await writer.run(change)
    await writer.wipe()
    return total


def _of_teams() -> list[Table]:
    """The tables that hang on a workspace alone; the others go with the row they belong to."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if "team_id" in table.c and not table.foreign_keys
    ]
