"""What an admin sees of open questions, and what becomes of them."""

from collections.abc import AsyncIterator

import pytest

from bot.conversation.events import MessagePosted
from bot.conversation.ports import Ending
from bot.conversation.thread import Author, ChannelType, Outcome, Segment, ThreadKey, Turn
from bot.store.db import Writer, make_engine
from bot.store.inbox import Inbox
from bot.store.intake import Intake
from bot.store.turns import Turns

HOUR = 3_600.0


class Store:
    """One database with everything that an inbox is about."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.writer = Writer(self.engine)
        self.inbox = Inbox(self.engine, self.writer)
        self.turns = Turns(self.engine, self.writer, worker="one")
        self._intake = Intake(self.engine, self.writer, reply_in_threads="auto")

    async def ask(self, ts: str, team: str = "T1") -> int:
        """A question in a thread of its own; the conversation's number."""
        question = MessagePosted(
            key=ThreadKey(team_id=team, channel_id="C1", thread_ts=ts),
            ts=ts,
            channel_type=ChannelType.CHANNEL,
            author=Author.PERSON,
            author_id="U1",
            text="secret words",
            mentions_us=True,
        )
        wake = await self._intake.take(question)
        assert wake is not None
        return wake.conversation_id

    async def claim(self, conversation_id: int) -> Turn:
        turn = await self.turns.claim(conversation_id)
        assert isinstance(turn, Turn)
        return turn

    async def end(self, turn: Turn, outcome: Outcome) -> None:
        failure = "ModelBusy" if outcome is Outcome.FAILED else ""
        shown = (Segment(ts="99.000000", streamed=True),)
        ending = Ending(outcome=outcome, text="so far", segments=shown, failure=failure)
        await self.turns.finish(turn, ending)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    store = Store(database)
    yield store
    await store.writer.close()
    await store.engine.dispose()


async def test_what_waits_runs_or_has_failed_is_listed_and_what_is_answered_is_not(
    store: Store,
) -> None:
    waiting, running, failed, answered = [await store.ask(f"{n}0.000000") for n in range(1, 5)]
    await store.claim(running)
    await store.end(await store.claim(failed), Outcome.FAILED)
    await store.end(await store.claim(answered), Outcome.DONE)

    found = await store.inbox.open(failed_within=HOUR)
    assert [(one.thread_ts, one.outcome, one.failure) for one in found] == [
        ("10.000000", None, ""),
        ("20.000000", Outcome.WRITING, ""),
        ("30.000000", Outcome.FAILED, "ModelBusy"),
    ]
    assert found[1].worker == "one"
    assert found[1].attempt == 1
    assert waiting
    assert "secret" not in repr(found), "the words are their authors' affair"
    assert len(await store.inbox.open(failed_within=0.0)) == 2
    assert await store.inbox.open(team_id="T2", failed_within=HOUR) == []


async def test_a_failed_question_is_answered_anew_in_the_same_message(store: Store) -> None:
    conversation = await store.ask("10.000000")
    await store.end(await store.claim(conversation), Outcome.FAILED)
    [failed] = await store.inbox.open(failed_within=HOUR)

    assert await store.inbox.retry(failed.id)
    assert not await store.inbox.retry(failed.id), "it waits now"
    turn = await store.claim(conversation)
    assert [segment.ts for segment in turn.segments] == ["99.000000"]


async def test_a_waiting_question_can_be_dropped_and_a_running_one_ended(store: Store) -> None:
    conversation = await store.ask("10.000000")
    [waiting] = await store.inbox.open(failed_within=HOUR)
    assert await store.inbox.drop(waiting.id)
    assert not await store.inbox.drop(waiting.id)
    assert await store.turns.claim(conversation) is None
    assert await store.turns.unfinished() == []

    await store.claim(await store.ask("20.000000"))
    [running] = await store.inbox.open(failed_within=HOUR)
    assert await store.inbox.drop(running.id)
