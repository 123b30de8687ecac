"""Who may use the bot, and where."""

import pytest

from bot.conversation.rules import Rules, Standing


@pytest.mark.parametrize(
    ("rules", "channel", "closed"),
    [
        (Rules(), "C1", False),
        (Rules(denied_channels=frozenset({"C1"})), "C1", True),
        (Rules(allowed_channels=frozenset({"C2"})), "C1", True),
        (Rules(allowed_channels=frozenset({"C1"})), "C1", False),
        (Rules(allowed_channels=frozenset({"C2"})), "D1", False),
        (Rules(denied_channels=frozenset({"D1"})), "D1", True),
        (Rules(allowed_channels=frozenset({"C2"})), "", False),
        (
            Rules(allowed_channels=frozenset({"C1"}), denied_channels=frozenset({"C1"})),
            "C1",
            True,
        ),
    ],
)
def test_channels_are_closed_by_either_list(rules: Rules, channel: str, *, closed: bool) -> None:
    assert rules.closes(channel) is closed


def test_people_are_refused_by_either_list() -> None:
    assert not Rules().refuses("U1")
    assert Rules(denied_users=frozenset({"U1"})).refuses("U1")
    assert Rules(allowed_users=frozenset({"U2"})).refuses("U1")
    assert not Rules(allowed_users=frozenset({"U1"})).refuses("U1")


def test_people_from_outside_are_refused_unless_the_admin_says_otherwise() -> None:
    assert Rules().refusal(Standing.EXTERNAL)
    assert not Rules(external=True).refusal(Standing.EXTERNAL)
    assert not Rules().refusal(Standing.GUEST)
    assert Rules(guests=False).refusal(Standing.GUEST)
    assert Rules().refusal(Standing.UNKNOWN), "where a rule hangs on it, it has to be known"
    assert not Rules(guests=False).refusal(Standing.MEMBER)


def test_slack_is_asked_only_where_a_rule_hangs_on_it() -> None:
    assert not Rules().depends_on_standing("U1", is_at_home=True)
    assert Rules().depends_on_standing("U1", is_at_home=False)
    assert Rules(guests=False).depends_on_standing("U1", is_at_home=True)
    assert not Rules(external=True).depends_on_standing("U1", is_at_home=False)
    listed = Rules(guests=False, allowed_users=frozenset({"U1"}))
    assert not listed.depends_on_standing("U1", is_at_home=False)
