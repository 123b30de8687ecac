"""Settings, command line, log and package: what an admin meets first."""

import io
import json
import logging
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_settings, load_unknown, parse_settings
from bot.errors import ConfigError
from bot.slack.manifest import BOT_SCOPES, host_of, manifest
from bot.telemetry.log import bind, configure_logging, get_logger, masked, register_secret
from tests.playground import RunningPlayground, until

ROOT = Path(__file__).parents[2]
GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DASHSCOPE_API_KEY": "sk-1"}


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_settings(
            {
                "SLACK_BOT_TOKEN": "xoxp-1",
                "PORT": "many",
                "DASHSCOPE_BASE_URL": "https://{WorkspaceId}.x",
                "BOT_REPLY_IN_THREADS": "sometimes",
                "DATABASE_URL": "mysql://x",
                "BOT_STALL_SECONDS": "0",
            }
        )

    told = "\n".join(raised.value.problems)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "PORT", "DASHSCOPE_BASE_URL"):
        assert name in told
    for name in ("DASHSCOPE_API_KEY", "BOT_REPLY_IN_THREADS", "DATABASE_URL", "BOT_STALL_SECONDS"):
        assert name in told


MANY = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "abcdef",
    "SLACK_SIGNING_SECRET": "x",
    "BOT_SECRET_KEY": "k" * 32,
    "DASHSCOPE_API_KEY": "sk-1",
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "remove one or the other"),
        ({"SLACK_CLIENT_SECRET": ""}, "SLACK_CLIENT_SECRET is missing"),
        ({"SLACK_CLIENT_ID": ""}, "SLACK_CLIENT_ID is missing"),
        ({"BOT_SECRET_KEY": ""}, "BOT_SECRET_KEY is missing"),
        ({"BOT_SECRET_KEY": "short"}, "32 characters"),
        ({"BOT_SECRET_KEY": "k" * 32 + ",short"}, "32 characters"),
        ({"SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET"),
    ],
)
def test_mistakes_with_many_workspaces_are_told(change: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as raised:
        parse_settings({**MANY, **change})

    assert len(raised.value.problems) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-..."}, "SLACK_BOT_TOKEN is still the example's"),
        ({"SLACK_APP_TOKEN": "xapp-1\nxapp-2"}, "SLACK_APP_TOKEN has a space"),
        ({"DASHSCOPE_API_KEY": "sk-\N{CYRILLIC SMALL LETTER ES}"}, "a character in it"),
        ({"SLACK_API_URL": "http://[::1"}, "whole http"),
        ({"DASHSCOPE_BASE_URL": "https://host:port"}, "whole http"),
        ({"DATABASE_URL": "sqlite"}, "name a file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "name a file"),
        ({"DATABASE_URL": "postgres"}, "should start with"),
        ({"DATABASE_URL": "postgresql://me:a/b@host/x"}, "%2F"),
    ],
)
def test_what_would_fail_later_is_told_first(change: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as raised:
        parse_settings({**GOOD, **change})

    assert len(raised.value.problems) == 1


def test_many_workspaces_go_by_http_or_socket_mode() -> None:
    over_http = parse_settings(MANY)
    by_socket = parse_settings({**MANY, "SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1"})

    assert over_http.many_workspaces
    assert by_socket.socket_mode
    for secret in ("abcdef", "kkkk"):
        assert secret not in repr(over_http)


@pytest.mark.parametrize("path", ["", "/", "/compatible-mode/v1", "/compatible-api/v1/", "/api/v1"])
def test_an_address_copied_with_its_path_is_understood(path: str) -> None:
    origin = "https://ws-1.ap-southeast-1.maas.aliyuncs.com"

    assert (
        parse_settings({**GOOD, "DASHSCOPE_BASE_URL": origin + path}).dashscope_base_url == origin
    )


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("BOT_MODEL=from-file\nPORT=4000\n")

    settings = load_settings({**GOOD, "PORT": "5000"}, dotenv=file)

    assert (settings.model, settings.port) == ("from-file", 5000)
    assert "xoxb-1" not in repr(settings)
    assert "sk-1" not in repr(settings)


def test_the_file_may_come_from_windows(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfBOT_MODEL='one'\r\nPORT = 4000 # ours\r\n")
    settings = load_settings(GOOD, dotenv=file)
    file.write_text("BOT_MODEL=one\n", encoding="utf-16")

    assert (settings.model, settings.port) == ("one", 4000)
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(GOOD, dotenv=file)


def test_a_mistyped_setting_is_told_with_the_one_that_is_meant(tmp_path: Path) -> None:
    given = {**GOOD, "BOT_SYSTEM_PROMT": "x", "BOT_ZZZ": "x", "BOT_MODEL": "x"}

    assert load_unknown(given, dotenv=tmp_path / ".env") == {
        "BOT_SYSTEM_PROMT": "BOT_SYSTEM_PROMPT",
        "BOT_ZZZ": "",
    }


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    code = (ROOT / "bot" / "config.py").read_text()
    example = (ROOT / ".env.example").read_text()
    names = {
        line.lstrip("#").split("=")[0]
        for line in example.splitlines()
        if "=" in line and line[:2] != "# "
    }

    assert names >= {"SLACK_BOT_TOKEN", "BOT_MODEL"}
    for name in names:
        assert f'"{name}"' in code
    for word in code.split('"'):
        if word.startswith("BOT_") and word.isupper():
            assert word in names


def test_no_secret_reaches_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    register_secret("a-signing-secret")
    before = logging.getLogger().handlers, logging.getLogger().level
    configure_logging(level="debug", json=True)
    try:
        with bind(team="T1", turn=7):
            get_logger("slack").info(
                "said",
                token="xoxb-123-abc",
                nested={"key": ["sk-abcdef123456", "a-signing-secret"]},
                header="Authorization: Bearer abc.def",
            )
            logging.getLogger("other").warning("postgresql://me:hunter2@host/db xapp-1-A")
            get_logger("slack").error("failed", exc_info=ValueError("xoxb-999-zzz"))
    finally:
        logging.getLogger().handlers, level = before
        logging.getLogger().setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    told = json.dumps(lines)
    assert lines[0]["team"] == "T1"
    assert lines[0]["turn"] == 7
    for secret in ("123-abc", "sk-abcdef", "a-signing", "abc.def", "hunter2", "xapp-1", "zzz"):
        assert secret not in told
    assert masked("https://hooks.slack.com/commands/T1/2/abc").endswith("********")


def test_the_manifest_asks_for_what_the_bot_uses() -> None:
    http = manifest(host="bot.example.com", agent=True)
    socket = manifest(host=None, agent=False)

    assert http["oauth_config"]["redirect_urls"] == ["https://bot.example.com/slack/oauth_redirect"]
    assert "redirect_urls" not in socket["oauth_config"]
    assert http["settings"]["event_subscriptions"]["request_url"].startswith("https://bot.example")
    scopes = http["oauth_config"]["scopes"]
    assert set(scopes["bot"]) - set(scopes["bot_optional"]) == set(BOT_SCOPES)
    assert {one["command"] for one in http["features"]["slash_commands"]} >= {"/summarize"}
    assert socket["settings"]["socket_mode_enabled"]
    assert "agent_view" not in socket["features"]
    assert "assistant:write" not in socket["oauth_config"]["scopes"]["bot"]


@pytest.mark.parametrize(
    "given", ["bot.example.com", "https://bot.example.com/", " Bot.example.com"]
)
def test_a_host_may_be_copied_as_an_address(given: str) -> None:
    assert host_of(given).lower() == "bot.example.com"


@pytest.mark.parametrize("given", ["", "http://x.y", "x.y/slack/events", "a b"])
def test_what_is_no_host_is_none(given: str) -> None:
    assert host_of(given) == ""


def _bot(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200", **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_mistakes_are_told_in_words_not_traces(tmp_path: Path) -> None:
    told = _bot("run", folder=tmp_path)

    assert told.returncode == 2
    assert "SLACK_BOT_TOKEN is missing" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_database_without_tables_is_told_how_to_mend(tmp_path: Path) -> None:
    told = _bot("run", folder=tmp_path, **GOOD, DATABASE_URL="postgresql://nobody@127.0.0.1:1/x")

    assert told.returncode == 1
    assert "Traceback" not in told.stderr


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("something else, longer than a database's header " * 9)
    told = _bot("migrate", folder=tmp_path, DATABASE_URL="sqlite:///notes.txt")

    assert told.returncode == 1
    assert "notes.txt can't be used: file is not a database" in told.stderr
    assert "Traceback" not in told.stderr


def test_data_of_people_is_given_out_and_deleted_only_when_it_is_clear_whose(
    tmp_path: Path,
) -> None:
    migrated = _bot("migrate", folder=tmp_path)
    assert migrated.returncode == 0, "a release step has no secrets"
    told = _bot("data", "export", folder=tmp_path, **GOOD)
    both = _bot("data", "purge", "--user", "U1", "--channel", "C1", folder=tmp_path, **GOOD)
    _bot("data", "export", "--team", "T1", "--to", "all.jsonl", folder=tmp_path, **GOOD)
    deleted = _bot("data", "purge", "--team", "T1", "--yes", folder=tmp_path, **GOOD)
    unheard = _bot("inbox", "retry", "9" * 20, folder=tmp_path, **GOOD)

    assert (told.returncode, "--team" in told.stderr) == (2, True)
    assert (both.returncode, "not both" in both.stderr) == (2, True)
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o077 == 0, "nobody else reads it"
    assert (deleted.returncode, "0 conversations" in deleted.stderr) == (0, True)
    assert "Traceback" not in told.stderr + both.stderr + unheard.stderr


@pytest.fixture
def environ(playground: RunningPlayground) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "SLACK_APP_TOKEN": "xapp-playground",
        "SLACK_API_URL": f"{playground.url}/api/",
        "DASHSCOPE_API_KEY": "sk-playground",
        "DASHSCOPE_BASE_URL": playground.url,
    }


def test_check_is_content_when_all_is_well(environ: dict[str, str], tmp_path: Path) -> None:
    _bot("migrate", folder=tmp_path, **environ)
    told = _bot("check", folder=tmp_path, **environ)

    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("✓") == 5


def test_a_refused_connection_is_told_without_a_stack_trace(
    environ: dict[str, str], tmp_path: Path
) -> None:
    given = {"PATH": os.environ["PATH"], "PORT": "0", **environ, "SLACK_APP_TOKEN": "xapp-wrong"}
    log = tmp_path / "log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "bot", "run"]
        running = subprocess.Popen(command, env=given, cwd=tmp_path, stderr=file)
        try:
            until(lambda: "invalid_auth" in log.read_text(), what="the reason")
        finally:
            running.terminate()
            running.wait(30)

    assert "`bot check` says more" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_check_ends_with_a_remedy_and_without_a_password(
    environ: dict[str, str], tmp_path: Path
) -> None:
    wrong = {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"}
    told = _bot("check", folder=tmp_path, **{**environ, **wrong})

    assert told.returncode == 1
    assert "check DATABASE_URL" in told.stdout
    assert "hunter2" not in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_a_playground_whose_port_is_taken_says_so(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    port = playground.url.rpartition(":")[2]
    told = _bot("playground", "--port", port, folder=tmp_path)

    assert told.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_wheel_carries_all_that_the_commands_need(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "-w", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(io.BytesIO(wheel.read_bytes())).namelist())

    assert "bot/_migrations/env.py" in names
    assert "bot/_migrations/versions/0001_first_tables.py" in names
    assert "bot/model/catalogue.toml" in names
    for page in ("index.html", "app.js", "style.css", "markdown.js"):
        assert f"bot/playground/page/{page}" in names


def test_the_readme_has_the_two_commands() -> None:
    readme: Any = (ROOT / "README.md").read_text()

    assert (
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/bot playground" in readme
    )
    assert (
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest" in readme
    )
