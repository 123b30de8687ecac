"""Which workspaces have the bot: known without asking, and never by a dead token."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest

from bot.conversation.installed import Installed
from bot.errors import NotInstalled
from bot.slack.api import make_session
from bot.slack.installations import ManyInstallations


def installed(place: str = "T1", *, number: int = 1) -> Installed:
    return Installed(
        place=place,
        name="Acme",
        token=f"xoxb-{number}",
        bot_user_id="U1",
        bot_id="B1",
        bot_name="threadwise",
        scopes="",
        installed_by="U2",
        installed_at=1.0,
    )


class FakeInstalls:
    """Implements `conversation.installed.Installs` in memory, and counts the looks."""

    def __init__(self) -> None:
        self.places: dict[str, Installed] = {}
        self.looks = 0
        self.is_away = False

    async def find(self, team_id: str, enterprise_id: str) -> Installed | None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise ConnectionError
        return self.places.get(team_id) or self.places.get(enterprise_id)

    async def add(self, installed: Installed) -> None:
        self.places[installed.place] = installed

    async def teams(self, place: str) -> Sequence[str]:
        return [place]

    async def remove(self, place: str, *, before: float) -> bool:
        return self.places.pop(place, None) is not None

    async def count(self) -> int:
        return len(self.places)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with make_session() as session:
        yield session


class Many:
    """The installations, what they look into, and their clock."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.installs = FakeInstalls()
        self.time = Time()
        self.of = ManyInstallations(
            self.installs, base_url="http://127.0.0.1:1/", session=session, clock=self.time
        )


@pytest.fixture
def many(session: aiohttp.ClientSession) -> Many:
    return Many(session)


async def test_thousands_of_events_cost_one_look(many: Many) -> None:
    await many.installs.add(installed())
    found = await asyncio.gather(*(many.of.of("T1") for _ in range(1_000)))

    assert many.installs.looks == 1
    assert len({id(one) for one in found}) == 1
    many.time.now = 301.0
    assert await many.of.of("T1") is found[0], "unchanged: its parts stay"
    assert many.installs.looks == 2


async def test_another_workspace_is_not_known(many: Many) -> None:
    await many.installs.add(installed())

    for _ in range(5):
        with pytest.raises(NotInstalled):
            await many.of.of("T2")
    assert many.installs.looks == 1


async def test_a_new_installation_counts_at_once(many: Many) -> None:
    with pytest.raises(NotInstalled):
        await many.of.of("T1")
    await many.installs.add(installed())
    many.of.forget("T1")
    first = await many.of.of("T1")
    await many.installs.add(installed(number=2))
    many.of.forget("T1")

    assert first.api.client.token == "xoxb-1"
    assert (await many.of.of("T1")).api.client.token == "xoxb-2"


async def test_a_dead_token_rests_until_there_is_another(many: Many) -> None:
    await many.installs.add(installed())
    here = await many.of.of("T1")
    here.api._on_dead_token()

    with pytest.raises(NotInstalled):
        await many.of.of("T1")
    await many.installs.add(installed(number=2))
    many.time.now = 11.0
    assert (await many.of.of("T1")).api.client.token == "xoxb-2"


async def test_a_token_refused_by_mistake_is_tried_again(many: Many) -> None:
    await many.installs.add(installed())
    (await many.of.of("T1")).api._on_dead_token()
    with pytest.raises(NotInstalled):
        await many.of.of("T1")
    many.time.now = 61.0

    assert (await many.of.of("T1")).identity.team_id == "T1"


async def test_an_organisations_workspaces_are_told_apart(many: Many) -> None:
    await many.installs.add(installed("E1"))
    one, two = await many.of.of("T1", "E1"), await many.of.of("T2", "E1")

    assert (one.identity.team_id, two.identity.team_id) == ("T1", "T2")
    assert one.budget is not two.budget
    assert one.api.client.default_params == {"team_id": "T1"}
    many.of.forget("E1")
    await many.installs.remove("E1", before=2.0)
    for team_id in ("T1", "T2"):
        with pytest.raises(NotInstalled):
            await many.of.of(team_id, "E1")


async def test_a_database_that_is_away_is_asked_again(many: Many) -> None:
    await many.installs.add(installed())
    many.installs.is_away = True
    with pytest.raises(ConnectionError):
        await many.of.of("T1")
    many.installs.is_away = False

    assert (await many.of.of("T1")).identity.user_id == "U1"


def test_a_token_is_not_shown() -> None:
    assert "xoxb" not in repr(installed())
