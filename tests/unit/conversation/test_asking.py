"""An answer is asked for until it is whole, and never without end."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.conversation.asking import MOST_ROUNDS, Asking
from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    Prompt,
    Step,
    Text,
    TextDelta,
    ToolCall,
    UserTurn,
)
from bot.conversation.ports import Abilities, Person
from bot.conversation.thread import ThreadKey
from bot.conversation.tools import Asker, Toolbox

CALL = ToolCall(id="c", name="nothing", arguments="{}")
PROMPT = Prompt(system="s", entries=(UserTurn(parts=(Text(text="hi"),)),), model="m")
ASKER = Asker(
    person=Person(id="U1", name="Anna"),
    key=ThreadKey(team_id="T", channel_id="C", thread_ts="1.0"),
    now=datetime(2026, 1, 1, tzinfo=UTC),
)


class Script:
    """A model that says the same to every prompt."""

    def __init__(self, *deltas: Delta) -> None:
        self.prompts: list[Prompt] = []
        self._deltas = deltas

    def abilities(self, _model: str) -> Abilities:
        return Abilities()

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.prompts.append(prompt)
        for delta in self._deltas:
            yield delta


class Sheet:
    """A reply that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""
        self.steps: list[Step] = []

    def write(self, text: str) -> None:
        self.text += text

    def step(self, step: Step) -> None:
        self.steps.append(step)


async def _answer(*deltas: Delta) -> tuple[FinishReason, Sequence[Prompt], str]:
    model, sheet = Script(*deltas), Sheet()
    port: Any = model
    reply: Any = sheet
    reason = await Asking(port, Toolbox(()), reply, ASKER).answer(PROMPT)
    return reason, model.prompts, sheet.text


async def test_a_model_that_calls_tools_for_ever_is_stopped() -> None:
    end = Finished(reason=FinishReason.TOOL_CALLS)
    _, prompts, text = await _answer(TextDelta("Well."), CALL, end)

    assert len(prompts) == MOST_ROUNDS + 1
    assert [prompt.may_call for prompt in prompts[-2:]] == [True, False]
    assert text.startswith("Well.\n\nWell.")
