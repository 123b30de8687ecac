"""What is loaded when: a command waits for no library that it does not use."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "av",
    "dateparser",
    "docx",
    "markdown_it",
    "openpyxl",
    "PIL",
    "pptx",
    "procrastinate",
    "psycopg",
    "trafilatura",
    "typst",
}
"""Used now and then, or on PostgreSQL only."""
SERVING = {"aiohttp", "httpx", "pydantic", "slack_bolt", "sqlalchemy", "starlette", "uvicorn"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [("bot.app", HEAVY), ("bot.schedule", HEAVY), ("bot.cli", HEAVY | SERVING)],
)
def test_what_is_used_now_and_then_is_not_loaded_at_the_start(
    module: str, unwanted: set[str]
) -> None:
    code = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.split(".")[0] for name in json.loads(told.stdout)}

    assert sorted(loaded & unwanted) == []
