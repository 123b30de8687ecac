"""The admin's rules, as people meet them."""

from pathlib import Path

from bot.conversation.rules import NOT_HERE, NOT_YOU
from tests.playground import (
    ANNA,
    AT,
    BEN,
    ENGINEERING,
    GENERAL,
    RunningPlayground,
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


def _told(playground: RunningPlayground) -> int:
    """How often Ben sees the sentence."""
    query = {"channel": GENERAL, "as": BEN}
    return playground.http.get("/playground/history", params=query).text.count(NOT_YOU)
