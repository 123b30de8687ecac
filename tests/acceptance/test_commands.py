"""The commands that need no workspace: what a newcomer runs first."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.playground import ANNA, AT, BOT, GENERAL, free_port, until


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "COLUMNS": "200"}


@contextmanager
def _trial(folder: Path, *options: str) -> Iterator[httpx.Client]:
    """`bot playground` on a machine without any setting; ended as by Ctrl-C."""
    port = free_port()
    process = subprocess.Popen(
        _command("playground", "--port", str(port), *options), env=_environ(), cwd=folder
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            until(lambda: _is_served(client), what="the page")
            yield client
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


def _is_served(client: httpx.Client) -> bool:
    try:
        return "<title>" in client.get("/").text
    except httpx.TransportError:
        return False


def test_the_playground_has_the_bot_in_it_without_any_setting(tmp_path: Path) -> None:
    with _trial(tmp_path) as client:
        said = {"as": ANNA, "channel": GENERAL, "text": f"{AT}what is 6*7?"}
        ts = client.post("/playground/messages", json=said).json()["ts"]

        def answer() -> list[str]:
            query = {"channel": GENERAL, "ts": ts, "as": ANNA}
            thread = client.get("/playground/thread", params=query).json()["messages"]
            return [one["text"] for one in thread if one.get("user") == BOT and "42" in one["text"]]

        assert len(until(answer, what="the answer")) == 1


def test_the_manifest_is_printed_for_whoever_creates_the_app(tmp_path: Path) -> None:
    def told(*options: str) -> dict[str, dict[str, object]]:
        printed = subprocess.run(
            _command("manifest", *options),
            env=_environ(),
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
            check=True,
        )
        found: dict[str, dict[str, object]] = json.loads(printed.stdout)
        return found

    assert told()["settings"]["socket_mode_enabled"] is True
    assert "agent_view" in told()["features"]
    assert "agent_view" not in told("--classic")["features"]
    over_http = told("--host", "bot.example.com")
    assert "https://bot.example.com/slack/events" in json.dumps(over_http)
