"""What `bot check` says of a database, on both of them."""

import asyncio

import pytest

from bot.commands.check import Finding, check
from bot.config import parse_settings
from bot.conversation.modes import ChannelSettings
from bot.store.db import Writer, make_engine
from bot.store.schema import migrate
from bot.store.settings import ChannelSettingsStore

NOWHERE = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s" * 32,
    "SLACK_API_URL": "http://127.0.0.1:1/",
    "DASHSCOPE_API_KEY": "sk-1",
    "DASHSCOPE_BASE_URL": "http://127.0.0.1:1",
}


async def found(url: str, **change: str) -> Finding:
    """What is found of the database, which is tried first."""
    return await anext(check(parse_settings({**NOWHERE, "DATABASE_URL": url, **change})))


async def test_a_schema_that_is_missing_or_old_is_told(url: str) -> None:
    empty = await found(url)
    await asyncio.to_thread(migrate, url)
    current = await found(url)
    await asyncio.to_thread(migrate, url, "0001")
    old = await found(url)

    remedy = "`bot run` sees to it" if url.startswith("sqlite") else "run `bot migrate`"
    for told in (empty, old):
        assert (told.ok, remedy in told.words) == (url.startswith("sqlite"), True), told
    assert current.ok
    assert "is current" in current.words


@pytest.mark.parametrize("key", ["", "n" * 32])
async def test_texts_sealed_with_another_key_are_told(database: str, key: str) -> None:
    engine = make_engine(database, ["o" * 32])
    store = ChannelSettingsStore(engine, Writer(engine))
    await store.save("T1", "C1", ChannelSettings(instructions="a secret"))
    await engine.dispose()

    told = await found(database, BOT_SECRET_KEY=key)
    assert (told.ok, "BOT_SECRET_KEY" in told.words) == (False, True)
    assert (await found(database, BOT_SECRET_KEY=f"n{'n' * 31},{'o' * 32}")).ok
