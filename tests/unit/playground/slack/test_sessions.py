"""The assistant's status as Slack shows it: words, until a message, another status or nothing."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import sessions
from tests.playground import ANNA, AT, GENERAL, RunningPlayground, until

TEAM = "T0ACME"


def session(playground: RunningPlayground, ts: str) -> dict[str, Any]:
    state = playground.http.get("/playground/state", params={"as": ANNA}).json()
    return next(one for one in state["sessions"] if one["thread_ts"] == ts)


@pytest.mark.parametrize("how", ["post", "stream", "clear"])
async def test_words_stand_until_the_app_says_something(
    playground: RunningPlayground, slack: AsyncWebClient, how: str
) -> None:
    ts = playground.say(f"{AT}hi")
    place: dict[str, Any] = {"channel_id": GENERAL, "thread_ts": ts}
    await slack.assistant_threads_setStatus(
        **place, status="is busy", loading_messages=["Busy right now."]
    )
    shown = session(playground, ts)
    assert (shown["words"], shown["loading"]) == ("is busy", ["Busy right now."])

    match how:
        case "post":
            await slack.chat_postMessage(channel=GENERAL, thread_ts=ts, text="Hello.")
        case "stream":
            await slack.chat_startStream(
                channel=GENERAL, thread_ts=ts, recipient_user_id=ANNA, recipient_team_id=TEAM
            )
        case _:
            await slack.assistant_threads_setStatus(**place, status="")
    assert session(playground, ts).keys().isdisjoint({"words", "loading"})


async def test_words_end_by_themselves_in_a_while(
    playground: RunningPlayground, slack: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_STATUS_SECONDS", 0.1)
    ts = playground.say(f"{AT}hi")
    await slack.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=ts, status="is busy")

    until(lambda: session(playground, ts)["status"] == "active")
    assert "words" not in session(playground, ts)


async def test_too_many_loading_messages_are_refused(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    ts = playground.say(f"{AT}hi")
    with pytest.raises(Exception, match="invalid_arguments"):
        await slack.assistant_threads_setStatus(
            channel_id=GENERAL, thread_ts=ts, status="is busy", loading_messages=["x"] * 11
        )
