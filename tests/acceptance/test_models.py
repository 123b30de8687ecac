"""Models that can do other things than the usual one, and DashScope's own protocol, as people meet them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.turn import NO_SEARCH
from bot.playground.model.mind_samples import long_text
from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import (
    AT,
    RunningPlayground,
    buttons,
    footer,
    running_bot,
    shown,
    steps,
    until,
)

LONG = "word " * 2_000


@contextmanager
def running_with(folder: Path, **environ: str) -> Iterator[RunningPlayground]:
    """A bot with these settings, and a model that answers at once."""
    model = ModelSettings(first_token_seconds=0.02, tokens_per_second=1_000)
    playground = RunningPlayground(PlaygroundSettings(model=model))
    try:
        with running_bot(playground, folder, **environ):
            yield playground
    finally:
        playground.close()


def _used(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / "bot.db")) as database:
        return database.execute(
            "SELECT model, input_tokens, cached_tokens, cost, currency, request_id FROM usage"
        ).fetchall()


@pytest.mark.parametrize("protocol", ["auto", "dashscope"])
def test_what_a_thread_says_again_and_again_is_cached_and_its_share_is_told(
    tmp_path: Path, protocol: str
) -> None:
    settings = {"BOT_MODEL": "qwen3.6-plus", "BOT_MODEL_PROTOCOL": protocol}
    with running_with(tmp_path, **settings) as here:
        ts = here.say(f"{AT}tell me about this: {LONG * 3}")
        here.answer(ts)
        for count in (2, 3):
            here.say(f"{AT}/echo {count}", thread_ts=ts)
            here.answer(ts, count=count)
        line = footer(here.answers(ts)[-1])
        used = until(lambda: _used(tmp_path)[2:], what="the third answer's figures")

    assert line.endswith(" % cached)")
    [(model, read, cached, cost, currency, request)] = used
    assert (model, currency) == ("qwen3.6-plus", "CNY")
    assert 0 < cached <= read
    assert cost > 0
    assert request


def test_a_model_that_cannot_search_says_so(tmp_path: Path) -> None:
    with running_with(tmp_path, BOT_MODEL="qwen3-32b") as here:
        answer = here.answer(here.say(f"{AT}search the web for the tallest tree"))

    assert NO_SEARCH in answer["text"]
    assert not any("earch" in title for title in steps(answer))


def test_a_prompt_is_no_longer_than_the_model_takes_whatever_the_settings_allow(
    tmp_path: Path,
) -> None:
    settings = {"BOT_CONTEXT_TOKENS": "1000000", "BOT_EMBEDDING_MODEL": "off"}
    with running_with(tmp_path, BOT_MODEL="qwen3.5-omni-flash", **settings) as here:
        log = b"Wind and rain, and nothing else to tell of this day.\n\n" * 30_000
        here.answer(here.share(f"{AT}what about the dredging?", {"log.txt": log}))
        shown = str(here.asked()[-1]["messages"])

    assert "left out …]" in shown
    assert len(shown) / 4 < 196_608


def test_a_model_that_cannot_go_on_says_so_and_is_asked_to_by_a_button(tmp_path: Path) -> None:
    with running_with(tmp_path, BOT_MODEL="qwen3-vl-plus") as here:
        ts = here.say(f"{AT}/length 300")
        cut = here.answer(ts)
        assert (
            shown(cut) == f"{long_text(600)[:300]}\n\n_The answer reached the length limit here._"
        )
        assert [one["action_id"] for one in buttons(cut)] == ["continue_reply", "regenerate_reply"]

        here.click(cut, "continue_reply")
        until(lambda: shown(here.answers(ts)[0]) == long_text(600), what="the rest")
        assert len(here.answers(ts)) == 1


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3-vl-plus"])
def test_a_search_has_its_sources_where_responses_do_not_serve_the_model(
    tmp_path: Path, model: str
) -> None:
    with running_with(tmp_path, BOT_MODEL=model) as here:
        answer = here.answer(here.say(f"{AT}search the web for the tallest tree"))

    assert list(steps(answer).values()) == ["complete"]
    assert "**Sources**\n1. [" in answer["text"]
