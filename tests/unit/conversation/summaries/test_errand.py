"""What people want with summaries, from the kept order to what they are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.conversation.errands import Errand
from bot.conversation.ports import Person
from bot.conversation.summaries.errand import (
    KIND,
    NOT_KEPT,
    OUR_FAULT,
    SLACK_SILENT,
    Place,
    Remedy,
    SummaryDesk,
    SummaryErrands,
)
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import Address, Deed, SummaryOrder, order_of
from bot.conversation.summaries.request import Length, SummaryRequest
from bot.conversation.summaries.summarizer import Summarizer
from bot.conversation.summaries.summary import ChannelReading
from bot.conversation.summaries.timespans import Span
from bot.errors import (
    LostTurn,
    ModelBusy,
    NotForYou,
    NotInChannel,
    SlackRefused,
    SlackUnreachable,
)
from tests.unit.conversation.summaries.scripted import ScriptedModel, draft, message, said

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
HERE = Address(user_id="U1", channel_id="C2", response_url="https://x")


class Reader:
    """Reads the same messages everywhere, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Span | None, str]] = []

    async def read(
        self, channel_id: str, *, span: Span | None, thread_ts: str = "", on_read: Any
    ) -> ChannelReading:
        self.asked.append((channel_id, span, thread_ts))
        on_read(1)
        messages = (message(1, "We ship on Friday"),)
        return ChannelReading(channel_id=channel_id, messages=messages, total=1, span=span)


@dataclass
class Told:
    """What one person has been told. Implements `summaries.errand.Whisper`."""

    summaries: list[tuple[KeptSummary, str]] = field(default_factory=list)
    sentences: list[tuple[str, Remedy | None]] = field(default_factory=list)

    async def progress(self, markdown: str) -> None:
        assert markdown

    async def show(self, summary: KeptSummary, *, shares_in: str) -> None:
        self.summaries.append((summary, shares_in))

    async def say(self, sentence: str, remedy: Remedy | None = None) -> None:
        self.sentences.append((sentence, remedy))


class Room:
    """A workspace with public and private channels. Implements `summaries.errand.SummaryRoom`."""

    def __init__(self) -> None:
        self.told = Told()
        self.joined: list[str] = []
        self.shared: list[tuple[int, str]] = []
        self.trouble: Exception | None = None
        self.private = {"G1"}

    async def person(self, user_id: str) -> Person:
        return Person(id=user_id, name="Anna", time_zone="Europe/Berlin")

    async def place(self, user_id: str, channel_id: str) -> Place:
        if self.trouble and channel_id not in self.joined:
            raise self.trouble
        public = channel_id not in self.private
        return Place(channel_id=channel_id, name=f"#{channel_id}", is_public=public)

    async def join(self, channel_id: str) -> None:
        self.joined.append(channel_id)

    async def share(self, summary: KeptSummary, person: Person, *, channel_id: str) -> None:
        self.shared.append((summary.id, channel_id))

    async def hand_over(self, summary: KeptSummary, *, begun: str, on_begin: Any) -> None:
        raise NotImplementedError

    def whisper(self, address: Address) -> Told:
        return self.told


class Kept:
    """Keeps summaries in memory. Implements `kept_summaries.KeptSummaries`."""

    def __init__(self) -> None:
        self.all: dict[int, KeptSummary] = {}
        self.end: datetime | None = None

    async def add(self, summary: KeptSummary) -> int:
        number = len(self.all) + 1
        self.all[number] = replace(summary, id=number)
        return number

    async def load(self, team_id: str, summary_id: int, *, user_id: str) -> KeptSummary | None:
        found = self.all.get(summary_id)
        return found if found and found.user_id == user_id else None

    async def last_end(self, team_id: str, user_id: str, channel_id: str) -> datetime | None:
        return self.end


class World:
    """Everything an errand touches."""

    def __init__(self) -> None:
        self.room, self.kept, self.reader = Room(), Kept(), Reader()
        self.model = ScriptedModel(lambda _: draft(decisions=[said("Ship on Friday.", 1)]))
        self.notes: Mapping[str, Any] = {}
        self.is_lost = False
        """Whether another worker has the errand: this one was frozen."""

    async def of(self, team_id: str) -> SummaryDesk:
        summarizer = Summarizer(self.model, self.reader, model_name="qwen")
        return SummaryDesk(
            team_id=team_id, room=self.room, summarizer=summarizer, clock=lambda: NOW
        )

    async def do(self, order: SummaryOrder) -> None:
        errand = Errand(
            id=1, team_id="T1", kind=KIND, payload=order.as_json(), kept=dict(self.notes)
        )

        async def keep(notes: Mapping[str, Any]) -> None:
            if self.is_lost:
                raise LostTurn
            self.notes = notes

        await SummaryErrands(self, self.kept).run(errand, keep)


@pytest.fixture
def world() -> World:
    return World()


def make(**request: Any) -> SummaryOrder:
    return SummaryOrder(address=HERE, request=SummaryRequest(**request))


def test_an_order_survives_being_kept() -> None:
    order = SummaryOrder(
        deed=Deed.REMAKE,
        address=HERE,
        request=SummaryRequest(channel_id="C1", focus="money", length=Length.SHORT),
        summary_id=7,
        joins=True,
    )
    assert order_of(order.as_json()) == order


async def test_a_summary_is_kept_and_shown_to_whoever_asked(world: World) -> None:
    await world.do(make(channel_id="C1", since="9:00"))
    ((summary, shares_in),) = world.room.told.summaries
    assert "Ship on Friday." in summary.markdown
    assert summary.title == "#C1, Wed 9:00 to 15:30"
    assert summary.id == 1
    assert shares_in == "C2"


async def test_without_a_place_it_is_the_channel_where_it_was_asked(world: World) -> None:
    await world.do(make())
    assert [asked[0] for asked in world.reader.asked] == ["C2"]


async def test_without_a_time_it_goes_on_where_the_last_one_ended(world: World) -> None:
    world.kept.end = NOW - timedelta(hours=3)
    await world.do(make())
    assert world.reader.asked[0][1] == Span(start=NOW - timedelta(hours=3), end=NOW)


async def test_what_is_private_is_offered_to_its_own_channel_only(world: World) -> None:
    await world.do(make(channel_id="G1"))
    ((_, shares_in),) = world.room.told.summaries
    assert shares_in == "G1"


async def test_a_repeat_after_a_crash_shows_what_was_made_and_asks_no_model(world: World) -> None:
    await world.do(make())
    asked = len(world.model.prompts)
    await world.do(make())
    assert len(world.model.prompts) == asked
    first, again = world.room.told.summaries
    assert first[0].id == again[0].id


async def test_another_length_or_language_reads_the_same_span(world: World) -> None:
    await world.do(make(channel_id="C1", since="9:00", focus="money"))
    world.notes = {}
    request = SummaryRequest(length=Length.SHORT, language="German")
    await world.do(SummaryOrder(deed=Deed.REMAKE, address=HERE, request=request, summary_id=1))
    first, second = world.reader.asked
    assert first == second
    summary, _ = world.room.told.summaries[-1]
    assert (summary.length, summary.language, summary.focus) == (Length.SHORT, "German", "money")
    assert "in German" in world.model.prompts[-1].system


async def test_sharing_posts_what_was_seen_where_it_may_be_seen(world: World) -> None:
    await world.do(make(channel_id="G1"))
    await world.do(SummaryOrder(deed=Deed.SHARE, address=HERE, summary_id=1))
    assert world.room.shared == [(1, "G1")]
    assert world.room.told.sentences == [("Shared in #G1.", None)]


async def test_nobody_shares_another_person_s_summary(world: World) -> None:
    await world.do(make())
    stranger = replace(HERE, user_id="U9")
    await world.do(SummaryOrder(deed=Deed.SHARE, address=stranger, summary_id=1))
    assert world.room.shared == []
    assert world.room.told.sentences == [(NOT_KEPT, None)]


@pytest.mark.parametrize("deed", [Deed.SHARE, Deed.DOCUMENT, Deed.REMAKE])
async def test_a_right_lost_since_then_counts(world: World, deed: Deed) -> None:
    await world.do(make())
    world.room.trouble = NotForYou("You are not a member.")
    await world.do(SummaryOrder(deed=deed, address=HERE, summary_id=1))
    assert world.room.shared == []
    assert world.room.told.sentences == [("You are not a member.", None)]


async def test_a_channel_without_us_is_offered_to_be_joined_and_then_read(world: World) -> None:
    world.room.trouble = NotInChannel("I am not in #C1.")
    order = make(channel_id="C1", when="3d")
    await world.do(order)
    ((sentence, remedy),) = world.room.told.sentences
    assert sentence == "I am not in #C1."
    assert remedy == Remedy(request=order.request, joins=True)
    await world.do(replace(order, joins=True))
    assert world.room.joined == ["C1"]
    assert world.room.told.summaries


async def test_words_that_can_t_be_read_are_told_back(world: World) -> None:
    await world.do(make(when="yestreday"))
    ((sentence, remedy),) = world.room.told.sentences
    assert "“yestreday”" in sentence
    assert remedy is None


async def test_a_busy_model_is_a_sentence_with_a_way_to_try_again(world: World) -> None:
    def busy(_: dict[int, str]) -> dict[str, Any]:
        raise ModelBusy

    world.model = ScriptedModel(busy)
    order = make(channel_id="C1")
    await world.do(order)
    assert world.room.told.sentences == [(ModelBusy.sentence, Remedy(request=order.request))]


async def test_a_worker_that_was_frozen_while_the_model_worked_says_nothing(world: World) -> None:
    def busy(_: dict[int, str]) -> dict[str, Any]:
        world.is_lost = True
        raise ModelBusy

    world.model = ScriptedModel(busy)
    with pytest.raises(LostTurn):
        await world.do(make(channel_id="C1"))
    assert world.room.told == Told()


async def test_a_silent_slack_is_called_so_and_can_be_tried_again(world: World) -> None:
    world.room.trouble = SlackUnreachable("conversations.info", "timeout")
    order = make()
    await world.do(order)
    assert world.room.told.sentences == [(SLACK_SILENT, Remedy(request=order.request))]


async def test_a_fault_of_ours_is_raised_and_giving_up_is_a_sentence(world: World) -> None:
    """The runner logs the error and calls `give_up`."""
    world.room.trouble = SlackRefused("conversations.info", "invalid_arguments")
    order = make()
    with pytest.raises(SlackRefused):
        await world.do(order)
    errand = Errand(id=1, team_id="T1", kind=KIND, payload=order.as_json())
    await SummaryErrands(world, world.kept).give_up(errand)
    assert world.room.told.sentences == [(OUR_FAULT, Remedy(request=order.request))]


async def test_a_new_version_that_fails_leaves_the_one_before_in_its_place(world: World) -> None:
    await world.do(make())
    world.notes = {}

    def busy(_: dict[int, str]) -> dict[str, Any]:
        raise ModelBusy

    world.model = ScriptedModel(busy)
    request = SummaryRequest(length=Length.SHORT)
    await world.do(SummaryOrder(deed=Deed.REMAKE, address=HERE, request=request, summary_id=1))
    first, again = world.room.told.summaries
    assert again == first
    assert world.room.told.sentences == [(ModelBusy.sentence, None)]
