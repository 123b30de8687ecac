"""A digest in Slack: compact, within Slack's limits, harmless whatever a model writes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.conversation.digests.digest import (
    MOST_DIGESTS,
    MOST_FOCUS,
    ChannelNote,
    Digest,
    Plan,
    Stretch,
    TopicNote,
)
from bot.conversation.digests.maker import ChannelEdition, Edition
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence
from bot.conversation.summaries.summary import (
    ActionItem,
    ChannelMessage,
    ChannelReading,
    Statement,
    Summary,
    Topic,
)
from bot.slack.digests.blocks import compose
from bot.slack.digests.listing import listed, order_value, proposed

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def message(number: int, at: datetime = NINE - DAY) -> ChannelMessage:
    ts = f"{at.timestamp() + number:.6f}"
    link = f"https://acme.slack.com/archives/C1/p{number}"
    return ChannelMessage(
        ts=ts, thread_ts=ts, author_id="U1", author="Anna", text="hello", permalink=link
    )


def edition(*messages: ChannelMessage, text: str = "Release 2 is out", count: int = 1) -> Edition:
    said = Statement(text=text, sources=messages[:1])
    summary = Summary(
        headline=said,
        topics=tuple(Topic(title=text, points=(said,)) for _ in range(8)),
        decisions=(said,) * 5,
        action_items=(ActionItem(what=text, who="Ben", by_when="Friday", sources=messages[:1]),),
        reading=ChannelReading(
            channel_id="C1", channel_name="eng", messages=messages, total=len(messages)
        ),
    )
    stretch = Stretch(read_from=NINE - DAY, read_until=NINE)
    channels = tuple(
        ChannelEdition(channel_id=f"C{number}", summary=summary, stretch=stretch)
        for number in range(1, count + 1)
    )
    return Edition(plan=plan(count), made_at=NINE, channels=channels)


def plan(count: int = 1) -> Plan:
    return Plan(
        channels=tuple(f"C{number}" for number in range(1, count + 1)),
        recurrence=Recurrence(days=EVERY_DAY, at=time(9), zone="UTC"),
    )


def composed(told: Edition) -> list[dict[str, Any]]:
    digest = Digest(id=7, team_id="T1", owner_id="U1", plan=told.plan, fired_until=NINE)
    return compose(digest, told, NINE)


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    found = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    small = [block["elements"][0]["text"] for block in blocks if block["type"] == "context"]
    return found + small


def test_the_first_message_says_what_matters_and_where_it_was_said() -> None:
    first, *details = composed(edition(message(1), message(2)))

    said = "\n".join(texts(first["blocks"])).replace("\N{NO-BREAK SPACE}", " ")
    assert first["text"] == "Digest: Release 2 is out"
    assert "*<#C1>* Release 2 is out <https://acme.slack.com/archives/C1/p1|→>" in said
    assert "_2 messages, since Tue 9:00_" in said
    assert "• *Ben*: Release 2 is out (Friday) <https://acme.slack.com/archives/C1/p1|→>" in said
    assert [block["type"] for block in details[0]["blocks"]] == ["section", "markdown"]
    buttons = [one["text"]["text"] for one in first["blocks"][-1]["elements"]]
    assert buttons == ["More detail", "Change schedule", "Stop these"]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_a_digest_keeps_to_the_limits_of_a_message(count: int) -> None:
    messages = composed(edition(message(1), text="long " * 400, count=count))

    for one in messages:
        assert len(one["blocks"]) <= 50
        assert all(len(text) <= 3_000 for text in texts(one["blocks"]))
        assert sum(map(len, texts(one["blocks"]))) <= 11_000


def test_no_statement_is_so_long_that_its_link_is_lost() -> None:
    first, *_ = composed(edition(message(1), text="word " * 400, count=10))
    sections = [block["text"]["text"] for block in first["blocks"] if block["type"] == "section"]
    assert len(sections) == 10
    assert all("word…\N{NO-BREAK SPACE}<https://" in section for section in sections)


def test_whatever_a_model_writes_nobody_is_pinged_and_no_link_is_made() -> None:
    first, *_ = composed(edition(message(1), text="<!channel> <https://evil.example|news> & *b*"))

    said = "\n".join(texts(first["blocks"]))
    assert "<!channel>" not in said
    assert "<https://evil.example" not in said
    assert "&lt;!channel&gt;" in said


def test_a_chart_is_drawn_only_where_it_says_something() -> None:
    def charts(told: Edition) -> list[dict[str, Any]]:
        return [one for one in composed(told)[0]["blocks"] if one["type"] == "data_visualization"]

    few = [message(number, NINE - number * DAY) for number in range(4)]
    assert charts(edition(*few)) == []
    assert charts(edition(*(message(number) for number in range(50)))) == []

    [chart] = charts(edition(*few, *(message(number) for number in range(20))))
    [series] = chart["chart"]["series"]
    assert [point["value"] for point in series["data"]] == [1, 1, 21, 1]
    labels = [point["label"] for point in series["data"]]
    assert chart["chart"]["axis_config"]["categories"] == labels
    assert labels[-1] == "Wed 25 Nov"


def test_a_quiet_channel_and_one_that_cannot_be_read_say_so() -> None:
    stretch = Stretch(
        read_from=NINE - DAY,
        read_until=NINE,
        earlier=(
            ChannelNote(
                channel_id="C1",
                read_from=NINE - 2 * DAY,
                read_until=NINE - DAY,
                topics=(TopicNote(title="Old news", link="https://x/1"),),
            ),
        ),
    )
    nothing = Summary(reading=ChannelReading(channel_id="C1", messages=(), total=0))
    told = Edition(
        plan=plan(2),
        made_at=NINE,
        channels=(
            ChannelEdition(channel_id="C1", summary=nothing, stretch=stretch),
            ChannelEdition(channel_id="C2", missing="I am not in that channel."),
        ),
    )
    [only] = composed(told)

    said = texts(only["blocks"])
    assert "quiet: nobody has said anything since Tue 9:00.\n\n_Told before:_" in said[0]
    assert "• <https://x/1|Old news>" in said[0]
    assert said[1] == "*<#C2>* I am not in that channel."
    assert len(only["blocks"][-1]["elements"]) == 2, "there is no more detail"


def test_a_list_of_the_most_digests_fits_into_one_message() -> None:
    digest = Digest(id=7, team_id="T1", owner_id="U1", plan=plan(), fired_until=NINE)

    assert len(listed([digest] * MOST_DIGESTS, now=NINE, said="Paused.")) <= 50
    assert "Next:" in str(proposed(plan(), now=NINE))


def test_a_long_subject_in_any_script_fits_into_the_button_that_saves_it() -> None:
    ordered = replace(plan(10), focus="事" * MOST_FOCUS)
    assert len(order_value(ordered)) <= 2_000
