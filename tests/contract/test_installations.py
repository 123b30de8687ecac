"""Installations and what becomes of a workspace's data, on both databases."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.assembly.forgetting import ForgetTeam, Leaving
from bot.conversation.errands import Errand
from bot.conversation.events import MessagePosted
from bot.conversation.forgetting import FORGET_TEAM
from bot.conversation.installed import Installed
from bot.conversation.modes import ChannelSettings
from bot.conversation.thread import Author, ChannelType, ThreadKey
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.store.installations import StoredInstalls
from bot.store.intake import Intake
from bot.store.oauth_states import OAuthStates
from bot.store.retention import forget_team
from bot.store.settings import ChannelSettingsStore
from bot.store.tables import Base, Conversation

ACME = Installed(
    place="T1",
    name="Acme",
    token="xoxb-acme-1",
    bot_user_id="U1",
    bot_id="B1",
    bot_name="threadwise",
    scopes="chat:write",
    installed_by="U2",
    installed_at=100.0,
)
ORG = replace(ACME, place="E1", token="xoxb-org-1")


class Store:
    """Everything of the store that installations need."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.writer = Writer(engine)
        self.installs = StoredInstalls(engine, self.writer)
        self.states = OAuthStates(self.writer)
        self.errands = StoredErrands(engine, self.writer, worker="one")
        self.intake = Intake(engine, self.writer, reply_in_threads="auto")
        self.forgotten: list[str] = []
        self.leave = Leaving(self.installs, self.errands, forget=self.forgotten.append)

    async def ask(self, team_id: str, ts: str = "10.000000") -> None:
        key = ThreadKey(team_id=team_id, channel_id="C1", thread_ts=ts)
        await self.intake.take(
            MessagePosted(
                key=key,
                ts=ts,
                channel_type=ChannelType.CHANNEL,
                author=Author.PERSON,
                author_id="U2",
                text="hi",
                mentions_us=True,
            )
        )

    async def conversations(self, team_id: str) -> int:
        asked = select(func.count()).where(Conversation.team_id == team_id)
        async with self.engine.connect() as connection:
            return await connection.scalar(asked) or 0

    async def errand(self) -> Errand:
        [due] = await self.errands.due({FORGET_TEAM})
        errand = await self.errands.claim(due)
        assert errand is not None
        return errand


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    engine = make_engine(database, ["k" * 32])
    yield Store(engine)
    await engine.dispose()


async def test_an_installation_is_found_and_its_token_is_sealed(store: Store) -> None:
    await store.installs.add(ACME)

    assert await store.installs.find("T1", "") == ACME
    assert await store.installs.find("T1", "E1") == ACME
    assert await store.installs.find("T2", "") is None
    assert await store.installs.find("", "") is None
    async with store.engine.connect() as connection:
        raw = await connection.scalar(text("SELECT token FROM installations"))
    assert "acme" not in str(raw)


async def test_a_second_installation_takes_the_place_of_the_first(store: Store) -> None:
    await store.installs.add(ACME)
    await store.installs.add(replace(ACME, token="xoxb-acme-2"))

    found = await store.installs.find("T1", "")
    assert found is not None
    assert found.token == "xoxb-acme-2"
    assert await store.installs.count() == 1


async def test_an_organisation_reaches_workspaces_that_were_seen_once(store: Store) -> None:
    await store.installs.add(ORG)
    assert await store.installs.find("T1", "") is None

    assert await store.installs.find("T1", "E1") == ORG
    assert await store.installs.find("T1", "") == ORG, "a worker knows the team only"
    await store.installs.find("T2", "E1")
    assert sorted(await store.installs.teams("E1")) == ["T1", "T2"]


async def test_the_newest_installation_wins(store: Store) -> None:
    await store.installs.add(ACME)
    await store.installs.add(replace(ORG, installed_at=200.0))

    found = await store.installs.find("T1", "E1")
    assert found is not None
    assert found.place == "E1"


async def test_a_removal_that_comes_late_leaves_the_new_installation(store: Store) -> None:
    await store.installs.add(ACME)

    assert not await store.installs.remove("T1", before=99.0)
    assert await store.installs.remove("T1", before=101.0)
    assert await store.installs.remove("T1", before=101.0), "told twice, it is no harm"
    assert await store.installs.find("T1", "") is None


async def test_a_state_opens_once_and_not_for_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await store.states.issue()

    assert await store.states.take(state)
    assert not await store.states.take(state)
    assert not await store.states.take("guessed")
    monkeypatch.setattr("bot.store.oauth_states.STATE_SECONDS", -1.0)
    assert not await store.states.take(await store.states.issue())


async def test_who_leaves_is_forgotten_whole_and_nobody_else(store: Store) -> None:
    await store.installs.add(replace(ACME, installed_at=time.time()))
    settings = ChannelSettingsStore(store.engine, store.writer)
    for team_id in ("T1", "T2"):
        await store.ask(team_id)
        await settings.save(team_id, "C1", ChannelSettings(instructions="short"))
    await store.errands.add(team_id="T1", kind="summary", payload={}, due_at=9e9)

    now = time.time() + 1
    await store.leave("T1", now)
    await store.leave("T1", now)
    assert store.forgotten == ["T1", "T1"]
    assert await store.installs.find("T1", "") is None
    errand = await store.errand()
    assert errand.kind == FORGET_TEAM

    await ForgetTeam(store.writer).run(errand, lambda kept: store.errands.keep(errand, kept))
    await store.errands.finish(errand)
    assert await store.conversations("T1") == 0
    assert await store.conversations("T2") == 1
    assert await settings.load("T1", "C1") == ChannelSettings()
    assert (await settings.load("T2", "C1")).instructions == "short"
    assert await store.errands.due({FORGET_TEAM}) == []


async def test_what_was_said_after_a_new_installation_stays(store: Store) -> None:
    await store.ask("T1")
    left = time.time() + 1
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE conversations SET created_at = 1"))
    await store.ask("T1", "20.000000")
    async with store.engine.begin() as connection:
        later = {"later": left + 60}
        await connection.execute(
            text("UPDATE conversations SET created_at = :later WHERE created_at > 1"), later
        )

    assert await forget_team(store.writer, "T1", before=left) == 1
    assert await store.conversations("T1") == 1


async def test_an_organisation_takes_all_its_workspaces_along(store: Store) -> None:
    await store.installs.add(replace(ORG, installed_at=time.time()))
    for team_id in ("T1", "T2"):
        await store.installs.find(team_id, "E1")
        await store.ask(team_id)

    await store.leave("E1", time.time())
    for errand_id in await store.errands.due({FORGET_TEAM}):
        errand = await store.errands.claim(errand_id)
        assert errand is not None
        await ForgetTeam(store.writer).run(errand, lambda _: store.errands.keep(errand, {}))  # noqa: B023
    assert await store.conversations("T1") == await store.conversations("T2") == 0
    assert await store.installs.teams("E1") == []


async def test_a_workspace_whose_data_is_deleted_is_reached_as_before(store: Store) -> None:
    await store.installs.add(ORG)
    await store.installs.find("T1", "E1")
    await store.ask("T1")

    assert await forget_team(store.writer, "T1", before=9e9, stays=True) == 1
    assert await store.installs.find("T1", "") == ORG


def test_every_table_belongs_to_a_workspace_and_goes_with_it() -> None:
    """By its own column, or by the row it hangs on; these two are what a removal itself deletes."""
    for table in Base.metadata.sorted_tables:
        goes_along = any(key.ondelete == "CASCADE" for key in table.foreign_keys)
        belongs = "team_id" in table.c or goes_along
        assert belongs or table.name in {"installations", "oauth_states"}, table.name
