"""Workspaces install the bot, use it side by side, and leave without a trace."""

import html
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from tests.playground import (
    ANNA,
    AT,
    BOT,
    GENERAL,
    RunningPlayground,
    free_port,
    running_bot,
    until,
)

OTHER, GRID = "T0OTHER", "E0GRID"


class Office:
    """The bot's HTTP side, an admin's browser, and the database file."""

    def __init__(self, playground: RunningPlayground, port: int, folder: Path) -> None:
        self.playground = playground
        self.url = f"http://127.0.0.1:{port}"
        self.database = folder / "bot.db"

    def offered(self) -> tuple[str, str]:
        """Open the install page; the button's address, and the cookie that came along."""
        page = httpx.get(f"{self.url}/slack/install")
        assert page.status_code == 200
        button = re.search(r'href="([^"]*oauth/v2/authorize[^"]*)"', page.text)
        assert button is not None
        cookie = page.headers["set-cookie"]
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        return html.unescape(button[1]), cookie.split(";")[0]

    def agree(self, authorize_url: str, choice: str) -> str:
        """Choose a workspace on Slack's page; where Slack sends the browser back to."""
        page = httpx.get(authorize_url)
        link = re.search(f'id="{choice}" href="([^"]*)"', page.text)
        assert link is not None, page.text
        decided = self.playground.http.get(html.unescape(link[1]), follow_redirects=False)
        return str(decided.headers["location"])

    def install(self, choice: str) -> httpx.Response:
        """All of it."""
        button, cookie = self.offered()
        return httpx.get(self.agree(button, choice), headers={"cookie": cookie})

    def ask(self, text: str, team_id: str, *, org: str = "") -> str:
        """Ask something in a workspace, which may belong to an organisation; the message's ts."""
        ts = self.playground.say("placeholder")
        ours = {
            "enterprise_id": org or None,
            "team_id": None if org else team_id,
            "user_id": BOT,
            "is_bot": True,
            "is_enterprise_install": bool(org),
        }
        event = {
            "type": "message",
            "channel": GENERAL,
            "channel_type": "channel",
            "user": ANNA,
            "team": team_id,
            "text": f"{AT}{text}",
            "ts": ts,
            "event_ts": ts,
        }
        self.playground.post("deliver", event=event, team_id=team_id, authorizations=[ours])
        return ts

    def teams_of(self, method: str) -> set[str]:
        """Whose tokens a method was called with."""
        return {call["args"].get("team", "") for call in self.playground.calls(method)}

    def kept(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of a table."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = PlaygroundSettings(
        request_url=f"{url}/slack/events",
        redirect_url=f"{url}/slack/oauth_redirect",
        model=ModelSettings(first_token_seconds=0.05, tokens_per_second=200),
    )
    playground = RunningPlayground(settings)
    environ = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_APP_TOKEN": "",
        "SLACK_CLIENT_ID": settings.client_id,
        "SLACK_CLIENT_SECRET": settings.client_secret,
        "SLACK_SIGNING_SECRET": settings.signing_secret,
        "BOT_SECRET_KEY": "k" * 40,
        "PORT": str(port),
    }
    with running_bot(playground, tmp_path, **environ):
        yield Office(playground, port, tmp_path)
    playground.close()


def test_a_workspace_installs_asks_and_leaves_without_a_trace(office: Office) -> None:
    early = office.ask("/echo too early", OTHER)
    page = office.install(OTHER)
    assert page.status_code == 200
    assert "&lt;Other&gt; &amp; Sons" in page.text
    assert "xoxb-" not in page.text
    [row] = office.kept("installations")
    assert OTHER in row
    assert "xoxb-" not in str(row)

    asked = office.ask("/echo hello", OTHER)
    assert "hello" in office.playground.answer(asked)["text"]
    assert office.teams_of("chat.startStream") == {OTHER}
    assert len(office.playground.calls("auth.test")) == 1
    stranger = office.ask("/echo not installed here", "T0ACME")
    office.playground.settled()
    assert not office.playground.answers(early)
    assert not office.playground.answers(stranger)

    office.playground.post("uninstall", team=OTHER)
    until(lambda: not office.kept("conversations"), what="the end of the workspace's data")
    for table in ("installations", "messages", "replies"):
        assert not office.kept(table)
    late = office.ask("/echo too late", OTHER)
    office.playground.settled()
    assert not office.playground.answers(late)
    assert not office.kept("messages"), "who has left is not listened to"


def test_an_organisation_installs_for_all_its_workspaces(office: Office) -> None:
    installed = office.install(GRID)
    assert installed.status_code == 200
    assert "app_redirect?app=" in installed.text
    assert "team=" not in installed.text, "it has many"

    for team_id in ("T0ONE", "T0TWO"):
        asked = office.ask("/echo hello", team_id, org=GRID)
        assert "hello" in office.playground.answer(asked)["text"]
    starts = office.playground.calls("chat.startStream")
    assert [call["args"]["team_id"] for call in starts] == ["T0ONE", "T0TWO"]
    assert office.teams_of("chat.startStream") == {GRID}

    withdrawn = {"type": "team_access_revoked", "team_ids": ["T0ONE"]}
    grid = {"enterprise_id": GRID, "team_id": None, "is_enterprise_install": True}
    office.playground.post("deliver", event=withdrawn, team_id=None, authorizations=[grid])
    until(lambda: [row[1] for row in office.kept("conversations")] == ["T0TWO"])
    asked = office.ask("/echo still here", "T0TWO", org=GRID)
    assert "still here" in office.playground.answer(asked)["text"]

    office.playground.post("uninstall", team=GRID)
    until(lambda: not office.kept("conversations"), what="the end of both workspaces' data")
    until(lambda: not office.kept("organisation_teams"))


def test_nobody_is_made_to_finish_another_ones_installation(office: Office) -> None:
    button, cookie = office.offered()
    _, elsewhere = office.offered()
    back = office.agree(button, OTHER)

    for wrong in ({}, {"cookie": elsewhere}, {"cookie": "threadwise-install="}):
        refused = httpx.get(back, headers=wrong)
        assert refused.status_code == 400
        assert "Start again" in refused.text
    assert httpx.get(f"{office.url}/slack/oauth_redirect").status_code == 400
    assert not office.kept("installations")

    assert httpx.get(back, headers={"cookie": cookie}).status_code == 200
    again = httpx.get(back, headers={"cookie": cookie})
    assert (again.status_code, "Start again" in again.text) == (400, True)


def test_what_goes_wrong_at_slack_ends_in_a_calm_page(office: Office) -> None:
    declined = office.install("cancel")
    assert "decided against it" in declined.text

    button, cookie = office.offered()
    state = dict(httpx.URL(button).params)["state"]
    forged = f"{office.url}/slack/oauth_redirect?code=%3Cscript%3E&state={state}"
    refused = httpx.get(forged, headers={"cookie": cookie})
    assert refused.status_code == 400
    assert "did not accept" in refused.text
    assert "<script" not in refused.text

    office.playground.fault("auth.test", "garbage")
    silent = office.install(OTHER)
    assert silent.status_code == 502
    assert "try again" in silent.text
    assert not office.kept("installations")
