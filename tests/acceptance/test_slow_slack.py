"""While Slack itself is slow, or we fail: what people press and command is acked in time, and answered."""

import sqlite3
from contextlib import closing

from bot.slack.timely import TROUBLE
from tests.playground import ANNA, ENGINEERING, GENERAL, RunningBot, RunningPlayground, until

SECONDS = 4.0
"""Slack waits three for an ack."""
ORDER = f"/digest <#{ENGINEERING}|eng> every weekday at 9:00 in Berlin"


def slow_down(playground: RunningPlayground, *methods: str) -> None:
    for method in methods:
        playground.fault(method, "delay", seconds=SECONDS, times=50)


def all_acked(playground: RunningPlayground) -> None:
    """Fail unless everything so far was acked, at the first try."""
    until(lambda: playground.events()[-1]["status"], what="the newest ack")
    assert [one for one in playground.events() if not one["delivered"] or one["attempt"]] == []


def heard(playground: RunningPlayground, words: str) -> None:
    """Wait until Anna alone is told this."""
    until(lambda: words in str(playground.ephemerals(ANNA)), what=words)


def test_a_command_and_its_button_are_answered_late(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    slow_down(playground, "conversations.info")
    [proposal] = playground.command(ORDER)
    assert "every weekday at 9:00" in str(proposal["blocks"])
    playground.click(proposal, "digest_save")
    heard(playground, "Saved: a digest")
    all_acked(playground)


def test_a_form_says_that_slack_is_slow_and_its_confirmation_holds_nothing_up(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    playground.post("commands", **{"as": ANNA}, channel=GENERAL, text="/digest")
    form = playground.view(callback_id="digest_form")
    filled = {"channels": [ENGINEERING], "place": GENERAL}
    slow_down(playground, "conversations.members", "chat.postEphemeral")
    told = playground.submit(form, filled)
    assert "Please try again" in str(told["errors"])
    assert not playground.submit(form, {"channels": [ENGINEERING]})["errors"]
    heard(playground, "Saved: a digest")
    all_acked(playground)


def test_a_summary_ordered_by_form_does_not_wait_for_the_person_s_time_zone(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    playground.shortcut(None, "summarize_form")
    form = playground.view(callback_id="summarize_form")
    slow_down(playground, "users.info")
    assert not playground.submit(form, {"channel": GENERAL, "since": "today"})["errors"]
    all_acked(playground)


def test_the_home_tab_comes_late_and_once(bot: RunningBot, playground: RunningPlayground) -> None:
    slow_down(playground, "views.publish")
    playground.home(saying="Your digests")
    all_acked(playground)
    assert len(playground.calls("views.publish")) == 1


def test_a_command_that_fails_says_so(bot: RunningBot, playground: RunningPlayground) -> None:
    with closing(sqlite3.connect(bot.log_path.parent / "bot.db")) as database:
        database.execute("DROP TABLE digests")
    [told] = playground.command("/digest list")
    assert told["text"] == TROUBLE
