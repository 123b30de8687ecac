"""Summaries of real conversations by the rehearsal model, and the checks that would see mistakes."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.evaluate import SAMPLE, Evaluated, evaluate, load, report
from bot.conversation.summaries.checks import check
from bot.conversation.summaries.lines import message_lines, numbered
from bot.conversation.summaries.summary import ChannelReading, Statement, Summary
from bot.conversation.summaries.timespans import Span
from bot.model.client import ModelClient
from bot.model.connection import make_http
from tests.playground import RunningPlayground


async def evaluated(
    playground: RunningPlayground, readings: list[ChannelReading]
) -> list[Evaluated]:
    """The readings summarised by the rehearsal model."""
    async with make_http() as http:
        key = playground.settings.model.api_key
        model = ModelClient(http, base_url=playground.url, api_key=key)
        return await evaluate(model, readings, model_name="qwen3.7-plus")


def assert_sound(one: Evaluated) -> None:
    """Every source exists and lies in the window, and the points say what their sources say."""
    assert one.findings is not None, one.failure
    assert one.summary is not None
    assert one.findings.statements > 0
    assert (one.findings.foreign, one.findings.outside) == (0, 0)
    # The rehearsal model's headline quotes more lines than it names.
    headline = one.summary.headline
    assert [bad for bad in one.findings.unsupported if bad.statement != headline] == []


async def test_the_sample_that_comes_along_is_summarised_soundly(
    playground: RunningPlayground,
) -> None:
    found = await evaluated(playground, list(load(SAMPLE)))
    assert len(found) == 2
    for one in found:
        assert_sound(one)
    assert report(found).row_count == 2


async def test_real_conversations_are_summarised_soundly(
    playground: RunningPlayground, shared: Path
) -> None:
    """IRC logs with their threads, and meetings, each in several parts."""
    logs = list(load(shared / "data" / "irc", most_messages=400))[:2]
    meetings = list(load(shared / "data" / "meetings", most_messages=300))[:1]
    assert any(message.is_reply for log in logs for message in log.messages)
    for one in await evaluated(playground, [*logs, *meetings]):
        assert_sound(one)


def test_shuffled_delivery_changes_nothing_of_what_the_model_is_shown(shared: Path) -> None:
    (log, *_) = load(shared / "data" / "irc", most_messages=300)
    shuffled = list(log.messages)
    random.Random(5).shuffle(shuffled)
    again = replace(log, messages=tuple(shuffled))
    assert numbered(message_lines(again, None)) == numbered(message_lines(log, None))


@pytest.fixture
def release_week() -> ChannelReading:
    """The sample in English."""
    return next(one for one in load(SAMPLE) if one.channel_name == "release_week")


def test_invented_figures_names_and_quotes_are_seen(release_week: ChannelReading) -> None:
    first, second = release_week.messages[:2]
    good = Statement(text="Tom Okafor: files over 512 MB fail (ticket 1187).", sources=(second,))
    figure = Statement(text="The limit is 513 MB.", sources=(second,))
    name = Statement(text="Raj Patel asks about Friday.", sources=(first,))
    quote = Statement(text="Mara says “we never ship on Fridays”.", sources=(first,))
    decisions = (good, figure, name, quote)
    found = check(Summary(reading=release_week, decisions=decisions))
    assert [bad.words for bad in found.unsupported] == [
        ("513",),
        ("Raj Patel",),
        ("we never ship on Fridays",),
    ]


def test_sources_from_elsewhere_are_seen(release_week: ChannelReading) -> None:
    first, *_, last = release_week.messages
    early = replace(release_week, span=Span.between_ts(first.ts, release_week.messages[4].ts))
    stranger = replace(first, ts="1.000000")
    decisions = (
        Statement(text="x", sources=(last,)),
        Statement(text="y", sources=(stranger,)),
    )
    found = check(Summary(reading=early, decisions=decisions))
    assert (found.foreign, found.outside) == (1, 2)


def test_threads_that_no_statement_rests_on_are_counted(release_week: ChannelReading) -> None:
    told = Statement(text="They ship.", sources=(release_week.messages[0],))
    found = check(Summary(reading=release_week, decisions=(told,)))
    assert found.threads == 2
    assert found.threads_told == 1
