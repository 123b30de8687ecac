"""Reading a channel whole: pages, threads, limits, and what is said about what is missing."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.conversation.ports import Person
from bot.conversation.summaries.summary import ChannelReading
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import Author, ThreadMessage
from bot.errors import NotInChannel, SlackLimited, SlackRefused, UnreadableChannel
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.directory import Directory
from bot.slack.inbound import Identity
from bot.slack.summaries.channel_reader import LIMITED, SlackChannelReader

US = Identity(team_id="T1", user_id="U0BOT", bot_id="B0BOT", name="threadwise")
START = 1_764_000_000
WHOLE = Span(
    start=datetime.fromtimestamp(START, UTC), end=datetime.fromtimestamp(START + 90_000, UTC)
)


def ts(number: int) -> str:
    return f"{START + number}.000000"


class Channel:
    """A channel behind Slack's methods: pages, cursors and bounds as Slack has them."""

    def __init__(self, *, most: int = 999) -> None:
        self.messages: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.faults: dict[str, list[Exception | None]] = {}
        """By method: what the next calls raise, one after the other; None lets one pass."""
        self._most = most

    def say(self, number: int, text: str = "", *, thread: int | None = None, **more: Any) -> None:
        message = {"ts": ts(number), "user": "U1", "text": text or f"m{number}", **more}
        if thread is not None:
            message["thread_ts"] = ts(thread)
        self.messages.append(message)

    async def write(self, method: str, **_: Any) -> Mapping[str, Any]:
        assert method == "auth.test"
        return {"url": "https://acme.slack.com/"}

    async def read(self, method: str, **given: Any) -> Mapping[str, Any]:
        self.calls.append(method)
        if (faults := self.faults.get(method)) and (fault := faults.pop(0)) is not None:
            raise fault
        match method:
            case "users.info":
                name = {"U1": "Anna", "U2": "Ben"}.get(given["user"], given["user"])
                return {"user": {"id": given["user"], "name": name, "tz": "Europe/Berlin"}}
            case "conversations.info":
                return {"channel": {"id": given["channel"], "name": "general"}}
            case "conversations.history":
                return self._page(self._tops(given)[::-1], given)
            case _:
                return self._page(self._thread(given), given)

    def _tops(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = []
        for message in sorted(self.messages, key=lambda one: one["ts"]):
            replies = [one["ts"] for one in self.messages if one.get("thread_ts") == message["ts"]]
            if not message.get("thread_ts") and _within(message, given):
                more = (
                    {"reply_count": len(replies), "latest_reply": max(replies)} if replies else {}
                )
                found.append({**message, **more})
        return found

    def _thread(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        root = [one for one in self.messages if one["ts"] == given["ts"]]
        if not root:
            raise SlackRefused("conversations.replies", "thread_not_found")
        replies = [one for one in self.messages if one.get("thread_ts") == given["ts"]]
        return root + [one for one in replies if _within(one, given)]

    def _page(self, found: list[dict[str, Any]], given: Mapping[str, Any]) -> Mapping[str, Any]:
        start, size = int(given.get("cursor") or 0), min(given["limit"], self._most)
        more = start + size < len(found)
        cursor = str(start + size) if more else ""
        page = found[start : start + size]
        return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def _within(message: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    low, high = float(given.get("oldest") or 0), float(given.get("latest") or 1e12)
    return low <= float(message["ts"]) <= high


class Kept:
    """What the database knows."""

    def __init__(self, *kept: tuple[ThreadMessage, str]) -> None:
        self._kept = kept

    async def within(self, *_: str, **__: str) -> Sequence[tuple[ThreadMessage, str]]:
        return self._kept


async def read(
    channel: Channel, *, span: Span | None = WHOLE, thread: int | None = None, **more: Any
) -> ChannelReading:
    api = cast("SlackApi", channel)
    seconds = more.pop("seconds", 5.0)
    reader = SlackChannelReader(
        api,
        US,
        Directory(api, Person(id=US.user_id, name=US.name)),
        Budget(asyncio.get_running_loop().time),
        more.pop("kept", Kept()),
        seconds=seconds,
    )
    thread_ts = "" if thread is None else ts(thread)
    counts: list[int] = []
    reading = await reader.read("C1", span=span, thread_ts=thread_ts, on_read=counts.append)
    assert counts == sorted(counts)
    return reading


def texts(reading: ChannelReading) -> list[str]:
    return [message.text for message in reading.messages]


async def test_all_pages_and_all_threads_are_read_oldest_first() -> None:
    channel = Channel()
    for number in range(0, 500, 2):
        channel.say(number)
    for reply in range(41, 241):
        channel.say(reply * 2 + 1, thread=40)
    reading = await read(channel)
    assert texts(reading) == sorted(texts(reading), key=lambda text: int(text[1:]))
    assert len(reading.messages) == reading.total == 450
    assert reading.threads == 1
    assert reading.gaps == ()


async def test_only_the_span_counts_also_within_threads() -> None:
    channel = Channel()
    channel.say(10, "before")
    channel.say(50, "within")
    channel.say(60, "late reply", thread=10)
    channel.say(20, "early reply", thread=10)
    channel.say(99, "after")
    span = Span.between_ts(ts(40), ts(70))
    assert texts(await read(channel, span=span)) == ["within", "late reply"]


async def test_new_replies_in_old_threads_are_looked_for_until_they_are_named_as_missing() -> None:
    """Between the thread's first message and its reply, a busy channel has pages of others."""
    channel = Channel(most=300)
    for number in range(0, 1_000, 2):
        channel.say(number)
    channel.say(-80 * 86_400, "months ago")
    channel.say(7_001, "late reply", thread=20)
    channel.say(7_002, "later reply", thread=-80 * 86_400)
    span = Span.between_ts(ts(7_000), ts(7_010))
    reading = await read(channel, span=span)
    assert texts(reading) == ["late reply", "later reply"]
    assert not reading.gaps

    channel = Channel(most=15)
    for number in range(0, 600, 2):
        channel.say(number)
    reading = await read(channel, span=span)
    assert reading.gaps == ("New replies in threads that began before 24 Nov are not among them.",)


async def test_noise_is_not_read_but_a_bot_s_post_that_people_answer_is() -> None:
    channel = Channel()
    channel.say(1, "joined", subtype="channel_join")
    channel.say(2, "deploy done", bot_id="B9", username="ci")
    channel.say(3, "build is red", bot_id="B9", username="ci")
    channel.say(4, "I look at it", thread=3)
    channel.say(5, "an answer of ours", user=US.user_id, bot_id=US.bot_id)
    reading = await read(channel)
    assert texts(reading) == ["build is red", "I look at it"]
    assert reading.messages[0].author == "ci"


async def test_names_stand_where_slack_has_ids_and_links_lead_to_the_message() -> None:
    channel = Channel()
    channel.say(1, "<@U2> look")
    channel.say(2, "yes", thread=1, user="U2")
    first, reply = (await read(channel)).messages
    assert (first.author, first.text, reply.author) == ("Anna", "@Ben look", "Ben")
    assert first.permalink == "https://acme.slack.com/archives/C1/p1764000001000000"
    assert reply.permalink.endswith("/p1764000002000000?thread_ts=1764000001.000000&cid=C1")


async def test_a_thread_alone_is_read_whole_with_its_first_message() -> None:
    channel = Channel()
    channel.say(1, "top")
    channel.say(2, "reply", thread=1)
    channel.say(3, "elsewhere")
    assert texts(await read(channel, span=None, thread=1)) == ["top", "reply"]
    assert texts(await read(channel, span=None, thread=2)) == ["top", "reply"]
    with pytest.raises(UnreadableChannel, match="not exist"):
        await read(channel, span=None, thread=77)


async def test_a_limit_of_fifteen_messages_is_noticed_told_and_made_up_for() -> None:
    """What we have kept of our own conversations stands in for what Slack does not show."""
    channel = Channel(most=15)
    for number in range(100):
        channel.say(number)
    channel.say(100, thread=90)
    limited = SlackLimited("conversations.history", 60.0)
    channel.faults["conversations.history"] = [None, limited]
    old = ThreadMessage(id=1, ts=ts(5), author=Author.PERSON, author_id="U1", text="kept by us")
    reading = await read(channel, kept=Kept((old, ts(5))), seconds=600.0)
    assert reading.gaps == (LIMITED,)
    assert channel.calls.count("conversations.history") == 2
    assert texts(reading)[0] == "kept by us"
    assert len(reading.messages) == 16
    assert reading.total == 17, "a reply that Slack speaks of is counted"


async def test_small_pages_alone_are_no_limit() -> None:
    """Slack may return fewer messages than it was asked for, and go on with the next page."""
    channel = Channel(most=10)
    for number in range(100):
        channel.say(number)
    reading = await read(channel)
    assert len(reading.messages) == 100
    assert not reading.gaps


async def test_threads_that_can_t_be_read_in_time_are_counted_and_named() -> None:
    channel = Channel()
    for number in (10, 20):
        channel.say(number)
        channel.say(number + 1, thread=number)
    channel.say(22, thread=20)
    channel.faults["conversations.replies"] = [SlackLimited("conversations.replies", 60.0)]
    reading = await read(channel)
    assert reading.total == 5
    assert len(reading.messages) == 2
    assert "2 threads with 3 replies could not be read" in reading.gaps[0]


async def test_a_short_limit_is_waited_for() -> None:
    channel = Channel()
    channel.say(1)
    channel.faults["conversations.history"] = [SlackLimited("conversations.history", 0.05)]
    assert texts(await read(channel)) == ["m1"]


@pytest.mark.parametrize(
    ("code", "words"),
    [("missing_scope", "channels:history"), ("ekm_access_denied", "ekm_access_denied")],
)
async def test_a_refusal_is_a_sentence(code: str, words: str) -> None:
    channel = Channel()
    channel.faults["conversations.history"] = [SlackRefused("conversations.history", code)]
    with pytest.raises(UnreadableChannel, match=words):
        await read(channel)


async def test_a_channel_that_we_are_not_in_is_told_apart() -> None:
    channel = Channel()
    channel.faults["conversations.history"] = [
        SlackRefused("conversations.history", "not_in_channel")
    ]
    with pytest.raises(NotInChannel):
        await read(channel)
