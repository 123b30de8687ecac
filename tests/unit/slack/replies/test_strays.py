"""Which message is a reply's own, when its answer to us was lost."""

from collections.abc import Mapping
from typing import Any

from bot.conversation.thread import (
    Author,
    ChannelType,
    Segment,
    ThreadKey,
    ThreadMessage,
    Turn,
)
from bot.errors import SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.replies.strays import Strays
from bot.slack.replies.tags import tag

OURS, ANOTHER = 7, 6


class Thread:
    """A thread's history as Slack gives it; the first answers may be failures."""

    def __init__(self, *messages: Mapping[str, Any], failures: tuple[Exception, ...] = ()) -> None:
        self.messages = list(messages)
        self.failures = list(failures)

    async def own_messages(self, key: ThreadKey, after: str) -> list[Mapping[str, Any]]:
        if self.failures:
            raise self.failures.pop(0)
        return self.messages


def strays(thread: Thread, *, attempt: int = 1, waited: list[float] | None = None) -> Strays:
    question = ThreadMessage(id=1, ts="1.0", author=Author.PERSON, author_id="U1", text="hi")
    turn = Turn(
        reply_id=OURS,
        attempt=attempt,
        conversation_id=1,
        key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0"),
        channel_type=ChannelType.CHANNEL,
        history_read=True,
        messages=(question,),
        questions=(question,),
        answers=(),
        other_segments=frozenset({"2.0"}),
    )

    async def sleep(seconds: float) -> None:
        (waited if waited is not None else []).append(seconds)

    known = frozenset({"3.0"})
    return Strays(thread, turn, known=lambda: known, sleep=sleep)  # type: ignore[arg-type]


def message(ts: str, **more: Any) -> dict[str, Any]:
    return {"ts": ts, "text": "so far", **more}


async def test_a_posted_message_is_found_by_what_it_says_of_itself() -> None:
    thread = Thread(
        message("4.0", metadata=tag(OURS, 0)),
        message("5.0", metadata=tag(OURS, 1)),
        message("6.0", metadata=tag(ANOTHER, 1)),
    )
    assert await strays(thread).find(1) == Segment(ts="5.0", streamed=False)
    assert await strays(thread).find(2) is None


async def test_a_stream_is_the_one_that_is_still_being_written() -> None:
    thread = Thread(
        message("4.0", streaming_state="completed"),
        message("5.0", streaming_state="in_progress"),
    )
    assert await strays(thread).find(0) == Segment(ts="5.0", streamed=True)


async def test_what_belongs_to_others_is_left_alone() -> None:
    thread = Thread(
        message("2.0", streaming_state="in_progress"),
        message("3.0", streaming_state="in_progress"),
        message("4.0", files=[{"id": "F1"}]),
        message("5.0", metadata={"event_type": "somebody_elses", "event_payload": {}}),
        message("6.0", metadata=tag(ANOTHER, 0)),
        message("7.0", streaming_state="completed"),
    )
    assert await strays(thread).find(0) is None


async def test_it_asks_again_until_slack_can_tell() -> None:
    method = "conversations.replies"
    failures = (SlackUnreachable(method, "gone"), SlackLimited(method, 9.0))
    thread = Thread(message("5.0", metadata=tag(OURS, 0)), failures=failures)
    waited: list[float] = []
    assert await strays(thread, waited=waited).find(0) == Segment(ts="5.0", streamed=False)
    assert waited == [1.0, 9.0]


async def test_where_slack_does_not_let_us_look_nothing_is_found() -> None:
    thread = Thread(failures=(SlackRefused("conversations.replies", "missing_scope"),))
    assert await strays(thread).find(0) is None


async def test_what_came_late_is_taken_away_but_only_where_something_was_lost() -> None:
    thread = Thread(
        message("4.0", metadata=tag(OURS, 0)), message("5.0"), message("6.0", metadata=tag(6, 0))
    )
    looking = strays(thread)
    assert await looking.late() == ()
    await looking.find(1)
    assert await looking.late() == ["4.0"], "never one that may be another's"
    assert await strays(thread, attempt=2).late() == ["4.0"]
