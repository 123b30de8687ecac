"""A digest is made once and posted whole, and every way it can fail ends in words or a next try."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.conversation.digests.digest import ChannelNote, Digest, Pause, Plan, Quiet
from bot.conversation.digests.errand import (
    DIGEST,
    RETRIES,
    DigestDesk,
    DigestErrands,
    Message,
)
from bot.conversation.digests.extras import DetailErrands
from bot.conversation.digests.maker import DigestMaker, Edition
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence
from bot.conversation.errands import Errand
from bot.conversation.messages import Delta, Prompt
from bot.conversation.ports import Abilities, T
from bot.conversation.summaries.summarizer import Summarizer
from bot.conversation.summaries.summary import ChannelMessage, ChannelReading
from bot.conversation.summaries.timespans import Span
from bot.errors import LostTurn, ModelBusy, NotForYou, SlackUnreachable, UnreadableChannel

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan(channels=("C1", "C2"), recurrence=Recurrence(days=EVERY_DAY, at=time(9), zone="UTC"))


def message(number: int, at: datetime = NINE - timedelta(hours=1)) -> ChannelMessage:
    ts = f"{at.timestamp() + number:.6f}"
    link = f"https://acme.slack.com/archives/C1/p{number}"
    return ChannelMessage(
        ts=ts, thread_ts=ts, author_id="U1", author="Anna", text=f"word {number}", permalink=link
    )


@dataclass
class Channels:
    """What stands in the channels. Implements `ports.ChannelReader`."""

    messages: dict[str, list[ChannelMessage]] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    spans: list[tuple[str, Span | None]] = field(default_factory=list)

    async def read(self, channel_id: str, *, span: Span | None, **_: Any) -> ChannelReading:
        self.spans.append((channel_id, span))
        if channel_id in self.broken:
            raise self.broken[channel_id]
        found = [one for one in self.messages.get(channel_id, ()) if span and span.holds(one.ts)]
        return ChannelReading(
            channel_id=channel_id, messages=tuple(found), total=len(found), span=span
        )


class Headlines:
    """A model that only knows headlines. Implements `ports.Model`."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked = 0

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return into.model_validate(
            {
                "headline": {"text": "News", "sources": [1]},
                "topics": [{"title": "Topic", "points": [{"text": "Point", "sources": [1]}]}],
                "decisions": [],
                "action_items": [],
                "open_questions": [],
            }
        )

    def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        raise NotImplementedError

    def abilities(self, model: str) -> Abilities:
        return Abilities()


@dataclass
class Room:
    """A Slack that posts into lists. Implements `digests.errand.DigestRoom`."""

    present: bool = True
    refused: dict[str, str] = field(default_factory=dict)
    posted: list[tuple[str, str]] = field(default_factory=list)
    """Text and the ts of its thread."""
    told: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Channels to be read, each with the place where others will read it, too."""
    failures: list[Exception] = field(default_factory=list)

    async def is_here(self, user_id: str) -> bool:
        return self.present

    async def admit(self, user_id: str, plan: Plan) -> None:
        if reason := self.refused.get(plan.place):
            raise NotForYou(reason)

    async def permit(self, user_id: str, plan: Plan, channel_id: str) -> None:
        self.asked.append((channel_id, plan.place))
        if reason := self.refused.get(channel_id):
            raise NotForYou(reason)

    async def address(self, user_id: str, plan: Plan) -> str:
        return plan.place or "D1"

    def compose(self, digest: Digest, edition: Edition, due: datetime) -> Sequence[Message]:
        told = [
            f"{one.channel_id}: {one.missing or (one.is_quiet and 'quiet') or 'news'}"
            for one in edition.channels
        ]
        return [{"text": "; ".join(told), "blocks": []}, {"text": "details", "blocks": []}]

    def details(self, edition: Edition) -> Sequence[Message]:
        return [{"text": "details", "blocks": []}]

    async def preview(self, view_id: str, edition: Edition) -> None:
        self.said.append("preview")

    async def no_preview(self, view_id: str, sentence: str) -> None:
        self.said.append(sentence)

    async def post(
        self, message: Message, *, channel: str, thread_ts: str, mark: str, look_first: bool
    ) -> str:
        if look_first and mark in self.marks:
            return self.marks[mark]
        self.posted.append((message["text"], thread_ts))
        self.marks[mark] = f"{len(self.posted)}.0"
        if self.failures:
            raise self.failures.pop(0)
        return self.marks[mark]

    async def tell(self, user_id: str, sentence: str) -> None:
        self.told.append(sentence)

    async def say(self, channel: str, sentence: str) -> None:
        self.said.append(sentence)


class Book:
    """One digest in memory. Implements what is used of `digests.Digests`."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.kept: list[ChannelNote] = []
        self.failures: set[datetime] = set()

    async def load(self, team_id: str, digest_id: int) -> Digest | None:
        return self.digest if digest_id == self.digest.id else None

    async def notes(self, digest_id: int) -> Sequence[ChannelNote]:
        return self.kept

    async def told_at(self, digest_id: int, due: datetime) -> Sequence[ChannelNote]:
        return self.kept

    async def told(self, digest_id: int, due: datetime, notes: Sequence[ChannelNote]) -> None:
        self.kept += notes
        self.failures.clear()

    async def failed(self, digest_id: int, due: datetime) -> int:
        self.failures.add(due)
        return len(self.failures)

    async def pause(self, digest_id: int, why: Pause) -> None:
        self.digest = replace(self.digest, pause=why)


class World:
    """Everything around one digest, and its errands."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.book = Book(Digest(id=1, team_id="T1", owner_id="U1", plan=plan, fired_until=NINE))
        self.channels = Channels(messages={"C1": [message(1), message(2)]})
        self.model = Headlines()
        self.room = Room()
        self.now = NINE
        self.added: list[Mapping[str, Any]] = []
        self.kept: Mapping[str, Any] = {}
        self.reopened: list[int] = []
        self.is_lost = False
        """Whether another worker has the errand: this one was frozen."""
        summarizer = Summarizer(self.model, self.channels, model_name="m")
        self.maker = DigestMaker(summarizer, self.channels, tokens=10_000)
        self.handler = DigestErrands(self, self.book, self)  # type: ignore[arg-type]

    async def digests_of(self, team_id: str) -> DigestDesk:
        return DigestDesk(team_id=team_id, room=self.room, maker=self.maker, clock=lambda: self.now)

    async def add(self, **errand: Any) -> int | None:
        self.added.append(errand)
        return len(self.added)

    async def reopen(self, errand: Errand) -> None:
        self.reopened.append(errand.id)

    async def more(self, **payload: Any) -> None:
        """Somebody asks for more detail of the digest of nine o'clock."""
        clicked = {"digest": 1, "due": int(NINE.timestamp()), "user": "U2", "thread_ts": "1.0"}
        errand = Errand(
            id=2,
            team_id="T1",
            kind="digest_detail",
            payload={**clicked, "channel": "C9", **payload},
        )
        await DetailErrands(self, self.book, self).run(errand, self.keep)  # type: ignore[arg-type]

    async def fire(self, due: datetime = NINE, **more: Any) -> None:
        self.now = due
        payload = {"digest": 1, "due": int(due.timestamp())}
        given = {"id": 1, "team_id": "T1", "kind": DIGEST, "payload": payload, **more}
        await self.handler.run(Errand(**given), self.keep)

    async def keep(self, kept: Mapping[str, Any]) -> None:
        if self.is_lost:
            raise LostTurn
        self.kept = kept


@pytest.fixture
def world() -> World:
    return World()


async def test_a_digest_is_posted_with_its_details_in_the_thread(world: World) -> None:
    await world.fire()

    assert world.room.posted == [("C1: news; C2: quiet", ""), ("details", "1.0")]
    assert [note.headline for note in world.book.kept] == ["News", ""]


async def test_what_was_told_is_not_read_again(world: World) -> None:
    await world.fire()
    await world.fire(NINE + DAY)

    spans = [span for channel, span in world.channels.spans if channel == "C1"]
    assert spans == [Span(start=NINE - DAY, end=NINE), Span(start=NINE, end=NINE + DAY)]


async def test_where_nothing_is_new_nothing_is_posted_unless_it_was_ordered() -> None:
    world = World()
    world.channels.messages.clear()
    await world.fire()
    assert world.room.posted == []
    assert world.model.asked == 0

    world.book.digest = replace(world.book.digest, plan=replace(PLAN, quiet=Quiet.SAY))
    await world.fire(NINE + DAY)
    assert world.room.posted[0] == ("C1: quiet; C2: quiet", "")


async def test_whoever_runs_it_by_hand_hears_of_it_whatever_comes_of_it(world: World) -> None:
    payload = {"digest": 1, "due": int(NINE.timestamp()), "by_hand": True}
    world.model.failure = ModelBusy()
    await world.fire(payload=payload)
    [told] = world.room.told
    assert "now: The model is very busy right now." in told

    world.channels.messages.clear()
    await world.fire(NINE + DAY, payload=payload)
    assert world.room.posted[0][0] == "C1: quiet; C2: quiet"


async def test_a_crash_between_two_messages_posts_none_twice(world: World) -> None:
    world.room.failures = [LostTurn()]  # it stands in Slack, and nobody has noted that
    with pytest.raises(LostTurn):
        await world.fire()
    await world.fire(attempt=2, kept=world.kept)

    assert [text for text, _ in world.room.posted] == ["C1: news; C2: quiet", "details"]
    assert world.model.asked == 1, "what was made before the crash is not made again"


async def test_a_channel_that_cannot_be_read_is_named_and_leaves_the_others_alone(
    world: World,
) -> None:
    world.room.refused["C2"] = "is not for you."
    await world.fire()
    assert world.room.posted[0][0] == "C1: news; C2: is not for you."

    world.room.refused.clear()
    world.channels.broken["C2"] = SlackUnreachable("conversations.history", "timeout")
    world.channels.messages["C1"].append(message(3, NINE + timedelta(hours=1)))
    await world.fire(NINE + DAY)
    assert "C2: could not be read this time" in world.room.posted[-2][0]
    assert [note.channel_id for note in world.book.kept] == ["C1", "C1"], "C2 is read next time"


async def test_it_rests_when_its_owner_may_see_nothing_of_it_any_more(world: World) -> None:
    world.room.refused = {"C1": "You are not a member.", "C2": "I am not there."}
    await world.fire()

    assert world.book.digest.pause is Pause.NO_ACCESS
    assert "rests. I can't read any of its channels for you any more." in world.room.told[0]
    await world.fire(NINE + DAY)
    assert world.room.posted == []


async def test_it_rests_when_the_channel_it_goes_to_is_closed_to_its_owner() -> None:
    world = World(replace(PLAN, place="C3"))
    world.room.refused["C3"] = "You are not a member of <#C3>."
    await world.fire()

    assert world.book.digest.pause is Pause.NO_ACCESS
    assert "You are not a member of <#C3>." in world.room.told[0]


async def test_it_rests_when_its_owner_has_left() -> None:
    world = World(replace(PLAN, place="C3"))
    world.room.present = False
    await world.fire()

    assert world.book.digest.pause is Pause.OWNER_LEFT
    assert world.room.said == [
        "The digest that <@U1> had ordered here rests: they have left this workspace."
    ]


async def test_a_failure_is_tried_again_and_the_third_in_a_row_is_told(world: World) -> None:
    world.model.failure = ModelBusy()
    await world.fire()
    for _ in RETRIES:
        again = world.added[-1]
        await world.fire(payload=again["payload"])

    assert [one["due_at"] - NINE.timestamp() for one in world.added] == list(RETRIES)
    assert len({one["key"] for one in world.added}) == len(RETRIES)
    [told] = world.room.told
    assert "could not be made 3 times in a row: The model is very busy right now." in told

    world.model.failure = None
    await world.fire(NINE + DAY)
    assert world.book.failures == set()


async def test_slack_failing_half_way_goes_on_behind_what_stands(world: World) -> None:
    world.room.failures = [SlackUnreachable("chat.postMessage", "timeout")]
    await world.fire()
    await world.fire(payload=world.added[-1]["payload"])

    assert [text for text, _ in world.room.posted] == ["C1: news; C2: quiet", "details"]


async def test_a_worker_that_was_frozen_says_nothing_of_its_failure(world: World) -> None:
    world.model.failure, world.is_lost = ModelBusy(), True
    with pytest.raises(LostTurn):
        await world.fire()
    world.room.refused = {"C1": "You are not a member.", "C2": "I am not there."}
    with pytest.raises(LostTurn):
        await world.fire()
    assert (world.added, world.room.told) == ([], [])
    assert world.book.digest.pause is Pause.NOT


async def test_an_unreadable_channel_is_no_failure(world: World) -> None:
    world.channels.broken["C2"] = UnreadableChannel("I am not in that channel.")
    await world.fire()

    assert world.room.posted[0][0] == "C1: news; C2: I am not in that channel."


async def test_more_detail_is_for_whoever_reads_the_message_with_the_button(world: World) -> None:
    """Also where the digest has moved since then: what it holds must not show elsewhere."""
    await world.fire()
    world.room.asked.clear()
    world.book.digest = replace(world.book.digest, plan=replace(PLAN, place=""))
    for channel_id in ("C9", "D1"):
        await world.more(channel=channel_id)
    assert world.reopened == []
    assert world.room.asked == [("C1", "C9"), ("C2", "C9"), ("C1", ""), ("C2", "")]


async def test_more_detail_that_does_not_come_is_told_and_may_be_asked_for_again(
    world: World,
) -> None:
    await world.more()
    assert "No more detail: the digest is not complete yet." in world.room.told[-1]
    world.now += DAY
    await world.more()
    assert "I don't know any more what that digest was made of." in world.room.told[-1]
    await world.fire()
    world.model.failure = ModelBusy()
    await world.more()
    assert "No more detail: The model is very busy" in world.room.told[-1]
    assert world.reopened == [2, 2, 2]

    world.model.failure = None
    await world.more()
    assert world.room.posted[-1] == ("details", "1.0")
    await world.more(digest=2)
    assert "does not exist any more" in world.room.told[-1]
