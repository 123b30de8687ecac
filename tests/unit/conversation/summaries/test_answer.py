"""Which questions are answered by a summary, and of what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.conversation.summaries.answer import asked_summary
from bot.conversation.summaries.request import Length
from bot.conversation.thread import (
    Author,
    ChannelType,
    SharedFile,
    ThreadKey,
    ThreadMessage,
    Turn,
)

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
ASKED = NOW.timestamp()
THREAD = f"{ASKED - 3_600:.6f}"
QUESTION = f"{ASKED:.6f}"
FILE = SharedFile(file_id="F1", name="a.pdf", media_type="application/pdf", size=1, url="u")


def turn(text: str, *, thread_ts: str = THREAD, **more: Any) -> Turn:
    question = ThreadMessage(
        id=1,
        ts=QUESTION,
        author=Author.PERSON,
        author_id="U1",
        text=text,
        files=more.pop("files", ()),
        viewing=more.pop("viewing", ""),
    )
    return Turn(
        reply_id=1,
        attempt=1,
        conversation_id=1,
        key=ThreadKey(team_id="T1", channel_id="C1", thread_ts=thread_ts),
        channel_type=more.pop("channel_type", ChannelType.CHANNEL),
        history_read=True,
        messages=(question,),
        questions=(question,),
        answers=(),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<@U0BOT> summarize this thread",
        "<@U0BOT> Summarise the thread, please",
        "<@U0BOT> can you summarize this conversation?",
        "<@U0BOT> what did I miss?",
        "<@U0BOT> tl;dr",
        "<@U0BOT> catch me up",
        "<@U0BOT> was habe ich verpasst?",
    ],
)
def test_in_a_thread_the_thread_is_meant_up_to_the_question(text: str) -> None:
    wish = asked_summary(turn(text), NOW)
    assert wish is not None
    assert (wish.request.channel_id, wish.request.thread_ts) == ("C1", THREAD)
    assert wish.span is not None
    assert wish.span.holds(THREAD)
    assert not wish.span.holds(QUESTION)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("give me a short summary", Length.SHORT),
        ("a detailed recap of this thread, please", Length.DETAILED),
        ("gib mir bitte eine kurze Zusammenfassung", Length.SHORT),
        ("quick recap", Length.NORMAL),
    ],
)
def test_its_length_can_be_said(text: str, length: Length) -> None:
    wish = asked_summary(turn(text), NOW)
    assert wish is not None
    assert wish.request.thread_ts == THREAD
    assert wish.request.length is length


def test_the_channel_is_meant_where_it_is_named() -> None:
    wish = asked_summary(turn("<@U0BOT> summarize this channel since 9:00 in German short"), NOW)
    assert wish is not None
    assert wish.request.thread_ts == ""
    assert wish.request.language == "German"
    assert wish.request.length is Length.SHORT
    assert wish.span is not None
    assert wish.span.start == NOW.replace(hour=9, minute=0)


def test_a_mention_outside_of_threads_means_the_channel() -> None:
    wish = asked_summary(turn("<@U0BOT> what did I miss?", thread_ts=QUESTION), NOW)
    assert wish is not None
    assert wish.request.thread_ts == ""
    assert wish.span is not None
    assert wish.span.start == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "what did I miss in <#C2|general>?",
        "what did I miss in <#C2|general> since yesterday?",
        "catch me up on <#C2> please",
        "summarize <#C2|general> for me",
        "Please give me a recap of <#C2>",
        "can you give me a summary of <#C2|general> from last week?",
        "summary of <#C2>, please",
        "what's new in <#C2>?",
        "what happened in <#C2|general> today?",
        "fasse <#C2> zusammen",
        "gib mir eine Zusammenfassung von <#C2>",
    ],
)
def test_another_channel_can_be_named_also_in_a_dm(text: str) -> None:
    asked = turn(text, thread_ts=QUESTION, channel_type=ChannelType.DM)
    wish = asked_summary(asked, NOW)
    assert wish is not None
    assert wish.request.channel_id == "C2"
    assert not wish.request.focus


@pytest.mark.parametrize(
    "text",
    [
        "<@U0BOT> summarize https://example.com/post",
        "<@U0BOT> summarize the plot of Hamlet",
        "<@U0BOT> what is a summary?",
        "<@U0BOT> summarize this in three haikus",
        "<@U0BOT> summary of Hamlet, please",
        "<@U0BOT> give me an overview of our options",
        "<@U0BOT> what happened in 1989?",
        "<@U0BOT> what's new in Python 3.14?",
        "<@U0BOT> what is new about this?",
        "<@U0BOT> can you explain what did I miss in the proof",
    ],
)
def test_everything_else_is_for_the_model(text: str) -> None:
    assert asked_summary(turn(text), NOW) is None


def test_a_file_to_be_summarised_is_for_the_model() -> None:
    assert asked_summary(turn("<@U0BOT> summarize", files=(FILE,)), NOW) is None


@pytest.mark.parametrize(
    ("text", "thread_ts", "place"),
    [
        ("what did I miss?", QUESTION, ("C2", "")),
        ("summarize this channel", THREAD, ("C2", "")),
        ("summarize this thread", THREAD, ("C1", THREAD)),
        ("what did I miss in <#C3|general>?", QUESTION, ("C3", "")),
    ],
)
def test_in_direct_messages_the_channel_beside_them_is_meant(
    text: str, thread_ts: str, place: tuple[str, str]
) -> None:
    asked = turn(text, thread_ts=thread_ts, channel_type=ChannelType.DM, viewing="C2")
    wish = asked_summary(asked, NOW)
    assert wish is not None
    assert (wish.request.channel_id, wish.request.thread_ts) == place


def test_a_new_direct_message_has_nothing_to_sum_up() -> None:
    asked = turn("what did I miss?", thread_ts=QUESTION, channel_type=ChannelType.DM)
    assert asked_summary(asked, NOW) is None
