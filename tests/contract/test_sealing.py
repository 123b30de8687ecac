"""Texts at rest are sealed on both databases, and the store does not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessageEdited, MessagePosted
from bot.conversation.modes import ChannelSettings
from bot.conversation.ports import Ending
from bot.conversation.thread import (
    Author,
    ChannelType,
    Outcome,
    Progress,
    SharedFile,
    ThreadKey,
    Turn,
)
from bot.errors import WrongKey
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.store.intake import Intake
from bot.store.rotation import check_key, rotate
from bot.store.sealing import Vault
from bot.store.settings import ChannelSettingsStore
from bot.store.turns import Turns

OLD, NEW = "o" * 32, "n" * 32
SECRET = "the merger is on Friday"
QUESTION = MessagePosted(
    key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="10.000000"),
    ts="10.000000",
    channel_type=ChannelType.CHANNEL,
    author=Author.PERSON,
    author_id="U1",
    text=SECRET,
    files=(
        SharedFile(file_id="F1", name=SECRET, media_type="x/y", size=1, url=f"https://{SECRET}"),
    ),
    mentions_us=True,
)


@asynccontextmanager
async def opened(database: str, *keys: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database, keys)
    try:
        yield engine
    finally:
        await engine.dispose()


@pytest.fixture
async def plain(database: str) -> AsyncIterator[AsyncEngine]:
    """The same database without a key: what somebody sees who has stolen it."""
    async with opened(database) as engine:
        yield engine


async def _fill(engine: AsyncEngine) -> Turn:
    """Everything that holds people's words, as the program writes it."""
    writer = Writer(engine)
    turns = Turns(engine, writer, worker="one")
    await Intake(engine, writer, reply_in_threads="auto").take(QUESTION)
    turn = await turns.claim(1)
    assert isinstance(turn, Turn)
    await turns.save_progress([Progress(turn=turn, text=SECRET[:9], segments=())])
    await turns.finish(turn, Ending(outcome=Outcome.DONE, text=SECRET, segments=()))
    await turns.remember(1, SECRET, "09.000000")
    settings = ChannelSettings(instructions=SECRET)
    await ChannelSettingsStore(engine, writer).save("T1", "C1", settings)
    errands = StoredErrands(engine, writer, worker="one")
    await errands.add(team_id="T1", kind="summary", payload={"focus": SECRET})
    return turn


async def _dump(engine: AsyncEngine) -> str:
    """Every value of every table."""
    kept: list[object] = []
    async with engine.connect() as connection:
        for table in ("conversations", "messages", "attachments", "replies", "channel_settings"):
            kept += (await connection.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608
        kept += (await connection.execute(text("SELECT payload, kept FROM errands"))).all()
    return str(kept)


async def _check(engine: AsyncEngine, turn: Turn) -> None:
    """The program reads everything as it was said."""
    writer = Writer(engine)
    turns = Turns(engine, writer, worker="one")
    intake = Intake(engine, writer, reply_in_threads="auto")
    assert await intake.take(MessageEdited(message=QUESTION, edited_ts="11.0")) is None
    await intake.take(replace(QUESTION, ts="12.000000", text="and now?", files=()))
    again = await turns.claim(1)
    assert isinstance(again, Turn)
    assert again.answers[0].text == again.summary == again.settings.instructions == SECRET
    assert (await turns.files_of(turn.asker.id) or ())[0].url == f"https://{SECRET}"
    errand = await StoredErrands(engine, writer, worker="one").claim(1)
    assert errand is not None
    assert errand.payload == {"focus": SECRET}


async def test_with_a_key_nobody_reads_the_texts_in_the_database(
    database: str, plain: AsyncEngine
) -> None:
    async with opened(database, OLD) as engine:
        turn = await _fill(engine)

        assert SECRET[:9] not in await _dump(plain)
        await _check(engine, turn)
        with pytest.raises(WrongKey):
            await check_key(plain)
        await check_key(engine)


@pytest.mark.parametrize("keys", [(), (OLD,)])
async def test_what_no_database_can_keep_is_marked_and_the_rest_stays(
    database: str, keys: tuple[str, ...]
) -> None:
    async with opened(database, *keys) as engine:
        intake = Intake(engine, Writer(engine), reply_in_threads="auto")
        assert await intake.take(replace(QUESTION, text="half \ud83d, NUL \x00, whole \U0001f600"))

        turn = await Turns(engine, Writer(engine), worker="one").claim(1)
        assert isinstance(turn, Turn)
        assert turn.asker.text == "half \ufffd, NUL \ufffd, whole \U0001f600"


async def test_an_error_of_the_database_does_not_say_what_people_said(plain: AsyncEngine) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with plain.connect() as connection:
            await connection.execute(text("SELECT :words FROM nowhere"), {"words": SECRET})

    assert SECRET not in str(raised.value)


async def test_rotation_seals_plain_and_old_texts_with_the_new_key(
    database: str, plain: AsyncEngine
) -> None:
    turn = await _fill(plain)
    for keys in ([OLD], [NEW, OLD]):
        async with opened(database, *keys) as engine:
            assert await rotate(engine, Writer(engine), Vault(keys)) == 6

    assert SECRET[:9] not in await _dump(plain)
    async with opened(database, NEW) as newest:
        await check_key(newest)
        await _check(newest, turn)


async def test_rotation_loses_no_text_that_changes_meanwhile(database: str) -> None:
    async with opened(database, NEW, OLD) as engine:
        writer = Writer(engine)
        intake = Intake(engine, writer, reply_in_threads="auto")
        await intake.take(QUESTION)
        edits = [
            MessageEdited(message=replace(QUESTION, text=f"version {n}"), edited_ts=f"2{n}")
            for n in range(9)
        ]

        await asyncio.gather(
            *(intake.take(edit) for edit in edits),
            *(rotate(engine, writer, Vault([NEW, OLD])) for _ in range(2)),
        )

        turn = await Turns(engine, writer, worker="one").claim(1)
        assert isinstance(turn, Turn)
        assert turn.asker.text == "version 8"
