"""An answer is asked for until it is whole, and never without end."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.conversation import asking
from bot.conversation.asking import MOST_ROUNDS, Asking
from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    Prompt,
    ReasoningDelta,
    Step,
    Text,
    TextDelta,
    ToolCall,
    UserTurn,
    Waiting,
)
from bot.conversation.ports import Abilities, Person
from bot.conversation.thread import ThreadKey
from bot.conversation.tools import Asker, Toolbox
from bot.errors import ModelBusy, ModelCut, ModelError, ModelStalled

END = Finished(reason=FinishReason.STOP)
CALL = ToolCall(id="c", name="nothing", arguments="{}")
PROMPT = Prompt(system="s", entries=(UserTurn(parts=(Text(text="hi"),)),), model="m")
ASKER = Asker(
    person=Person(id="U1", name="Anna"),
    key=ThreadKey(team_id="T", channel_id="C", thread_ts="1.0"),
    now=datetime(2026, 1, 1, tzinfo=UTC),
)


class Script:
    """A model that gives one answer after the other, the last of them for ever; failures break in."""

    def __init__(self, *answers: Sequence[Delta | ModelError], continues: bool = True) -> None:
        self.prompts: list[Prompt] = []
        self._answers = answers
        self._continues = continues

    def abilities(self, _model: str) -> Abilities:
        return Abilities(continues=self._continues)

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        answer = self._answers[min(len(self.prompts), len(self._answers) - 1)]
        self.prompts.append(prompt)
        for delta in answer:
            if isinstance(delta, ModelError):
                raise delta
            yield delta


class Sheet:
    """A reply that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""
        self.steps: list[Step] = []
        self.holds_on = False

    def hold_on(self) -> None:
        self.holds_on = True

    def write(self, text: str) -> None:
        self.text += text

    def step(self, step: Step) -> None:
        self.steps.append(step)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_RESCUE_PAUSE", 0)


async def _answered(model: Script) -> str:
    sheet = Sheet()
    port: Any = model
    reply: Any = sheet
    await Asking(port, Toolbox(()), reply, ASKER).answer(PROMPT)
    return sheet.text


async def test_a_model_that_calls_tools_for_ever_is_stopped() -> None:
    model = Script((TextDelta("Well."), CALL, Finished(reason=FinishReason.TOOL_CALLS)))
    text = await _answered(model)

    assert len(model.prompts) == MOST_ROUNDS + 1
    assert [prompt.may_call for prompt in model.prompts[-2:]] == [True, False]
    assert text.startswith("Well.\n\nWell.")


@pytest.mark.parametrize("failure", [ModelCut(), ModelBusy(), ModelStalled()], ids=repr)
async def test_what_breaks_off_goes_on_from_its_last_word(failure: ModelError) -> None:
    model = Script((TextDelta("one "), failure), (TextDelta("two"), END))

    assert await _answered(model) == "one two"
    assert model.prompts[1].prefix == "one "


async def test_thoughts_that_were_lost_are_thought_again() -> None:
    lost = (ReasoningDelta("hm"), ModelCut())
    model = Script(lost, (TextDelta("two"), END), continues=False)

    assert await _answered(model) == "two"
    assert model.prompts[1] == PROMPT


async def test_what_never_succeeds_is_not_tried_for_ever() -> None:
    words = [(TextDelta(word), ModelCut()) for word in ("one", "two", "three", "four")]
    for answers, tries in (
        (words, 3),
        ([(ReasoningDelta("hm"), ModelCut())], 3),
        ([(ModelCut(),)], 1),
    ):
        model = Script(*answers)
        with pytest.raises(ModelCut):
            await _answered(model)
        assert len(model.prompts) == tries


async def test_a_request_that_waits_is_shown_as_such() -> None:
    sheet = Sheet()
    port: Any = Script((Waiting(), TextDelta("Well."), END))
    reply: Any = sheet
    await Asking(port, Toolbox(()), reply, ASKER).answer(PROMPT)

    assert (sheet.holds_on, sheet.text) == (True, "Well.")
