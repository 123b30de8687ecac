"""Slack did what it was asked, or did not, and its answer is lost: still one message, each word once."""

from collections.abc import Iterator

import pytest

from bot.playground.model.mind_samples import long_text
from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import AT, RunningBot, RunningPlayground, is_done, running_bot, shown, until

FAULTS = (
    {"kind": "drop_after"},
    {"kind": "drop_after", "times": 3},
    {"kind": "drop_before"},
    {"kind": "error", "error": "internal_error"},
    {"kind": "garbage"},
    {"kind": "status", "status": 429, "retry_after": 1},
)
STREAMING = ("chat.startStream", "chat.appendStream", "chat.stopStream")
EDITING = ("chat.postMessage", "chat.update")
TOKENS = 60


@pytest.fixture(scope="module")
def playground() -> Iterator[RunningPlayground]:
    model = ModelSettings(first_token_seconds=0.05, tokens_per_second=200)
    running = RunningPlayground(PlaygroundSettings(model=model))
    yield running
    running.close()


@pytest.fixture(scope="module")
def bot(
    playground: RunningPlayground, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBot]:
    with running_bot(playground, tmp_path_factory.mktemp("bot")) as running:
        yield running


@pytest.mark.parametrize("method", [*STREAMING, *EDITING])
def test_one_message_whatever_becomes_of_slacks_answers(
    playground: RunningPlayground, bot: RunningBot, method: str
) -> None:
    for fault in FAULTS:
        if method in EDITING:  # the way it goes where a stream can't be started
            playground.fault("chat.startStream", "error", error="channel_type_not_supported")
        playground.fault(method, **fault)
        ts = playground.say(f"{AT}/tokens {TOKENS} 100")
        text = long_text(TOKENS * 4)

        def is_whole(ts: str = ts, text: str = text) -> bool:
            found = playground.answers(ts)
            return bool(found) and is_done(found[-1]) and shown(found[-1]).endswith(text[-40:])

        until(is_whole, what=f"a whole answer in spite of {method} {fault}")
        [answer] = playground.answers(ts)
        assert shown(answer) == text, (method, fault)
        playground.post("faults")


def test_both_ways_of_beginning_may_be_lost_in_a_row(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    for kind in ("drop_after", "drop_before"):
        playground.fault("chat.startStream", kind)
        playground.fault("chat.postMessage", "drop_after", times=2)
        playground.fault("conversations.replies", "drop_before", times=2)
        ts = playground.say(f"{AT}/tokens {TOKENS} 100")
        until(lambda ts=ts: any(is_done(one) for one in playground.answers(ts)))  # type: ignore[misc]
        [answer] = playground.answers(ts)
        assert shown(answer) == long_text(TOKENS * 4)
        playground.post("faults")
