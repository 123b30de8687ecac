"""The commands that need no workspace: what a newcomer runs first."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.playground import ANNA, AT, BOT, GENERAL, RunningPlayground, free_port, until


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "COLUMNS": "200"}


@contextmanager
def _trial(folder: Path, **environ: str) -> Iterator[httpx.Client]:
    """`bot playground` on a machine with no other setting; asked to end at the end."""
    port = free_port()
    process = subprocess.Popen(
        _command("playground", "--port", str(port)), env={**_environ(), **environ}, cwd=folder
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


def _answered(client: httpx.Client) -> None:
    """Ask something in the playground, and wait for the answer."""
    said = {"as": ANNA, "channel": GENERAL, "text": f"{AT}what is 6*7?"}
    ts = client.post("/playground/messages", json=said).json()["ts"]

    def answer() -> list[str]:
        query = {"channel": GENERAL, "ts": ts, "as": ANNA}
        thread = client.get("/playground/thread", params=query).json()["messages"]
        return [one["text"] for one in thread if one.get("user") == BOT and "42" in one["text"]]

    assert len(until(answer, what="the answer")) == 1


def test_the_playground_has_the_bot_in_it_without_any_setting(tmp_path: Path) -> None:
    with _trial(tmp_path) as client:
        _answered(client)


def test_with_a_key_the_playground_asks_the_real_model(
    tmp_path: Path, rehearsal: RunningPlayground
) -> None:
    before = len(rehearsal.asked())
    key = rehearsal.settings.model.api_key
    settings = {"DASHSCOPE_API_KEY": key, "DASHSCOPE_BASE_URL": rehearsal.url}
    with _trial(tmp_path, **settings) as client:
        _answered(client)
        assert not client.get("/playground/model/requests").json()["requests"]

    assert len(rehearsal.asked()) > before


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
