"""What many tests need: a playground, and the real program in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from bot.slack.manifest import manifest
from tests.playground import RunningBot, RunningPlayground, running_bot

SHARED = Path(__file__).parents[1] / "../shared"


@pytest.fixture
def playground() -> Iterator[RunningPlayground]:
    """A workspace and a model that answers at once."""
    model = ModelSettings(first_token_seconds=0.05, tokens_per_second=200)
    app = manifest(host=None, agent=True)
    running = RunningPlayground(PlaygroundSettings(model=model, manifest=app))
    yield running
    running.close()


@pytest.fixture(scope="session")
def rehearsal() -> Iterator[RunningPlayground]:
    """A model that answers without a pause, for all tests that talk to nothing else."""
    model = ModelSettings(first_token_seconds=0, tokens_per_second=20_000)
    running = RunningPlayground(PlaygroundSettings(model=model))
    yield running
    running.close()


@pytest.fixture
def bot(playground: RunningPlayground, tmp_path: Path) -> Iterator[RunningBot]:
    """The program, everything in one process, in Socket Mode."""
    with running_bot(playground, tmp_path) as running:
        yield running


@pytest.fixture
def shared() -> Path:
    """Recorded material beside the project; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the folder of recordings is not beside the project")
    return SHARED
