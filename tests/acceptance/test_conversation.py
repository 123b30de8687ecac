"""The main path, from outside: people write in Slack, and the answer stands in the thread."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.playground.model.mind_samples import long_text
from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import (
    ANNA,
    ANNAS_DM,
    AT,
    BEN,
    ENGINEERING,
    GENERAL,
    TRIO,
    RunningBot,
    RunningPlayground,
    buttons,
    running_bot,
    shown,
    until,
)


def test_a_mention_is_answered_once_in_its_thread(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}what is 12*7?")

    answer = playground.answer(ts)
    playground.settled()

    assert "84" in answer["text"]
    assert answer["thread_ts"] == ts
    assert len(playground.answers(ts)) == 1
    assert len(playground.questions()) == 1


def test_the_model_sees_names_times_and_todays_date(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}ask <@{BEN}> about <#{ENGINEERING}> &amp; more")
    playground.answer(ts)

    system, user = playground.asked()[0]["messages"]

    assert "Europe/Berlin" in system["content"]
    assert "#general" in system["content"]
    assert re.search(r"\[Anna Schmidt, \d+ \w+ \d\d:\d\d\]", user["content"])
    assert "@threadwise ask @Ben Carter about #engineering & more" in user["content"]


def test_a_direct_message_needs_no_mention_and_gets_a_title(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say("what is 3*5?", channel=ANNAS_DM)

    assert "15" in playground.answer(ts, channel=ANNAS_DM)["text"]
    [status] = playground.calls("agents.sessions.setStatus")[:1]
    assert status["args"]["title"] == "what is 3*5?"


def test_a_thread_goes_on_without_a_mention_while_one_person_is_in_it(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}what is 2*2?")
    playground.answer(ts)
    playground.say("what did I say first?", thread_ts=ts)

    assert "what is 2*2?" in playground.answer(ts, count=2)["text"]

    playground.say("I think so too", who=BEN, thread_ts=ts)
    playground.say("and now?", thread_ts=ts)
    playground.say(f"{AT}summarise", who=BEN, thread_ts=ts)
    playground.answer(ts, count=3)

    assert "I think so too" in str(playground.asked()[-1]["messages"])
    assert len(playground.questions()) == 3, "people talking to each other are not interrupted"


def test_what_is_not_for_us_is_left_alone(playground: RunningPlayground, bot: RunningBot) -> None:
    playground.say("nobody mentioned", channel=GENERAL)
    playground.say("nobody mentioned here", channel=TRIO)
    playground.settled()
    at_start = {"auth.test", "apps.connections.open"}
    assert {call["method"] for call in playground.calls()} <= at_start, "an event costs no call"
    asked = playground.say(f"{AT}/echo the only one", channel=TRIO)
    playground.answer(asked, channel=TRIO)
    playground.settled()

    assert len(playground.questions()) == 1


@pytest.mark.parametrize("how", [{"broadcast": True}, {"subtype": "me_message"}])
def test_what_is_said_in_another_manner_is_answered_too(
    playground: RunningPlayground, bot: RunningBot, how: dict[str, Any]
) -> None:
    ts = playground.say("the launch is on the ninth")
    playground.say(f"{AT}/echo heard", thread_ts=ts, **how)

    assert shown(playground.answer(ts)) == "heard"
    playground.settled()
    assert len(playground.answers(ts)) == 1


def test_messages_during_an_answer_are_answered_together_by_the_next_turn(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/tokens 200 100")
    playground.growing(ts)
    playground.say("what is 6*7?", thread_ts=ts)
    playground.say("and what is 9*9?", thread_ts=ts)
    playground.answer(ts, count=2)
    playground.settled()

    assert len(playground.questions()) == 2
    assert "6*7" in str(playground.questions()[1]["messages"])
    assert "9*9" in str(playground.questions()[1]["messages"])
    assert len(playground.answers(ts)) == 2


def test_what_was_said_before_the_bot_came_is_read_once(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say("the launch is on the ninth")
    playground.say("no, on the tenth", who=BEN, thread_ts=ts)
    playground.say(f"{AT}what did I say first?", thread_ts=ts)

    assert "the launch is on the ninth" in playground.answer(ts)["text"]
    assert "[Ben Carter" in str(playground.asked()[0]["messages"])

    playground.say(f"{AT}and then?", thread_ts=ts)
    playground.answer(ts, count=2)
    assert len(playground.calls("conversations.replies")) == 1


def test_what_slack_does_not_show_of_a_thread_is_told(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say("the launch is on the ninth")
    playground.fault("conversations.replies", "error", error="fatal_error")
    playground.say(f"{AT}/echo heard", thread_ts=ts)

    assert shown(playground.answer(ts)).startswith("heard\n\n_Slack did not show me")


def _picture(size: tuple[int, int] = (640, 480), kind: str = "PNG") -> bytes:
    encoded = BytesIO()
    Image.new("RGB", size, "#a03020").save(encoded, kind)
    return encoded.getvalue()


def test_pictures_reach_the_model_also_in_later_questions(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.share(
        f"{AT}what is this?", {"red.png": _picture(), "two.gif": _picture(kind="GIF")}
    )

    text = playground.answer(ts)["text"]
    assert "I see 2 pictures" in text
    assert "red.png" in text
    assert "640 × 480" in text

    playground.say(f"{AT}look again", thread_ts=ts)
    playground.answer(ts, count=2)
    assert "image_url" in str(playground.asked()[-1]["messages"])


def test_a_file_that_cannot_be_opened_is_named_and_stops_nothing(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    files = {"broken.png": _picture()[:60], "good.jpg": _picture(kind="JPEG"), "notes.pdf": b"%PDF"}
    ts = playground.share(f"{AT}what is this?", files)

    text = playground.answer(ts)["text"]

    assert "I see 1 picture" in text
    assert "`broken.png`: the file is damaged" in text
    assert "`notes.pdf`" in text


def test_an_edited_question_is_answered_anew_in_the_same_message(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}what is 2*3?")
    first = playground.answer(ts)
    playground.edit(ts, f"{AT}what is 5*5?")

    until(lambda: "25" in playground.answers(ts)[0]["text"])

    [answer] = playground.answers(ts)
    assert answer["ts"] == first["ts"]
    assert "6" not in answer["text"]


def test_an_edit_while_it_is_answered_starts_the_answer_anew(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/slow")
    growing = playground.growing(ts)
    playground.edit(ts, f"{AT}what is 5*5?")

    until(lambda: shown(playground.answers(ts)[0]) == "That is **25**.")

    [answer] = playground.answers(ts)
    assert answer["ts"] == growing["ts"]


def test_a_deleted_question_takes_its_answer_along(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/slow")
    playground.growing(ts)
    playground.delete(ts)
    until(lambda: not playground.answers(ts), what="the growing answer to go")

    done = playground.say(f"{AT}what is 2*2?")
    playground.answer(done)
    playground.delete(done)
    until(lambda: not playground.answers(done), what="the finished answer to go")


def test_a_long_answer_arrives_whole_and_in_order(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/long 20000")
    playground.answer(ts, count=2)
    until(lambda: sum(len(one["text"]) for one in playground.answers(ts)) > 19_900)
    playground.answer(ts, count=len(playground.answers(ts)))

    answers = playground.answers(ts)
    numbers = re.findall(r"(?:Line|item|row|step_)\s?(\d+)", "".join(shown(a) for a in answers))

    expected = re.findall(r"(?:Line|item|row|step_)\s?(\d+)", long_text(20_000))
    assert numbers == expected
    for answer in answers:
        assert len(shown(answer)) <= 12_000
        assert shown(answer).count("```") % 2 == 0


def test_nobody_is_pinged_and_no_picture_fetched_because_the_model_says_so(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/broadcast")
    pinging = playground.answer(ts)["text"]
    assert "<!" not in pinging
    assert "@everyone" not in pinging

    ts = playground.say(f"{AT}/image-link")
    assert "![" not in playground.answer(ts)["text"]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("500", "can't be reached"),
        ("429", "very busy"),
        ("inspect", "content filter"),
        ("401", "admin"),
        ("cut", "broke before"),
        ("error", "can't be reached"),
    ],
)
def test_a_failure_ends_in_one_calm_sentence(
    playground: RunningPlayground, bot: RunningBot, kind: str, sentence: str
) -> None:
    ts = playground.say(f"{AT}/fail {kind}")

    text = playground.answer(ts)["text"]

    assert sentence in text
    assert "Traceback" not in text
    if kind in {"cut", "error"}:
        assert "Line 100 of the answer" in text, "what had come stays"


def test_retry_answers_in_the_same_message(playground: RunningPlayground, bot: RunningBot) -> None:
    ts = playground.say(f"{AT}/fail cut once")
    failed = playground.answer(ts)
    assert [one["action_id"] for one in buttons(failed)] == ["continue_reply", "retry_reply"]

    playground.click(failed, "retry_reply")
    until(
        lambda: (
            [one["action_id"] for one in buttons(playground.answers(ts)[0])] == ["regenerate_reply"]
        )
    )

    [answer] = playground.answers(ts)
    assert answer["ts"] == failed["ts"]
    assert "broke before" not in answer["text"]


def test_stop_ends_the_answer_and_keeps_its_text(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}/slow")
    playground.growing(ts)
    playground.post("stop", **{"as": ANNA}, channel=GENERAL, thread_ts=ts)

    def ended() -> str | None:
        text = str(playground.answers(ts)[0]["text"])
        return text if text.endswith("_Stopped._") else None

    assert str(until(ended)).startswith("You")


def test_where_streams_are_refused_messages_are_posted_and_edited(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.fault("chat.startStream", "error", error="unknown_method", times=1000)
    ts = playground.say(f"{AT}/tokens 400 100")
    growing = playground.growing(ts)
    assert [one["action_id"] for one in buttons(growing)] == ["stop_reply"]

    answer = playground.answer(ts)
    assert shown(answer) == long_text(1600)
    [posted] = playground.calls("chat.postMessage")
    assert (posted["args"]["unfurl_links"], posted["args"]["unfurl_media"]) == (False, False)

    playground.say(f"{AT}/slow", thread_ts=ts)
    until(lambda: len(playground.answers(ts)) == 2)
    playground.click(playground.answers(ts)[1], "stop_reply")
    assert shown(playground.answer(ts, count=2)).endswith("_Stopped._")
    assert len(playground.calls("chat.startStream")) == 1, "what is missing is not tried again"


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream", "chat.startStream"])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "garbage", "error"])
def test_a_stream_that_breaks_still_ends_complete_in_one_message(
    playground: RunningPlayground, bot: RunningBot, method: str, kind: str
) -> None:
    playground.fault(method, kind, times=1, status=503)
    ts = playground.say(f"{AT}/tokens 300 200")

    until(lambda: [shown(one) for one in playground.answers(ts)] == [long_text(1200)])
    assert len(playground.answer(ts)["text"]) > 0


def test_a_stream_that_slack_ends_early_goes_on_in_the_same_message(tmp_path: Path) -> None:
    settings = PlaygroundSettings(stream_seconds=1.0, model=ModelSettings())
    playground = RunningPlayground(settings)
    try:
        with running_bot(playground, tmp_path):
            ts = playground.say(f"{AT}/tokens 200 60")
            playground.growing(ts)
            until(lambda: shown(playground.answers(ts)[0]).startswith(long_text(800)))
            assert len(playground.answers(ts)) == 1
    finally:
        playground.close()


def test_a_long_threads_beginning_is_remembered_in_short(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    with running_bot(playground, tmp_path, BOT_CONTEXT_TOKENS="1000") as bot:
        ts = playground.say(f"{AT}what is 1*2? The quay is named after Mira. {'Stone. ' * 200}")
        playground.answer(ts)
        for number in range(2, 12):
            playground.say(f"what is {number}*2? {'Wave. ' * 200}", thread_ts=ts)
            playground.answer(ts, count=number)
        until(lambda: "older messages summarised" in bot.log(), what="a memory of the thread")
        playground.say("/echo and now?", thread_ts=ts)
        playground.answer(ts, count=12)

    asked = [str(one["messages"]) for one in playground.asked()]
    [memory, *_] = [one for one in asked if "You keep the memory of a Slack thread" in one]
    assert "The quay is named after Mira." in memory
    [now] = [one for one in asked if "/echo and now?" in one and "You keep the memory" not in one]
    assert "[What was said in this thread before, summarised:]" in now


def test_who_opens_our_messages_is_offered_a_beginning(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.post("home", **{"as": ANNA}, tab="messages")
    [offer] = until(lambda: playground.calls("assistant.threads.setSuggestedPrompts"))
    assert "What can you do?" in str(offer["args"]["prompts"])
