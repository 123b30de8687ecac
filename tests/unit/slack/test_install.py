"""Why a workspace has not got the bot is told to the one who can mend it."""

import pytest

from bot.slack.install.oauth import CLOSED, CODE_REFUSED, MISCONFIGURED, MISDIRECTED, why_refused


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("code_already_used", CODE_REFUSED),
        ("bad_client_secret", MISCONFIGURED),
        ("bad_redirect_uri", MISDIRECTED),
        ("invalid_team_for_non_distributed_app", CLOSED),
    ],
)
def test_a_refusal_says_whose_matter_it_is(code: str, words: str) -> None:
    assert why_refused(code) == words


def test_an_unknown_refusal_is_told_in_slacks_word() -> None:
    assert "(org_login_required)" in why_refused("org_login_required")
