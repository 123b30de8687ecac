"""An answer that is to be a value: taken out of what surrounds it, and mended once."""

from collections.abc import AsyncIterator

import pytest
from pydantic import BaseModel

from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    Prompt,
    Text,
    TextDelta,
    UserTurn,
)
from bot.errors import ContentRefused, ModelCut, UnfitAnswer
from bot.model.structured import complete, parse

PROMPT = Prompt(
    system="s",
    entries=(UserTurn(parts=(Text(text="x"),)),),
    model="m",
    thinking=True,
    max_tokens=10,
)


CUT = "[the connection breaks]"


class Sum(BaseModel):
    result: int


class Script:
    """A model that says one line after the other, and remembers what it was asked."""

    def __init__(self, *lines: str, reason: FinishReason = FinishReason.STOP) -> None:
        self.prompts: list[Prompt] = []
        self._lines = list(lines)
        self._reason = reason

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.prompts.append(prompt)
        line = self._lines.pop(0)
        for start in range(0, len(line), 3):
            yield TextDelta(line[start : start + 3])
        if line.endswith(CUT):
            raise ModelCut
        yield Finished(reason=self._reason)


@pytest.mark.parametrize(
    "text",
    [
        '{"result": 2}',
        'Sure:\n```json\n{"result": 2}\n```\nDone.',
        'It is {"result": "2"}, I think',
    ],
)
def test_the_object_is_found(text: str) -> None:
    assert parse(text, Sum) == Sum(result=2)


async def test_what_does_not_fit_is_mended_by_one_more_request() -> None:
    script = Script('{"result": "two"}', '{"result": 2}')

    assert await complete(script.stream, PROMPT, Sum) == Sum(result=2)
    first, second = script.prompts
    assert "JSON" in first.system, "JSON mode wants the word"
    assert not first.thinking
    assert first.max_tokens is None, "a limit would cut the object"
    assert "result: Input should be a valid integer" in str(second.entries[-1])


async def test_what_broke_off_is_asked_for_once_more() -> None:
    script = Script('{"resu' + CUT, '{"result": 2}')
    assert await complete(script.stream, PROMPT, Sum) == Sum(result=2)
    assert script.prompts[0] == script.prompts[1]

    with pytest.raises(ModelCut):
        await complete(Script(CUT, CUT).stream, PROMPT, Sum)


async def test_a_second_misfit_is_told() -> None:
    script = Script("no", "no")
    with pytest.raises(UnfitAnswer, match="no JSON object"):
        await complete(script.stream, PROMPT, Sum)
    assert len(script.prompts) == 2


async def test_what_was_filtered_is_no_misfit() -> None:
    script = Script("{", reason=FinishReason.FILTERED)
    with pytest.raises(ContentRefused):
        await complete(script.stream, PROMPT, Sum)
