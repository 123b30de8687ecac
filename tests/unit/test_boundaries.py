"""Who may import whom: the arrows of bot/__init__.py, and each library in its own room."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "bot"
ROOMS = {
    "conversation": {"conversation", "errors"},
    "slack": {"slack", "conversation", "errors", "telemetry"},
    "model": {"model", "conversation", "errors", "telemetry"},
    "store": {"store", "conversation", "errors", "telemetry"},
    "work": {"work", "conversation", "errors", "telemetry"},
    "reading": {"reading", "conversation", "errors"},
    "export": {"export", "conversation", "errors"},
    "playground": {"playground"},
    "telemetry": {"telemetry", "errors"},
    "errors": set(),
    "config": {"errors", "variables"},
    "variables": set(),
}
LIBRARIES = {
    "dateparser": {"conversation.summaries.timespans"},
    "httpx": {"model", "slack.files", "assembly.desks"},
    "httpx_aiohttp": {"model"},
    "trafilatura": {"reading"},
    "webencodings": {"reading"},
    "av": {"reading"},
    "bs4": {"reading"},
    "charset_normalizer": {"reading"},
    "lxml": {"reading"},
    "mammoth": {"reading"},
    "markdownify": {"reading"},
    "odfdo": {"reading"},
    "olefile": {"reading"},
    "pypdfium2": {"reading"},
    "python_calamine": {"reading"},
    "striprtf": {"reading"},
    "PIL": {"reading"},
    "pillow_heif": {"reading"},
    "docx": {"export", "reading"},
    "manimgx_fonts": {"export"},
    "manimgx_fonts_cjk": {"export"},
    "markdown_it": {"export"},
    "openpyxl": {"export", "reading"},
    "pptx": {"export", "reading"},
    "typst": {"export"},
    "sqlalchemy": {"store", "assembly.stored", "commands.check"},
    "alembic": {"store"},
    "cryptography": {"store"},
    "aiosqlite": {"store"},
    "psycopg": {"store"},
    "procrastinate": {"store"},
    "slack_sdk": {"slack"},
    "slack_bolt": {"slack"},
    "apscheduler": {"work", "schedule"},
    "dotenv": {"config"},
    "structlog": {"telemetry"},
    "prometheus_client": {"telemetry", "web"},
    "opentelemetry": {"telemetry.tracing"},
    "typer": {"cli", "commands"},
}


def broken_arrows(root: Path) -> Iterator[str]:
    """Every import that goes where it may not, in words."""
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for name in _imports(path):
            if name.startswith("bot."):
                yield from _broken_room(module, name.removeprefix("bot."))
            else:
                yield from _broken_library(module, name.split(".")[0])


def _broken_room(module: str, target: str) -> Iterator[str]:
    allowed = ROOMS.get(module.split(".")[0])
    if allowed is not None and target.split(".")[0] not in allowed:
        yield f"{module} may not import bot.{target}"


def _broken_library(module: str, library: str) -> Iterator[str]:
    homes = LIBRARIES.get(library)
    if module.startswith("playground") or homes is None:
        return
    if not any(module == home or module.startswith(f"{home}.") for home in homes):
        yield f"{module} may not import {library}"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "bot":
                yield from (f"bot.{alias.name}" for alias in node.names)
            else:
                yield node.module


def test_no_arrow_is_broken() -> None:
    assert list(broken_arrows(ROOT)) == []


def test_a_broken_arrow_is_named(tmp_path: Path) -> None:
    for room, text in {
        "conversation": "from bot.store.db import Writer\nimport httpx\n",
        "playground": "import bot.errors\n",
    }.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "planted.py").write_text(text)

    assert set(broken_arrows(tmp_path)) == {
        "conversation.planted may not import bot.store.db",
        "conversation.planted may not import httpx",
        "playground.planted may not import bot.errors",
    }
