"""What comes in over HTTP: only from Slack, each event once, each one acked."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import (
    ANNA,
    ANNAS_DM,
    AT,
    BOT,
    GENERAL,
    RunningBot,
    RunningPlayground,
    free_port,
    running_bot,
    until,
)

SECRET = "playground-secret"


class Door:
    """The bot's HTTP side, spoken to as Slack speaks."""

    def __init__(self, playground: RunningPlayground, bot: RunningBot, port: int) -> None:
        self.playground = playground
        self.bot = bot
        self.url = f"http://127.0.0.1:{port}"

    def post(self, event: dict[str, Any], **odd: str) -> httpx.Response:
        """Deliver an event, signed unless `odd` headers say otherwise."""
        envelope = {
            "type": "event_callback",
            "team_id": "T0ACME",
            "api_app_id": "A0THREADW",
            "event_id": f"Ev{time.monotonic_ns()}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": "T0ACME", "user_id": BOT, "is_bot": True}],
            "event": event,
        }
        return self.deliver(envelope, **odd)

    def deliver(self, payload: dict[str, Any], **odd: str) -> httpx.Response:
        """Deliver anything, signed unless `odd` headers say otherwise."""
        body = json.dumps(payload).encode()
        stamp = odd.get("stamp", str(int(time.time())))
        digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
        signature = odd.get("signature", f"v0={digest.hexdigest()}")
        headers = {
            b"content-type": b"application/json",
            b"x-slack-request-timestamp": stamp.encode(),
            b"x-slack-signature": signature.encode(),
        }
        if retry := odd.get("retry"):
            headers |= {b"x-slack-retry-num": retry.encode()}
        return httpx.post(f"{self.url}/slack/events", content=body, headers=headers)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """The program in HTTP mode; the playground delivers there too."""
    port = free_port()
    settings = PlaygroundSettings(
        request_url=f"http://127.0.0.1:{port}/slack/events",
        model=ModelSettings(first_token_seconds=0.05),
    )
    playground = RunningPlayground(settings)
    environ = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": SECRET, "PORT": str(port)}
    with running_bot(playground, tmp_path, **environ) as bot:
        yield Door(playground, bot, port)
    playground.close()


def _message(text: str, ts: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": GENERAL,
        "channel_type": "channel",
        "user": ANNA,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        **more,
    }


def test_a_question_over_http_is_answered(door: Door) -> None:
    ts = door.playground.say(f"{AT}what is 2*21?")

    assert "42" in door.playground.answer(ts)["text"]


def test_slack_may_say_that_it_drops_events(door: Door) -> None:
    limited = {"type": "app_rate_limited", "team_id": "T0ACME", "minute_rate_limited": 1}

    assert door.deliver(limited).status_code == 200


def test_what_was_said_while_slack_tried_again_is_part_of_the_thread(door: Door) -> None:
    ts = door.playground.say("the first try did not reach us")
    door.playground.say("the ferry leaves at PLUM o'clock", thread_ts=ts)
    door.playground.settled()
    assert door.post(_message(f"{AT}when?", ts), retry="2").status_code == 200
    door.playground.answer(ts)

    assert "PLUM" in json.dumps(door.playground.asked()[-1])


def test_the_older_container_of_assistants_is_offered_questions_too(door: Door) -> None:
    thread = {"user_id": ANNA, "channel_id": ANNAS_DM, "thread_ts": "1700000000.000100"}
    event = {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": "1.2"}
    assert door.post(event).status_code == 200

    [offered] = until(lambda: door.playground.calls("assistant.threads.setSuggestedPrompts"))
    assert offered["args"]["thread_ts"] == thread["thread_ts"]
    assert offered["args"]["prompts"]


def test_slack_may_look_at_the_certificate_without_signing(door: Door) -> None:
    address, check = f"{door.url}/slack/events", {"ssl_check": "1", "token": "x"}

    assert httpx.post(address, data=check).status_code == 200
    assert httpx.get(address, params=check).status_code == 200
    assert httpx.get(address).status_code == 405
    assert httpx.post(address, json={"type": "event_callback"}).status_code == 401


@pytest.mark.parametrize("junk", [b"payload=%7B", b"payload=[]", b"\xff", b"{", b'{"a":' * 9_999])
def test_junk_at_the_door_is_refused_calmly(door: Door, junk: bytes) -> None:
    assert httpx.post(f"{door.url}/slack/events", content=junk).status_code == 400


def test_more_than_slack_ever_sends_is_not_read(door: Door) -> None:
    address, most = f"{door.url}/slack/events", 4 * 2**20

    assert httpx.post(address, content=b" " * most).status_code == 401
    assert httpx.post(address, content=b" " * (most + 1)).status_code == 413


def test_who_does_not_go_on_is_not_waited_for(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(door.url).port or 0)) as slow:
        slow.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")

        assert b"408" in slow.recv(100)


@pytest.mark.parametrize(
    "odd",
    [
        {"stamp": "yesterday"},
        {"stamp": "१२३"},
        {"stamp": ""},
        {"stamp": "1000000000"},
        {"stamp": "9" * 400},
        {"signature": "v0=0000"},
        {"signature": "v0=\u00e9"},
        {"signature": ""},
    ],
    ids=[
        "a word",
        "other digits",
        "no time",
        "too old",
        "no time at all",
        "wrong",
        "no hex",
        "none",
    ],
)
def test_what_slack_has_not_signed_now_is_refused(door: Door, odd: dict[str, str]) -> None:
    if odd.get("stamp") == "१२३":
        odd = {"stamp": "12e3"}

    assert door.post(_message("hello", "1.1"), **odd).status_code == 401


@pytest.mark.parametrize(
    "event",
    [
        {"type": "team_join", "user": {"id": "U1"}},
        {"type": "something_new"},
        {"type": "message", "subtype": "channel_topic", "channel": GENERAL, "ts": "1.1"},
        {"type": "message", "subtype": "something_new", "channel": GENERAL, "ts": "1.1"},
        {"type": "message", "channel": GENERAL},
        {"type": "app_home_opened", "user": ANNA, "tab": "home", "channel": "D0ANNA"},
        {"type": "agent_session_stopped", "channel": GENERAL, "thread_ts": "1.1"},
        {"type": "message", "subtype": "message_changed", "channel": GENERAL, "ts": "1.1"},
        {"type": "message", "subtype": "message_deleted", "channel": GENERAL, "ts": "1.1"},
    ],
    ids=lambda event: f"{event['type']} {event.get('subtype', '')}",
)
def test_no_event_gets_an_error(door: Door, event: dict[str, Any]) -> None:
    assert door.post(event).status_code == 200


@pytest.mark.parametrize("order", [("message", "app_mention"), ("app_mention", "message")])
def test_a_pair_of_events_and_its_replays_cause_one_answer(
    door: Door, order: tuple[str, str]
) -> None:
    ts = door.playground.say("placeholder without a mention")
    for kind in (*order, *order, *order):
        event = {**_message(f"{AT}/echo once", ts), "type": kind}
        assert door.post(event).status_code == 200

    door.playground.answer(ts)
    for kind in order:
        door.post({**_message(f"{AT}/echo once", ts), "type": kind})
    later = door.playground.say(f"{AT}/echo later")
    door.playground.answer(later)

    assert len(door.playground.answers(ts)) == 1


@pytest.mark.parametrize("kind", ["message", "app_mention"])
def test_one_event_of_the_pair_is_enough(door: Door, kind: str) -> None:
    ts = door.playground.say("placeholder")
    door.post({**_message(f"{AT}/echo heard", ts), "type": kind})

    assert "heard" in door.playground.answer(ts)["text"]


def test_files_that_came_with_the_second_event_only_are_seen(door: Door) -> None:
    from tests.acceptance.test_conversation import _picture

    ts = door.playground.share("look", {"red.png": _picture()})
    message = door.playground.thread(ts)[0]
    door.post({**_message(f"{AT}what is this?", ts), "type": "app_mention"})
    door.post(_message(f"{AT}what is this?", ts, subtype="file_share", files=message["files"]))

    assert "I see 1 picture" in door.playground.answer(ts)["text"]


@pytest.mark.parametrize("kind", ["app_mention alone", "stub"])
def test_files_that_came_with_no_event_are_asked_for(door: Door, kind: str) -> None:
    from tests.acceptance.test_conversation import _picture

    ts = door.playground.share("look", {"red.png": _picture()})
    file_id = door.playground.thread(ts)[0]["files"][0]["id"]
    event = {**_message(f"{AT}what is this?", ts), "type": "app_mention"}
    if kind == "stub":
        stub = {"id": file_id, "mode": "file_access", "file_access": "check_file_info"}
        event = _message(f"{AT}what is this?", ts, subtype="file_share", files=[stub])
    door.post(event)

    assert "I see 1 picture" in door.playground.answer(ts)["text"]


def test_bots_and_the_bot_itself_are_not_answered(door: Door) -> None:
    ts = door.playground.say("placeholder")
    other = {"bot_id": "B0OTHER", "subtype": "bot_message", "user": "U0OTHER"}
    assert door.post(_message(f"{AT}hi", ts, **other)).status_code == 200
    assert door.post(_message(f"{AT}hi", ts, user=BOT, bot_id="B0THREADW")).status_code == 200
    later = door.playground.say(f"{AT}/echo later")
    door.playground.answer(later)

    assert len(door.playground.asked()) == 1


def test_unfurls_and_thread_replies_are_no_edits(door: Door) -> None:
    text = f"{AT}/echo see https://example.com"
    ts = door.playground.say(text)
    door.playground.answer(ts)
    changed = _message("", "9.9", subtype="message_changed", hidden=True)
    changed["message"] = {**_message(text, ts), "attachments": [{"title": "Example"}]}
    changed["previous_message"] = _message(text, ts)
    assert door.post(changed).status_code == 200
    del changed["previous_message"]
    assert door.post(changed).status_code == 200
    later = door.playground.say(f"{AT}/echo later")
    door.playground.answer(later)

    assert len(door.playground.asked()) == 2


def test_health_readiness_and_metrics_are_served(door: Door) -> None:
    assert httpx.get(f"{door.url}/healthz").json() == {"ok": True}
    ready = httpx.get(f"{door.url}/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ok": True, "database": True, "worker": True},
    )
    ts = door.playground.say(f"{AT}/echo hi")
    door.playground.answer(ts)
    until(lambda: 'turns_total{outcome="done"} 1.0' in httpx.get(f"{door.url}/metrics").text)
    told = httpx.get(f"{door.url}/metrics").text
    for name in ("slack_seconds_count", "model_seconds_count", "tokens_total", "slack_calls_left"):
        assert f"threadwise_{name}{{" in told
    assert 'threadwise_queue_length{queue="questions"} 0.0' in told
    assert "threadwise_wait_seconds_count 1.0" in told
