"""`bot models` lists what the models can do, and what the account reaches."""

import io

import pytest
from rich.console import Console

from bot.commands.models import others, reachable, table
from bot.commands.tables import show
from bot.config import ModelAccess, load_model_access
from bot.errors import ConfigError, ModelMisconfigured
from bot.model import chat
from bot.model.catalogue import all_cards
from bot.model.connection import address, request_limit
from tests.playground import RunningPlayground


def _printed(reached: frozenset[str] | None, *, terminal: bool = False) -> str:
    out = io.StringIO()
    show(Console(file=out, width=60, force_terminal=terminal), table(reached))
    return out.getvalue()


async def test_the_account_is_asked_with_the_key(rehearsal: RunningPlayground) -> None:
    access = ModelAccess(base_url=rehearsal.url, api_key="sk-playground")
    reached = await reachable(access)

    assert "qwen3.7-plus" in reached
    assert others(reached) == ["qwen3-32b", "qwq-plus"]
    with pytest.raises(ModelMisconfigured):
        await reachable(ModelAccess(base_url=rehearsal.url, api_key="sk-wrong"))


def test_the_table_says_what_is_known_and_what_is_reached() -> None:
    row = next(line for line in _printed(None).splitlines() if "qwen3.6-plus" in line)
    assert "991,808" in row
    assert "2 / 12 CNY +" in row
    assert "reached" in _printed(frozenset({"qwen3.7-plus"}))
    assert "reached" not in _printed(None)


@pytest.mark.parametrize("terminal", [False, True])
def test_no_name_is_cut_off(terminal: bool) -> None:
    printed = _printed(None, terminal=terminal)

    assert all(card.name in printed for card in all_cards())
    assert "…" not in printed


def test_it_needs_no_slack_and_no_key() -> None:
    access = load_model_access({"DASHSCOPE_REGION": "cn-beijing", "DASHSCOPE_WORKSPACE_ID": "ws-1"})
    assert access.base_url == "https://ws-1.cn-beijing.maas.aliyuncs.com"
    assert access.api_key == ""
    with pytest.raises(ConfigError, match="DASHSCOPE_REGION"):
        load_model_access({"DASHSCOPE_REGION": "mars", "DASHSCOPE_WORKSPACE_ID": "ws-1"})


@pytest.mark.parametrize(
    "region",
    ["cn-beijing", "ap-southeast-1", "us-east-1", "eu-central-1", "cn-hongkong", "ap-northeast-1"],
)
def test_a_region_and_a_workspace_make_the_address(region: str) -> None:
    given = {"DASHSCOPE_REGION": region, "DASHSCOPE_WORKSPACE_ID": "llm-abc"}
    access = load_model_access(given)

    assert access.base_url == f"https://llm-abc.{region}.maas.aliyuncs.com"
    assert request_limit(access.base_url) == 64 * 1024 * 1024


def test_a_whole_address_wins_and_half_of_one_is_told() -> None:
    whole = {"DASHSCOPE_BASE_URL": "http://localhost:8080/", "DASHSCOPE_REGION": "cn-beijing"}
    assert load_model_access(whole).base_url == "http://localhost:8080"
    with pytest.raises(ConfigError, match="DASHSCOPE_WORKSPACE_ID"):
        load_model_access({"DASHSCOPE_REGION": "cn-beijing"})


@pytest.mark.parametrize(
    ("given", "base", "chat_at"),
    [
        ("https://h", "https://h", "https://h/compatible-mode/v1/chat/completions"),
        ("https://h/compatible-mode/v1/", "https://h", "https://h/compatible-mode/v1/chat/completions"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions"),
    ],
)  # fmt: skip
def test_an_address_may_be_pasted_as_the_examples_have_it(
    given: str, base: str, chat_at: str
) -> None:
    access = load_model_access({"DASHSCOPE_BASE_URL": given})

    assert access.base_url == base
    assert address(access.base_url, chat.PATH) == chat_at
