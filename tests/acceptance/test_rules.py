"""The admin's rules, as people meet them."""

import sqlite3
from pathlib import Path

import pytest

from bot.conversation.rules import NOT_HERE, NOT_YOU
from bot.slack.forget_me import DONE, FORGET, KEPT, STAY
from tests.playground import (
    ANNA,
    ANNAS_DM,
    AT,
    BEN,
    ENGINEERING,
    GENERAL,
    RunningPlayground,
    buttons,
    running_bot,
    until,
)


def test_who_is_refused_hears_it_once_and_others_are_answered(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    rules = {"BOT_DENIED_USERS": BEN, "BOT_DENIED_CHANNELS": ENGINEERING}
    with running_bot(playground, tmp_path, **rules):
        refused = [playground.say(f"{AT}/echo no", who=BEN) for _ in range(2)]
        closed = playground.say(f"{AT}/echo no", who=ANNA, channel=ENGINEERING)
        answered = playground.say(f"{AT}/echo yes", who=ANNA)

        assert "yes" in playground.answer(answered)["text"]
        told = until(lambda: playground.calls("chat.postEphemeral")[1:], what="both sentences")
        words = {call["args"]["text"] for call in playground.calls("chat.postEphemeral")}
        assert words == {NOT_YOU, NOT_HERE}
        assert len(told) == 1
        for ts, channel in ((refused[0], GENERAL), (refused[1], GENERAL), (closed, ENGINEERING)):
            assert not playground.answers(ts, channel=channel)
        playground.post("commands", **{"as": BEN}, channel=GENERAL, text="/threadwise")
        until(lambda: _told(playground) >= 2, what="the answer to the command")
        playground.command(f"/summarize <#{ENGINEERING}|engineering>")
        until(lambda: "leave <#C0ENG> alone" in str(playground.ephemerals(ANNA)), what="a refusal")


@pytest.mark.parametrize("kind", ["drop_before", "status"])
def test_nobody_is_refused_in_silence_though_slack_is_busy_or_silent(
    playground: RunningPlayground, tmp_path: Path, kind: str
) -> None:
    with running_bot(playground, tmp_path, BOT_DENIED_USERS=ANNA):
        for method in ("chat.postEphemeral", "chat.postMessage"):
            playground.fault(method, kind, status=429, retry_after=1)
        playground.say(f"{AT}/echo no")
        playground.say("/echo no", channel=ANNAS_DM)
        until(lambda: NOT_YOU in str(playground.ephemerals(ANNA)), what="the sentence")
        until(lambda: NOT_YOU in str(playground.messages(ANNAS_DM)), what="the same, directly")


def test_buttons_and_forms_are_closed_to_who_is_refused_too(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    with running_bot(playground, tmp_path, BOT_DENIED_USERS=BEN):
        home = playground.home(BEN, saying="New digest")
        playground.click_in_view(home, "digest_new", who=BEN)
        assert NOT_YOU in str(playground.view(BEN)), "App Home has no place but a modal for it"
        playground.close_view(who=BEN)

        playground.shortcut(None, "summarize_form", who=BEN)
        assert NOT_YOU in str(playground.view(BEN))

        ts = playground.say(f"{AT}/fail cut", who=ANNA)
        failed = playground.answer(ts)
        retry = buttons(failed)[0]
        playground.click(failed, retry["action_id"], value=retry["value"], who=BEN)
        until(lambda: NOT_YOU in str(playground.ephemerals(BEN)), what="the sentence for Ben")
        assert len(playground.answers(ts)) == 1


def _told(playground: RunningPlayground) -> int:
    """How often Ben sees the sentence."""
    query = {"channel": GENERAL, "as": BEN}
    return playground.http.get("/playground/history", params=query).text.count(NOT_YOU)


def test_a_person_is_forgotten_after_a_second_thought_even_if_refused(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    database = tmp_path / "bot.db"
    with running_bot(playground, tmp_path) as bot:
        anna, ben = (playground.say(f"{AT}/echo i am {who}", who=who) for who in (ANNA, BEN))
        for ts in (anna, ben):
            playground.answer(ts)
        until(lambda: len(_kept(database)) == 4, what="questions and answers are kept")
        bot.terminate()
    with running_bot(playground, tmp_path, BOT_DENIED_USERS=ANNA):
        [asked] = playground.command("/threadwise forget me")
        playground.click(asked, STAY)
        until(lambda: KEPT in str(playground.ephemerals()), what="that nothing was deleted")
        assert len(_kept(database)) == 4

        [asked] = playground.command("/threadwise  Forget me")
        playground.click(asked, FORGET)
        until(lambda: DONE in str(playground.ephemerals()), what="that it is done")
        assert {text for text in _kept(database) if text} == {
            f"{AT}/echo i am {BEN}",
            f"i am {BEN}",
        }
        assert "i am" in playground.answers(anna)[0]["text"], "what stands in Slack stays"


def _kept(database: Path) -> list[str]:
    """Every text of a message or an answer that is there."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = connection.execute("SELECT text FROM messages UNION ALL SELECT text FROM replies")
        return [text for (text,) in found]
