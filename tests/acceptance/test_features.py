"""What the model can do, used by people in Slack: thinking, presets, tools, search, going on, failing well."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.playground.model.mind_samples import long_text
from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from bot.slack.listeners import TOO_LATE
from tests.playground import (
    ANNA,
    AT,
    BEN,
    BOT,
    GENERAL,
    Message,
    RunningPlayground,
    buttons,
    footer,
    running_bot,
    shown,
    steps,
    until,
)

STANDS_IN = "qwen3.6-flash"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[RunningPlayground]:
    """One bot for all: nothing here changes it for the next test."""
    model = ModelSettings(first_token_seconds=0.02, tokens_per_second=1_000)
    playground = RunningPlayground(PlaygroundSettings(model=model))
    with running_bot(playground, folder, BOT_FALLBACK_MODELS=STANDS_IN):
        yield playground
    playground.close()


def _ask(here: RunningPlayground, words: str) -> Message:
    return here.answer(here.say(f"{AT}{words}"))


def _actions(message: Message) -> list[str]:
    return [one["action_id"] for one in buttons(message)]


def test_thinking_is_a_step_and_never_part_of_the_answer(here: RunningPlayground) -> None:
    answer = _ask(here, "think hard: hello?")

    assert list(steps(answer).values()) == ["complete"]
    assert next(iter(steps(answer))).startswith("Thought for ")
    assert "First I look at what is known" not in answer["text"]
    assert "First I look at what is known" in str(answer["blocks"])
    assert "thinking" in footer(answer)
    assert here.asked()[-1]["thinking_budget"] == 4096

    assert "enable_thinking" in here.asked()[-1]
    assert steps(_ask(here, "just answer: hello?")) == {}
    assert here.asked()[-1]["enable_thinking"] is False


def test_a_preset_is_chosen_by_words_and_shown(here: RunningPlayground) -> None:
    answer = _ask(here, "preset code: a loop please")
    request = here.asked()[-1]

    assert (request["temperature"], request["top_p"]) == (0.2, 0.8)
    assert "qwen3.7-plus · code · " in footer(answer)
    assert "temperature" not in _asked_for(here, "a loop please")


def _asked_for(here: RunningPlayground, words: str) -> dict[str, object]:
    _ask(here, words)
    return here.asked()[-1]


def test_tools_run_side_by_side_and_are_shown_as_steps(here: RunningPlayground) -> None:
    answer = _ask(here, "what time is it in Tokyo, and what is 6*7?")

    assert steps(answer) == {
        "Looking at the clock in Asia/Tokyo": "complete",
        "Calculating 6*7": "complete",
    }
    assert "Asia/Tokyo" in answer["text"]
    assert "**42**" in answer["text"]


def test_people_are_found_by_their_names(here: RunningPlayground) -> None:
    answer = _ask(here, "who is Ben?")

    assert "Ben Carter" in str(here.asked()[-1]["messages"][-1])
    assert len(steps(answer)) == 1


def test_more_of_a_long_document_is_read_where_the_model_asks_for_it(
    here: RunningPlayground,
) -> None:
    pages = [f"Day {day}: wind and rain, and nothing else to tell.\n\n" * 8 for day in range(900)]
    pages[700] += "The dredging cost 131,500 in the end.\n\n"
    wanted = '{"name": "log.txt", "words": "dredging cost"}'
    files = {"log.txt": "".join(pages).encode()}
    here.answer(here.share(f"{AT}/call read_document {wanted}", files))

    read = here.asked()[-1]["messages"][-1]
    assert read["role"] == "tool"
    assert "The dredging cost 131,500 in the end." in str(read)


def test_a_tool_that_fails_is_told_to_the_model_and_shown(here: RunningPlayground) -> None:
    answer = _ask(here, '/call calculate {"expression": "1/0"}')
    assert steps(answer) == {"Calculating 1/0": "error"}
    assert "division by zero" in answer["text"]

    mended = _ask(here, '/call calculate {"expression": "2+3"}}')
    assert "**5**" in mended["text"], "a brace too many is no failure"


def test_pages_of_our_own_network_are_not_read(here: RunningPlayground) -> None:
    refused = _ask(here, '/call read_web_page {"url": "http://169.254.169.254/"}')
    assert list(steps(refused).values()) == ["error"]
    assert "The tool could not do it" in refused["text"]


def test_a_link_to_slack_is_read_before_the_model_is_asked(here: RunningPlayground) -> None:
    """Whatever the model makes of it, it has what stands behind the link, if the asker may see it."""
    said = here.say("The quay opens in May 2027")
    link = f"https://acme.slack.com/archives/{GENERAL}/p{said.replace('.', '')}"
    here.add_channel("G0BOARD", type="private", name="board", members=[BEN, BOT])
    secret = here.say("The merger is on", who=BEN, channel="G0BOARD")
    hidden = f"https://acme.slack.com/archives/G0BOARD/p{secret.replace('.', '')}"
    before = len(here.asked())
    answer = _ask(here, f"compare <{link}> and <{hidden}|that one>")

    first = str(here.asked()[before]["messages"])
    assert "(the linked message) The quay opens in May 2027" in first
    assert f"[end of '{link}']" in first
    assert "You are not a member of that conversation" in first
    assert "The merger is on" not in str(here.asked())
    assert list(steps(answer)) == ["Reading the linked Slack message"]
    assert f"<{link}|" in answer["text"] or link in answer["text"], "it is among the sources"


def test_a_web_search_has_its_sources_beneath(here: RunningPlayground) -> None:
    answer = _ask(here, "search the web for the tallest tree")

    assert list(steps(answer).values()) == ["complete"]
    assert "**Sources**\n1. [example.com](https://example.com/first)" in answer["text"]
    assert here.asked()[-1]["tools"][0] == {"type": "web_search"}


def test_pages_and_code_are_read_and_run_by_the_service(here: RunningPlayground) -> None:
    read = _ask(here, "search the web, and read https://example.com/tree for me")
    assert len(steps(read)) == 3, "it thinks, searches and reads"
    assert "**Sources**\n1. [" in read["text"]
    ran = _ask(here, "run this code: print(6 * 7)")
    assert len(steps(ran)) == 2

    for answer in (read, ran):
        assert set(steps(answer).values()) == {"complete"}
        assert "thinking" in footer(answer), "the service runs these only while it thinks"


def test_only_the_newest_answer_is_made_anew(here: RunningPlayground) -> None:
    ts = here.say(f"{AT}/echo one")
    old = here.answer(ts)
    here.say(f"{AT}/echo two", thread_ts=ts)
    here.answer(ts, count=2)

    here.click(old, "regenerate_reply")
    until(lambda: TOO_LATE in str(here.ephemerals()), what="the sentence")
    assert [shown(one) for one in here.answers(ts)] == ["one", "two"]


def test_an_answer_cut_by_its_length_goes_on_in_the_same_message(here: RunningPlayground) -> None:
    ts = here.say(f"{AT}/length 300")
    answer = here.answer(ts)

    assert shown(answer) == long_text(600)
    assert len(here.answers(ts)) == 1
    assert here.asked()[-1]["messages"][-1]["partial"] is True


def test_a_broken_answer_goes_on_when_a_person_says_so(here: RunningPlayground) -> None:
    here.model_fails("cut", "cut", "cut")
    ts = here.say(f"{AT}/long 800")
    broken = here.answer(ts)
    assert _actions(broken) == ["continue_reply", "retry_reply"]
    assert "broke before" in broken["text"]

    here.click(broken, "continue_reply")
    until(lambda: _actions(here.answers(ts)[0]) == ["regenerate_reply"])
    [whole] = here.answers(ts)
    assert shown(whole) == long_text(800)


def test_regenerate_answers_anew_in_the_same_message(here: RunningPlayground) -> None:
    ts = here.say(f"{AT}/echo again")
    answer = here.answer(ts)
    before = len(here.asked())

    here.click(answer, "regenerate_reply")
    until(lambda: len(here.asked()) == before + 1)
    again = here.answer(ts)

    assert again["ts"] == answer["ts"]
    assert shown(again) == "again"


def test_thumbs_are_kept_with_the_turn(here: RunningPlayground, folder: Path) -> None:
    answer = _ask(here, "/echo good?")
    thumbs = [block for block in answer["blocks"] if block["type"] == "context_actions"]
    [element] = thumbs[0]["elements"]
    value = element["positive_button"]["value"]
    action = {"type": "feedback_buttons", "action_id": element["action_id"], "value": value}
    here.post("actions", **{"as": ANNA}, channel=GENERAL, ts=answer["ts"], action=action)

    until(lambda: _rating(folder, int(value.partition(":")[0])) is not None)
    assert _rating(folder, int(value.partition(":")[0])) == 1


def _rating(folder: Path, reply_id: int) -> object:
    with closing(sqlite3.connect(folder / "bot.db")) as database:
        [found] = database.execute(
            "SELECT is_good FROM ratings WHERE reply_id = ?", [reply_id]
        ).fetchone() or [None]
    return found


def test_content_inspection_does_not_brick_a_thread(here: RunningPlayground) -> None:
    ts = here.say(f"{AT}inspect-me")
    refused = here.answer(ts)
    assert "content filter" in refused["text"]
    assert not buttons(refused), "the same again would be refused again"

    here.say(f"{AT}what is 6*7?", thread_ts=ts)
    assert "**42**" in here.answer(ts, count=2)["text"]
    assert "inspect-me" not in str(here.asked()[-1])


def test_what_others_said_before_does_not_brick_a_thread_either(here: RunningPlayground) -> None:
    ts = here.say("inspect-me, please", who=BEN)
    for count, sum_, result in ((1, "6*7", "42"), (2, "6*8", "48")):
        here.say(f"{AT}what is {sum_}?", thread_ts=ts)
        text = here.answer(ts, count=count)["text"]
        assert f"**{result}**" in text
        assert "content filter refused earlier messages" in text


def test_a_prompt_too_long_is_shortened_until_it_fits(here: RunningPlayground) -> None:
    here.model_fails("toolong", "toolong", "toolong")

    assert shown(_ask(here, "/echo fits")) == "fits"


def test_what_is_filtered_in_mid_answer_ends_in_a_sentence(here: RunningPlayground) -> None:
    answer = _ask(here, "/fail inspect-output")
    assert answer["text"].startswith("This answer is as long")
    assert "content filter" in answer["text"]


def test_another_model_stands_in_and_says_so(here: RunningPlayground) -> None:
    here.model_fails("404")
    answer = _ask(here, "/echo hello")

    assert shown(answer) == "hello"
    assert footer(answer).startswith(f"{STANDS_IN} · balanced · ")


def test_what_is_stopped_says_how_it_was_made_too(here: RunningPlayground) -> None:
    here.model_fails("404")
    ts = here.say(f"{AT}/slow")
    here.growing(ts)
    here.post("stop", **{"as": ANNA}, channel=GENERAL, thread_ts=ts)

    line = until(lambda: footer(here.answers(ts)[0]), what="the quiet line")
    assert line.startswith(f"{STANDS_IN} · balanced · ")


def test_one_quiet_line_says_how_it_was_made(here: RunningPlayground) -> None:
    line = footer(_ask(here, "/echo hello"))
    model, preset, seconds, tokens = line.split(" · ")

    assert (model, preset) == ("qwen3.7-plus", "balanced")
    assert seconds.endswith(" s")
    assert tokens.endswith(" tokens")
