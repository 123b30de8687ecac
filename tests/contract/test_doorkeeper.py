"""The admin's rules hold, nobody is refused in silence, and nobody is told twice a day."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

import pytest
from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import Happening, MessageEdited, MessagePosted, Wake
from bot.conversation.rules import NO_GUESTS, NO_STRANGERS, NOT_HERE, NOT_YOU, WHO_KNOWS, Rules
from bot.conversation.thread import Author, ChannelType, ThreadKey, Turn
from bot.errors import SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.doorkeeper import REFUSAL, Doorkeeper, Refusals
from bot.slack.inbound import Identity
from bot.slack.installations import Installation, OneInstallation
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.store.intake import Intake
from bot.store.turns import Turns

GUEST, STRANGER, COLLEAGUE = "U0GUEST", "U0STRANGER", "U0COLLEAGUE"
NEXT_DOOR = "U0NEXTDOOR"
"""Of another workspace of the organisation."""
USERS: dict[str, dict[str, Any]] = {
    "U1": {"id": "U1", "team_id": "T1"},
    GUEST: {"id": GUEST, "team_id": "T1", "is_ultra_restricted": True},
    STRANGER: {"id": STRANGER, "team_id": "T9", "is_stranger": True},
    COLLEAGUE: {"id": COLLEAGUE, "team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}},
    NEXT_DOOR: {
        "id": NEXT_DOOR,
        "team_id": "T2",
        "enterprise_user": {"enterprise_id": "E1", "teams": ["T2"]},
    },
}


class FakeApi:
    """Slack's Web API, as far as refusing needs it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.is_away = False

    async def read(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        self.asked.append(arguments["user"])
        if self.is_away:
            raise SlackUnreachable(method, "away")
        return {"user": USERS[arguments["user"]]}

    async def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        self.said.append((method, arguments))
        if arguments["channel"] == "C0GONE":
            raise SlackRefused(method, "channel_not_found")
        return {"ts": "1.0"}


class FakeBolt:
    """Bolt, as far as its middleware goes."""

    middleware: Callable[..., Awaitable[BoltResponse]]

    def use(self, middleware: Callable[..., Awaitable[BoltResponse]]) -> None:
        self.middleware = middleware


class House:
    """The door, what is behind it, and Slack."""

    def __init__(self, engine: AsyncEngine, rules: Rules) -> None:
        writer = Writer(engine)
        self.api = FakeApi()
        identity = Identity(
            team_id="T1", user_id="U0BOT", bot_id="B1", name="threadwise", enterprise_id="E1"
        )
        self.here = OneInstallation(Installation.of(cast(SlackApi, self.api), identity))
        self.errands = StoredErrands(engine, writer, worker="one")
        self.turns = Turns(engine, writer, worker="one")
        self.wakes = 0
        self.door = Doorkeeper(rules, self.here, self.errands, wake=self.wake)
        intake = Intake(engine, writer, reply_in_threads="auto")
        self._take = self.door.guard(intake.take)

    def wake(self) -> None:
        self.wakes += 1

    async def take(self, happening: Happening) -> Wake | None:
        return await self._take(happening)

    async def before(self, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        """What Slack is answered to a command, a click or a form."""
        bolt = FakeBolt()
        self.door.register(cast(AsyncApp, bolt))

        async def goes_on() -> BoltResponse:
            return BoltResponse(status=200, body="")

        return await bolt.middleware(
            body=body, context=context, respond=AsyncRespond(response_url=None), next=goes_on
        )

    async def told(self) -> list[str]:
        """Do the errands; what was said so far."""
        for errand_id in await self.errands.due({REFUSAL}):
            errand = await self.errands.claim(errand_id)
            assert errand is not None
            await Refusals(self.here).run(errand, lambda _: self.errands.keep(errand, {}))  # noqa: B023
            await self.errands.finish(errand)
        return [arguments["text"] for _, arguments in self.api.said]

    async def turn(self, message: MessagePosted) -> Turn:
        wake = await self.take(message)
        assert wake is not None
        turn = await self.turns.claim(wake.conversation_id)
        assert isinstance(turn, Turn)
        return turn


def asked(
    who: str = "U1", ts: str = "10.000000", channel: str = "C1", **more: Any
) -> MessagePosted:
    given: dict[str, Any] = {
        "key": ThreadKey(team_id="T1", channel_id=channel, thread_ts=more.pop("thread", ts)),
        "channel_type": ChannelType.DM if channel.startswith("D") else ChannelType.CHANNEL,
        "author": Author.PERSON,
        "author_team": "T1",
        "text": "hi",
        "mentions_us": not channel.startswith("D"),
        **more,
    }
    return MessagePosted(ts=ts, author_id=who, **given)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


async def test_a_refused_person_is_told_once_and_only_they(engine: AsyncEngine) -> None:
    house = House(engine, Rules(denied_users=frozenset({"U1"})))
    for number in range(3):
        assert await house.take(asked(ts=f"1{number}.000000")) is None
    assert await house.take(asked(ts="20.000000", mentions_us=False)) is None

    assert await house.told() == [NOT_YOU]
    [(method, arguments)] = house.api.said
    assert (method, arguments["user"], arguments["channel"]) == ("chat.postEphemeral", "U1", "C1")
    assert house.wakes == 1
    assert await house.take(asked(channel="D1", ts="30.000000")) is None
    await house.told()
    assert house.api.said[-1][0] == "chat.postMessage"


async def test_a_refused_person_is_listened_to_in_others_threads(engine: AsyncEngine) -> None:
    house = House(engine, Rules(denied_users=frozenset({"U2"})))
    await house.take(asked("U1"))
    said = asked("U2", "11.000000", thread="10.000000", text="the answer is 7", mentions_us=False)
    assert await house.take(said) is None
    edit = MessageEdited(
        message=asked("U2", "11.000000", thread="10.000000", text="now with a mention"),
        edited_ts="12.000000",
    )
    assert await house.take(edit) is None

    turn = await house.turn(asked("U1", "13.000000", thread="10.000000"))
    assert "now with a mention" in [message.text for message in turn.messages]
    assert {question.author_id for question in turn.questions} == {"U1"}


async def test_a_closed_channel_keeps_nothing(engine: AsyncEngine) -> None:
    house = House(engine, Rules(allowed_channels=frozenset({"C2"})))

    assert await house.take(asked()) is None
    assert await house.told() == [NOT_HERE]
    assert await house.take(asked(channel="C2", ts="11.000000")) is not None
    assert await house.take(asked(channel="D1", ts="12.000000")) is not None


@pytest.mark.parametrize(
    ("who", "team", "rules", "words"),
    [
        ("U1", "T1", Rules(guests=False), ""),
        (GUEST, "T1", Rules(), ""),
        (GUEST, "T1", Rules(guests=False), NO_GUESTS),
        (GUEST, "T1", Rules(guests=False, allowed_users=frozenset({GUEST})), ""),
        (STRANGER, "T9", Rules(), NO_STRANGERS),
        (STRANGER, "", Rules(), NO_STRANGERS),
        (STRANGER, "T9", Rules(external=True), ""),
        (COLLEAGUE, "T2", Rules(), ""),
        (NEXT_DOOR, "T2", Rules(), ""),
    ],
)
async def test_who_somebody_is_decides_when_their_turn_comes(
    engine: AsyncEngine, who: str, team: str, rules: Rules, words: str
) -> None:
    house = House(engine, rules)
    turn = await house.turn(asked(who, author_team=team))

    assert await house.door.refused(turn) is bool(words)
    assert await house.told() == ([words] if words else [])


async def test_members_cost_no_call(engine: AsyncEngine) -> None:
    house = House(engine, Rules())

    assert not await house.door.refused(await house.turn(asked()))
    assert house.api.asked == []


async def test_where_slack_does_not_say_who_it_is_nobody_is_let_in(engine: AsyncEngine) -> None:
    house = House(engine, Rules(guests=False))
    house.api.is_away = True

    assert await house.door.refused(await house.turn(asked()))
    assert await house.told() == [WHO_KNOWS]


async def test_who_can_not_be_told_stops_nothing(engine: AsyncEngine) -> None:
    house = House(engine, Rules(denied_users=frozenset({"U1"})))
    await house.take(asked(channel="C0GONE"))

    assert await house.told() == [NOT_YOU]
    assert await house.errands.due({REFUSAL}) == []


async def test_a_form_of_somebody_who_is_refused_meanwhile_says_so(engine: AsyncEngine) -> None:
    house = House(engine, Rules(denied_users=frozenset({"U1"})))
    for user_id, words in (("U1", NOT_YOU), ("U2", "")):
        context = AsyncBoltContext({"team_id": "T1", "user_id": user_id})
        body = {"type": "view_submission", "user": {"id": user_id}, "view": {"type": "modal"}}
        answer = await house.before(body, context)

        assert answer.status == 200
        assert ("update" in answer.body, words in answer.body) == (bool(words), True)
