"""Tokens are estimated safely, and the rule of who is answered holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.addressing import Approach, Company, Reading, read
from bot.conversation.tokens import estimate

SAMPLES = json.loads((Path(__file__).parents[2] / "samples" / "tokens.json").read_text())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_tokens_are_not_underestimated(sample: dict[str, Any]) -> None:
    guess = estimate(sample["text"])

    assert sample["tokens"] * 0.95 <= guess <= sample["tokens"] * 1.8


def _approach(**more: bool) -> Approach:
    usual = {"in_dm": False, "mentions_us": False, "mentions_others": False, "from_bot": False}
    return Approach(**{**usual, **more})


ALONE = Company(people=1, is_known_whole=True)
TWO = Company(people=2, is_known_whole=True)
UNREAD = Company(people=1, is_known_whole=False)


@pytest.mark.parametrize(
    ("message", "company", "mode", "reading"),
    [
        (_approach(mentions_us=True), None, "auto", Reading.ANSWER),
        (_approach(in_dm=True), None, "mention", Reading.ANSWER),
        (_approach(), None, "always", Reading.IGNORE),
        (_approach(), ALONE, "auto", Reading.ANSWER),
        (_approach(), TWO, "auto", Reading.LISTEN),
        (_approach(), UNREAD, "auto", Reading.LISTEN),
        (_approach(), TWO, "always", Reading.ANSWER),
        (_approach(), ALONE, "mention", Reading.LISTEN),
        (_approach(mentions_others=True), ALONE, "auto", Reading.LISTEN),
        (_approach(from_bot=True, mentions_us=True), None, "auto", Reading.IGNORE),
        (_approach(from_bot=True), ALONE, "always", Reading.LISTEN),
        (_approach(from_bot=True, in_dm=True, bot_is_allowed=True), None, "auto", Reading.IGNORE),
        (
            _approach(from_bot=True, mentions_us=True, bot_is_allowed=True),
            None,
            "auto",
            Reading.ANSWER,
        ),
    ],
)
def test_who_is_answered(
    message: Approach, company: Company | None, mode: Any, reading: Reading
) -> None:
    assert read(message, company, mode) is reading
