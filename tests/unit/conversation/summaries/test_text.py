"""A summary as people read it."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.conversation.summaries.summary import (
    ActionItem,
    ChannelMessage,
    ChannelReading,
    FileShared,
    Statement,
    Summary,
    Topic,
)
from bot.conversation.summaries.text import as_markdown
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import SharedFile

NOW = datetime(2026, 11, 27, 18, 0, tzinfo=ZoneInfo("Europe/Berlin"))
MONDAY = 1_795_420_800  # Monday 23 November 2026, 9:00 in Berlin


def message(number: int, *, thread: int | None = None) -> ChannelMessage:
    ts = f"{MONDAY + number * 3600}.000000"
    thread_ts = ts if thread is None else f"{MONDAY + thread * 3600}.000000"
    return ChannelMessage(
        ts=ts, thread_ts=thread_ts, author_id="U1", author="Anna", text="t", permalink=f"L{number}"
    )


def reading(*messages: ChannelMessage, **more: object) -> ChannelReading:
    values = {"channel_id": "C1", "channel_name": "general", "total": len(messages), **more}
    return ChannelReading(messages=messages, **values)  # type: ignore[arg-type]


def test_every_statement_carries_numbered_links_and_the_end_says_what_was_read() -> None:
    one, two, three = message(0), message(1, thread=0), message(104)
    pdf = SharedFile(file_id="F1", name="plan.pdf", media_type="application/pdf", size=1, url="u")
    summary = Summary(
        headline=Statement(text="They ship.", sources=(two,)),
        topics=(
            Topic(title="Release", points=(Statement(text="It is done.", sources=(one, two)),)),
        ),
        decisions=(Statement(text="Ship on Friday.", sources=(two,)),),
        action_items=(
            ActionItem(who="Ben", what="writes notes", by_when="Friday", sources=(three,)),
        ),
        open_questions=(Statement(text="Who tests?", sources=(three,)),),
        files=(FileShared(file=pdf, message=one),),
        reading=reading(one, two, three, total=5, gaps=("Two are missing.",)),
        language="English",
    )
    assert as_markdown(summary, now=NOW) == (
        "**They ship.** [1](L1)\n\n"
        "**Release**\n- It is done. [2](L0) [1](L1)\n\n"
        "**Decisions**\n- Ship on Friday. [1](L1)\n\n"
        "**Action items**\n- **Ben**: writes notes (Friday) [3](L104)\n\n"
        "**Open questions**\n- Who tests? [3](L104)\n\n"
        "**Files**\n- `plan.pdf`, Anna [2](L0)\n\n"
        "_3 of 5 messages, 1 thread, Mon 9:00 to Fri 17:00. Two are missing._"
    )


def test_stars_in_bold_print_stay_to_be_read() -> None:
    one = message(0)
    headline = Statement(text="12*84 is 1008.", sources=(one,))
    summary = Summary(headline=headline, reading=reading(one), language="English")
    assert as_markdown(summary, now=NOW).startswith("**12∗84 is 1008.** [1](L0)")


def test_headings_speak_the_summary_s_language() -> None:
    one = message(0)
    summary = Summary(
        decisions=(Statement(text="Wir liefern.", sources=(one,)),),
        reading=reading(one),
        language="German",
    )
    assert "**Entscheidungen**" in as_markdown(summary, now=NOW)


def test_nothing_to_say_is_said() -> None:
    span = Span.between_ts(message(0).ts, message(8).ts)
    text = as_markdown(Summary(reading=reading(span=span)), now=NOW)
    assert text.startswith("Nothing was said in #general from Mon 9:00 to 17:00.")
    assert "0 of 0 messages" in text
    thread = as_markdown(Summary(reading=reading()), now=NOW, is_thread=True)
    assert thread.startswith("Nobody has said anything in this thread.")


def test_neither_a_file_s_name_nor_a_person_s_can_be_a_link() -> None:
    trap = SharedFile(
        file_id="F1", name="a`b](http://x)\n- c", media_type="text/plain", size=1, url="u"
    )
    sender = replace(message(0), author="[Boss](http://x)\n- all")
    said = Summary(
        files=(FileShared(file=trap, message=sender),),
        headline=Statement(text="They ship.", sources=(sender,)),
        reading=reading(sender),
    )
    assert "- `a'b](http://x) - c`, [Boss] (http://x) - all [1](L0)" in as_markdown(said, now=NOW)
