"""Nobody waits in silence: who has to wait is told so, in their thread, until the answer begins."""

import signal
from pathlib import Path

from tests.fleet import Database, Fleet, database, running_fleet
from tests.playground import (
    ANNA,
    ANNAS_DM,
    AT,
    ENGINEERING,
    GENERAL,
    RunningPlayground,
    running_bot,
    until,
)

__all__ = ["database"]

SIGN = "assistant.threads.setStatus"


def says(playground: RunningPlayground, ts: str) -> str:
    """The words under a thread, where it shows that the bot is at it."""
    state = playground.http.get("/playground/state", params={"as": ANNA}).json()
    found = [one for one in state["sessions"] if one["thread_ts"] == ts]
    return "".join(found[0].get("loading") or [found[0].get("words", "")]) if found else ""


def test_who_waits_in_line_is_told_once_and_answered_once(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    with running_bot(playground, tmp_path, BOT_CONCURRENCY="2") as bot:
        slow = [playground.say(f"{AT}/tokens 300 20") for _ in range(2)]
        for ts in slow:
            playground.growing(ts)
        first = playground.say(f"{AT}what is 6*7?")
        root = playground.say("Coffee is out again.")
        second = playground.say(f"{AT}what is 5*5?", thread_ts=root)

        until(lambda: says(playground, first) == "Busy right now: you are about 1st in line.")
        until(lambda: says(playground, root) == "Busy right now: you are about 2nd in line.")
        playground.delete(second)
        until(lambda: not says(playground, root), what="the end of a deleted question's sign")

        assert "42" in playground.answer(first)["text"]
        assert says(playground, first) == ""
        for ts in slow:
            playground.answer(ts)
        [told] = [
            call["args"]
            for call in playground.calls(SIGN)
            if call["args"]["thread_ts"] == first and "busy" in call["args"]["status"]
        ]
        assert told["status"] == "is busy right now: you are about 1st in line"
        assert len(playground.answers(first)) == 1
        assert playground.answers(root) == []
        assert {call["args"]["thread_ts"] for call in playground.calls(SIGN)} == {first, root}
        assert bot.log().count("Traceback") == 0


def test_where_there_is_no_status_who_waits_is_told_in_words(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    playground.fault(SIGN, "error", error="feature_not_enabled", times=99)
    with running_bot(playground, tmp_path, BOT_CONCURRENCY="1"):
        playground.growing(playground.say(f"{AT}/tokens 200 20"))
        asked = playground.say(f"{AT}what is 6*7?")
        direct = playground.say("what is 5*5?", channel=ANNAS_DM)
        until(lambda: "about 1st in line" in str(playground.ephemerals(ANNA)), what="the words")
        until(lambda: "in line" in str(playground.answers(direct, channel=ANNAS_DM)))

        until(lambda: "42" in str(playground.answers(asked)), what="an answer beside the words")
        until(lambda: "in line" not in str(playground.answers(direct, channel=ANNAS_DM)))
        assert "25" in playground.answer(direct, channel=ANNAS_DM)["text"]


def test_a_noisy_channel_makes_only_itself_wait(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    with running_bot(playground, tmp_path, BOT_CONCURRENCY="1"):
        noisy = [playground.say(f"{AT}/tokens 100 50") for _ in range(4)]
        playground.growing(noisy[0])
        quiet = playground.say(f"{AT}what is 6*7?", channel=ENGINEERING)
        first = playground.answer(quiet, channel=ENGINEERING)
        second = playground.answer(noisy[1])
        assert first["ts"] < second["ts"]
        for ts in noisy:
            playground.answer(ts)


def test_who_waits_for_the_model_is_told_so(playground: RunningPlayground, tmp_path: Path) -> None:
    with running_bot(playground, tmp_path, BOT_MODEL_RPM="6") as bot:
        for ts in [playground.say(f"{AT}what is 6*7?") for _ in range(2)]:
            assert "42" in playground.answer(ts)["text"]
        ts = playground.say(f"{AT}what is 5*5?")
        until(lambda: says(playground, ts) == "Busy right now: waiting for a turn at the model.")

        assert "25" in playground.answer(ts)["text"]
        assert says(playground, ts) == ""
        assert [call["args"]["thread_ts"] for call in playground.calls(SIGN)] == [ts]
        assert bot.log().count("Traceback") == 0


def _fill(playground: RunningPlayground, fleet: Fleet) -> list[str]:
    """Start two workers and give each its answer to write; one that is full may take a question, too."""
    full = fleet.start("worker")
    slow = [playground.say(f"{AT}/tokens 500 20")]
    playground.growing(slow[0])
    fleet.start("worker")
    full.process.send_signal(signal.SIGSTOP)
    slow.append(playground.say(f"{AT}/tokens 300 20"))
    playground.growing(slow[1])
    full.process.send_signal(signal.SIGCONT)
    return slow


def test_of_several_workers_one_tells_and_stop_takes_the_question_back(
    playground: RunningPlayground, database: Database, tmp_path: Path
) -> None:
    with running_fleet(playground, database, tmp_path, BOT_CONCURRENCY="1") as fleet:
        fleet.start("web")
        slow = _fill(playground, fleet)
        first, second = [playground.say(f"{AT}what is {sum_}?") for sum_ in ("6*7", "5*5")]
        until(lambda: says(playground, first) and says(playground, second))
        playground.post("stop", **{"as": ANNA}, channel=GENERAL, thread_ts=first)
        until(lambda: not says(playground, first), what="the end of a stopped question's sign")

        assert "25" in playground.answer(second)["text"]
        for ts in slow:
            playground.answer(ts)
        told = [
            call["args"]["thread_ts"]
            for call in playground.calls(SIGN)
            if "busy" in call["args"]["status"]
        ]
        assert sorted(told) == sorted([first, second])
        assert playground.answers(first) == []
