"""What an admin sets reaches the place where it counts, in the running program."""

from pathlib import Path

import httpx

from bot.conversation.rules import NO_GUESTS, NOT_HERE, NOT_YOU
from bot.slack.channel_form import SAVED
from tests.playground import (
    ANNA,
    AT,
    BEN,
    CHEN,
    ENGINEERING,
    GENERAL,
    RunningBot,
    RunningPlayground,
    footer,
    free_port,
    running_bot,
    until,
)
from tests.unit.reading.filmed import speech


def test_how_it_answers_is_the_admins_to_say(playground: RunningPlayground, tmp_path: Path) -> None:
    settings = {
        "BOT_SYSTEM_PROMPT": "Speak like a lighthouse keeper.",
        "BOT_PRESET": "creative",
        "BOT_THINKING": "on",
        "BOT_THINKING_BUDGET": "77",
        "BOT_MAX_TOKENS": "555",
        "BOT_TOOLS": "calculate",
        "BOT_WEB_SEARCH": "off",
        "BOT_REPLY_IN_THREADS": "always",
        "BOT_MODEL": "qwen3.6-plus",
        "BOT_CONTEXT_TOKENS": "2000",
        "BOT_FILE_MAX_MB": "1",
    }
    with running_bot(playground, tmp_path, **settings):
        files = {"large.txt": b"a" * (1024 * 1024 + 1)}
        ts = playground.share(f"{AT}search the web: what is a tide?", files)
        answer = playground.answer(ts)
        asked = playground.asked()[-1]
        assert "it is larger than 1 MB" in answer["text"]
        assert "Speak like a lighthouse keeper." in str(asked["messages"][0])
        assert asked["model"] == "qwen3.6-plus"
        assert (asked["enable_thinking"], asked["thinking_budget"]) == (True, 77)
        assert asked["max_tokens"] == 555
        assert [tool["function"]["name"] for tool in asked["tools"]] == ["calculate"]
        assert "enable_search" not in asked
        playground.say("And how high is it?", who=BEN, thread_ts=ts)
        playground.answer(ts, count=2)


def test_who_and_where_is_the_admins_to_say(playground: RunningPlayground, tmp_path: Path) -> None:
    guest = playground.add_person("gus", channels=[GENERAL], is_restricted=True)
    stranger = playground.add_person("sam", channels=[GENERAL], is_stranger=True)
    settings = {
        "BOT_ALLOWED_CHANNELS": GENERAL,
        "BOT_GUESTS": "deny",
        "BOT_EXTERNAL": "allow",
        "BOT_ALLOWED_BOTS": "B0DEPLOY",
        "BOT_SOCKET_CONNECTIONS": "3",
    }
    with running_bot(playground, tmp_path, **settings) as bot:
        until(lambda: bot.log().count("socket mode connected") == 3)
        elsewhere = playground.say(f"{AT}/echo no", channel=ENGINEERING)
        refused = playground.say(f"{AT}/echo no", who=guest)
        from_outside = playground.say(f"{AT}/echo yes", who=stranger)
        assert "yes" in playground.answer(from_outside)["text"]
        root = playground.say("The build is red.")
        _tell(playground, f"{AT}/echo it is", root)
        assert "it is" in playground.answer(root)["text"]
        until(lambda: NO_GUESTS in str(playground.ephemerals(guest)), what="the sentence")
        until(lambda: NOT_HERE in str(playground.ephemerals(ANNA, ENGINEERING)), what="the other")
        assert not playground.answers(elsewhere, channel=ENGINEERING)
        assert not playground.answers(refused)


def _tell(playground: RunningPlayground, text: str, root: str) -> None:
    """Another app's bot writes in a thread."""
    event = {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B0DEPLOY",
        "channel": GENERAL,
        "channel_type": "channel",
        "text": text,
        "ts": f"{float(root) + 0.5:.6f}",
        "thread_ts": root,
    }
    playground.post("deliver", event=event)


def test_only_some_people_may_be_answered(playground: RunningPlayground, tmp_path: Path) -> None:
    with running_bot(playground, tmp_path, BOT_ALLOWED_USERS=ANNA):
        refused = playground.say(f"{AT}/echo no", who=CHEN)
        assert "yes" in playground.answer(playground.say(f"{AT}/echo yes"))["text"]
        until(lambda: NOT_YOU in str(playground.ephemerals(CHEN)), what="the sentence")
        assert not playground.answers(refused)


def test_how_long_the_model_may_be_silent_is_the_admins_to_say(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    settings = {"BOT_FIRST_TOKEN_SECONDS": "0.5", "BOT_STALL_SECONDS": "0.5"}
    with running_bot(playground, tmp_path, **settings):
        silent = playground.say(f"{AT}/wait 600")
        stalled = playground.say(f"{AT}/fail stall")
        for ts in (silent, stalled):
            assert ":warning:" in playground.answer(ts)["text"]


def test_another_protocol_and_another_ear_are_the_admins_to_choose(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    port = free_port()
    settings = {
        "BOT_MODEL_PROTOCOL": "responses",
        "BOT_AUDIO_MODEL": "qwen3.5-omni-flash",
        "BOT_EMBEDDING_MODEL": "off",
        "PORT": str(port),
    }
    with running_bot(playground, tmp_path, **settings):
        clip = {"note.m4a": speech(tmp_path / "note.m4a").read_bytes()}
        playground.answer(playground.share(f"{AT}what does it say?", clip))
        heard, asked = playground.asked()[-2:]
        assert heard["model"] == "qwen3.5-omni-flash"
        assert "input" in asked, "the protocol's own word"
        long = {"log.txt": b"Nothing to tell of this day, but rain.\n\n" * 20_000}
        playground.answer(playground.share(f"{AT}what about the dredging?", long))
        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'model_calls_total{model="qwen3.7-plus"' in told
        assert "text-embedding" not in told


def test_a_channel_has_settings_of_its_own(playground: RunningPlayground, bot: RunningBot) -> None:
    playground.post("commands", **{"as": ANNA}, channel=GENERAL, text="/threadwise settings")
    form = playground.view(callback_id="channel_settings")
    chosen = {
        "preset": "code",
        "thinking": "on",
        "replies": "always",
        "instructions": "Speak Latin.",
    }
    assert not playground.submit(form, chosen).get("errors")
    until(lambda: SAVED in str(playground.ephemerals(ANNA)), what="word that it is saved")

    ts = playground.say(f"{AT}what is a quay?")
    assert " · code · " in footer(playground.answer(ts))
    asked = playground.asked()[-1]
    assert asked["enable_thinking"]
    assert "Speak Latin." in str(asked["messages"][0])
    playground.say("And a pier?", who=BEN, thread_ts=ts)
    playground.answer(ts, count=2)

    elsewhere = playground.say(f"{AT}what is a quay?", channel=ENGINEERING)
    assert " · balanced · " in footer(playground.answer(elsewhere, channel=ENGINEERING))
    assert "Speak Latin." not in str(playground.asked()[-1]["messages"][0])
