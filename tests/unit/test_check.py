"""`bot check` names each mistake with its remedy."""

from pathlib import Path

import pytest

from bot.commands.check import Finding, check
from bot.config import parse_settings
from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from bot.slack.manifest import manifest
from tests.playground import RunningPlayground, nobody_at

OAUTH = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_CLIENT_ID": "1.playground",
    "SLACK_CLIENT_SECRET": "playground-client-secret",
    "BOT_SECRET_KEY": "k" * 32,
}
NOWHERE = "http://nowhere"
"""Stands for an address at which nobody listens."""
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2}


class Admin:
    """Whoever has filled in the settings, and tries them."""

    def __init__(self, playground: RunningPlayground, folder: Path) -> None:
        self.playground = playground
        self._environ = {
            "SLACK_BOT_TOKEN": playground.settings.bot_token,
            "SLACK_APP_TOKEN": playground.settings.app_token,
            "SLACK_API_URL": f"{playground.url}/api/",
            "DASHSCOPE_API_KEY": playground.settings.model.api_key,
            "DASHSCOPE_BASE_URL": playground.url,
            "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
        }

    async def tries(self, **change: str) -> list[Finding]:
        """What `bot check` finds with these settings in place of the right ones."""
        with nobody_at() as nowhere:
            tried = {name: value.replace(NOWHERE, nowhere) for name, value in change.items()}
            settings = parse_settings({**self._environ, **tried})
            return [finding async for finding in check(settings)]


@pytest.fixture
def admin(rehearsal: RunningPlayground, tmp_path: Path) -> Admin:
    return Admin(rehearsal, tmp_path)


@pytest.mark.parametrize("change", [{}, OAUTH, HTTP, {"BOT_FALLBACK_MODELS": "qwen3.7-max"}])
async def test_what_is_right_is_found_right(admin: Admin, change: dict[str, str]) -> None:
    found = await admin.tries(**change)

    assert all(finding.ok for finding in found), found
    assert len(found) == (5 if "BOT_FALLBACK_MODELS" in change else 4)


@pytest.mark.parametrize(
    ("part", "wrong", "remedy"),
    [
        ("Slack token", {"SLACK_BOT_TOKEN": "xoxb-wrong"}, "copy it again"),
        ("Slack token", {"SLACK_API_URL": f"{NOWHERE}/api/"}, "check the network"),
        ("Slack app", {**OAUTH, "SLACK_CLIENT_ID": "9.9"}, "SLACK_CLIENT_ID"),
        ("Slack app", {**OAUTH, "SLACK_CLIENT_SECRET": "wrong"}, "SLACK_CLIENT_SECRET"),
        ("Socket Mode", {"SLACK_APP_TOKEN": "xapp-wrong"}, "generate one"),
        ("signing secret", {**HTTP, "SLACK_SIGNING_SECRET": "xapp-1"}, "is another secret"),
        ("model", {"DASHSCOPE_API_KEY": "sk-wrong"}, "the key's own region"),
        ("model", {"DASHSCOPE_BASE_URL": NOWHERE}, "check DASHSCOPE_BASE_URL"),
        ("model", {"BOT_MODEL": "unknown"}, "check BOT_MODEL"),
        ("model", {"BOT_FALLBACK_MODELS": "unknown"}, "BOT_FALLBACK_MODELS"),
        ("database", {"DATABASE_URL": "sqlite:////nowhere/bot.db"}, "check DATABASE_URL"),
    ],
    ids=lambda value: next(reversed(value)) if isinstance(value, dict) else "",
)
async def test_each_mistake_is_named_with_its_remedy_and_nothing_else(
    admin: Admin, part: str, wrong: dict[str, str], remedy: str
) -> None:
    found = [finding for finding in await admin.tries(**wrong) if not finding.ok]

    assert part in {finding.part for finding in found}
    assert remedy in " ".join(finding.words for finding in found)
    assert all(finding.part == part for finding in found if "SLACK_API_URL" not in wrong)


async def test_another_server_in_slacks_place_is_told(admin: Admin) -> None:
    found = await admin.tries(SLACK_API_URL=f"{admin.playground.url}/nothing/")

    [wrong] = [finding for finding in found if finding.part == "Slack token"]
    assert "not as Slack does (HTTP 404)" in wrong.words


async def test_an_app_token_without_its_scope_is_told(admin: Admin) -> None:
    admin.playground.fault("apps.connections.open", "error", error="missing_scope")

    [wrong] = [finding for finding in await admin.tries() if not finding.ok]
    assert "lacks the scope connections:write" in wrong.words


async def test_a_signing_secret_that_looks_odd_is_doubted(admin: Admin) -> None:
    found = await admin.tries(**{**HTTP, "SLACK_SIGNING_SECRET": "a-secret"})

    [doubt] = [finding.words for finding in found if finding.part == "signing secret"]
    assert "this one does not" in doubt


@pytest.mark.parametrize(
    ("missing", "words", "is_enough"),
    [
        ("channels:history", "scopes are missing: channels:history", False),
        ("files:write", "it can't hand files back (files:write)", True),
    ],
)
async def test_a_missing_scope_is_named(
    tmp_path: Path, missing: str, words: str, is_enough: bool
) -> None:
    app = manifest(host=None, agent=True)
    app["oauth_config"]["scopes"]["bot"].remove(missing)
    model = ModelSettings(first_token_seconds=0)
    playground = RunningPlayground(PlaygroundSettings(manifest=app, model=model))
    found = await Admin(playground, tmp_path).tries()
    playground.close()

    [told] = [finding for finding in found if finding.part == "Slack token"]
    assert (told.ok, words in told.words) == (is_enough, True), told
