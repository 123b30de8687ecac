"""What the documents for admins name is there."""

import json
import re
from pathlib import Path

from prometheus_client import REGISTRY

import bot.telemetry.metrics  # noqa: F401  what is measured is registered by it

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _measured() -> set[str]:
    """Every name that `/metrics` may show."""
    names: set[str] = set()
    for family in REGISTRY.collect():
        if family.name.startswith("threadwise_"):
            ends = {
                "counter": ("_total",),
                "histogram": ("_bucket", "_sum", "_count"),
            }.get(family.type, ("",))
            names |= {family.name + end for end in ends}
    return names


def test_dashboard_and_alerts_look_at_figures_that_exist() -> None:
    panels = json.loads((DOCS / "grafana.json").read_text())["panels"]
    asked = " ".join(target["expr"] for panel in panels for target in panel.get("targets", ()))
    asked += (DOCS / "alerts.md").read_text()
    named = set(re.findall(r"threadwise_\w+", asked))

    assert len(named) > 12
    assert named <= _measured()


def test_all_that_is_measured_is_explained() -> None:
    explained = (DOCS / "alerts.md").read_text()
    for family in REGISTRY.collect():
        if family.name.startswith("threadwise_"):
            assert f"`{family.name.removeprefix('threadwise_')}" in explained


def test_settings_that_the_documents_name_exist() -> None:
    example = (ROOT / ".env.example").read_text()
    for page in DOCS.glob("*.md"):
        for name in set(re.findall(r"\b(?:BOT|SLACK|DASHSCOPE)_[A-Z_]+\b", page.read_text())):
            assert name in example, f"{page.name}: {name}"


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
