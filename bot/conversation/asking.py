"""Asking the model: its words go into the reply as they come, its tool calls are answered.

An answer that breaks off (the output limit, a lost connection) goes on from its last character
where the model can do that ("Partial mode").
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.conversation.messages import (
    AssistantTurn,
    Delta,
    Finished,
    FinishReason,
    Prompt,
    ReasoningDelta,
    Source,
    Step,
    StepState,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
    Waiting,
)
from bot.conversation.ports import Model, Reply
from bot.conversation.tools import Asker, Toolbox, Used
from bot.errors import (
    ContentRefused,
    ModelBusy,
    ModelCut,
    ModelError,
    ModelStalled,
    ModelUnavailable,
)

MOST_ROUNDS = 6
"""So often a model may call tools before it has to answer."""
_MOST_CONTINUATIONS = 3
"""So often an answer that reached the output limit is continued by itself."""
_MOST_RESCUES = 2
"""So often an answer whose connection broke is taken up again."""
_RESCUE_PAUSE = 0.5
_BROKEN = (ModelBusy, ModelCut, ModelStalled, ModelUnavailable)
_THOUGHTS = "thinking"


@dataclass(slots=True)
class _Said:
    """What one request has brought."""

    text: str = ""
    reasoning: list[str] = field(default_factory=list)
    calls: tuple[ToolCall, ...] = ()
    reason: FinishReason = FinishReason.STOP


class Asking:
    """One answer being asked for; what it took is kept here."""

    def __init__(self, model: Model, toolbox: Toolbox, reply: Reply, asker: Asker) -> None:
        self.request_id = ""
        self.sources: dict[str, Source] = {}
        self._model = model
        self._toolbox = toolbox
        self._reply = reply
        self._asker = asker
        self._thinking_since: float | None = None
        self._rounds = 0
        self._settled = 0
        """Characters of the reply that stand in the prompt's own entries: said before tools ran."""

    @property
    def has_used_tools(self) -> bool:
        """Whether the answer rests on what tools have given."""
        return self._rounds > 0

    async def answer(self, prompt: Prompt) -> FinishReason:
        """Write the whole answer. Raises ModelError; ContentRefused where it was filtered."""
        can_continue = self._model.abilities(prompt.model).continues
        continuations = rescues = 0
        while True:
            began_with, said = len(self._reply.text), _Said()
            try:
                await self._request(prompt, said)
            except _BROKEN:
                has_words = len(self._reply.text) > began_with
                # Lost thoughts are thought again; lost words are only gone on from.
                can_rescue = can_continue if has_words else bool(said.reasoning)
                if not can_rescue or rescues == _MOST_RESCUES:
                    raise
                rescues += 1
                await asyncio.sleep(_RESCUE_PAUSE)
                prompt = self._go_on(prompt) if has_words else prompt
                continue
            if said.calls and prompt.may_call:
                prompt = await self._answered(prompt, said)
                continue
            if said.reason is not FinishReason.LENGTH or prompt.max_tokens is not None:
                return said.reason
            if not can_continue or continuations == _MOST_CONTINUATIONS or not said.text:
                return said.reason
            continuations += 1
            prompt = self._go_on(prompt)

    def _go_on(self, prompt: Prompt) -> Prompt:
        return replace(prompt, prefix=self._reply.text[self._settled :].lstrip("\n"))

    async def _request(self, prompt: Prompt, said: _Said) -> None:
        """One request. The loop runs for every token of every reply: keep it bare."""
        writer = self._writer(prompt)
        write = writer.write
        text: list[str] = []
        try:
            async for delta in self._model.stream(prompt):
                if type(delta) is TextDelta:
                    if not text:
                        self._thought()
                    text.append(delta.text)
                    write(delta.text)
                else:
                    self._take(delta, said)
        finally:
            self._thought()
            writer.end()
        if said.reason is FinishReason.FILTERED:
            raise ContentRefused(request_id=self.request_id)
        said.text = "".join(text)

    def _take(self, delta: Delta, said: _Said) -> None:
        """Everything that is not the answer's own words."""
        match delta:
            case ReasoningDelta():
                said.reasoning.append(delta.text)
                self._think(delta.text)
            case ToolCall():
                said.calls += (delta,)
            case Step():
                self._cite(delta.sources)
                self._reply.step(delta)
            case Finished():
                said.reason = delta.reason
                self.request_id = delta.request_id
            case Waiting():
                self._reply.hold_on()
            case TextDelta() | Usage():
                pass  # the loop above writes the one, and whoever asks has counted the other

    def _writer(self, prompt: Prompt) -> "Continuation | Paragraph":
        reply = self._reply
        if prompt.prefix:
            return Continuation(reply, prompt.prefix, reply.text[: self._settled])
        return Paragraph(reply)

    def _think(self, words: str) -> None:
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
        self._reply.step(Step(id=_THOUGHTS, title="Thinking", details=words))

    def _thought(self) -> None:
        """The thinking is over: its step folds away."""
        if self._thinking_since is None:
            return
        seconds = max(1, round(time.monotonic() - self._thinking_since))
        self._thinking_since = None
        self._reply.step(Step(id=_THOUGHTS, title=f"Thought for {seconds} s", state=StepState.DONE))

    def _cite(self, sources: Sequence[Source]) -> None:
        for source in sources:
            known = self.sources.get(source.url)
            if known is None or not known.title:
                self.sources[source.url] = source

    async def use(self, calls: Sequence[ToolCall]) -> list[Used]:
        """Run these calls; the person sees a step for each."""
        steps = {call.id: self._step_of(call, number) for number, call in enumerate(calls)}
        for step in steps.values():
            self._reply.step(step)
        used = await self._toolbox.use(calls, self._asker)
        for one in used:
            self._cite(one.sources)
            self._reply.step(_ended(steps[one.call.id], one))
        return used

    async def _answered(self, prompt: Prompt, said: _Said) -> Prompt:
        """Run what the model called, and let it go on with the results."""
        self._rounds += 1
        self._settled = len(self._reply.text)
        used = await self.use(said.calls)
        turn = AssistantTurn(text=said.text, calls=said.calls, reasoning="".join(said.reasoning))
        results = tuple(
            ToolResult(call_id=one.call.id, name=one.call.name, content=one.content) for one in used
        )
        return replace(
            prompt,
            prefix="",
            entries=(*prompt.entries, turn, *results),
            may_call=self._rounds < MOST_ROUNDS,
            is_resent_soon=True,
        )

    def _step_of(self, call: ToolCall, number: int) -> Step:
        return Step(id=f"tool_{self._rounds}_{number}", title=self._toolbox.title(call))


def can_go_on(error: ModelError) -> bool:
    """Whether an answer that ended like this may be continued by a person's wish."""
    return isinstance(error, _BROKEN)


def _ended(step: Step, used: Used) -> Step:
    state = StepState.FAILED if used.failed else StepState.DONE
    details = used.content if used.failed else ""
    return replace(step, state=state, details=details, sources=used.sources)


class Paragraph:
    """What is said after a tool's work begins a paragraph of its own."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._gap = "\n\n" if reply.text else ""

    def write(self, text: str) -> None:
        """Pass the text on, the first of it behind an empty line where there was text before."""
        if self._gap:
            text = text.lstrip()
            if not text:
                return
            text, self._gap = self._gap + text, ""
        self._reply.write(text)

    def end(self) -> None:
        """Nothing is held back."""


class Continuation:
    """Joins what the model goes on with to what was there before.

    A model asked to continue leaves out what it was given (Model Studio, "Partial mode"). A server
    that does not know the feature begins again from the first word: then so does the reply.
    """

    _ENOUGH = 48

    def __init__(self, reply: Reply, prefix: str, before: str = "") -> None:
        self._reply = reply
        self._prefix = prefix
        self._before = f"{before}\n\n" if before else ""
        self._held: str | None = ""

    def write(self, text: str) -> None:
        """Pass the text on, once it is clear whether it continues or repeats."""
        if self._held is None:
            self._reply.write(text)
            return
        self._held += text
        repeats = self._prefix.startswith(self._held)
        if repeats and len(self._held) < min(self._ENOUGH, len(self._prefix)):
            return
        if repeats or self._held.startswith(self._prefix):
            self._reply.restart()
            self._reply.write(self._before)
        self.end()

    def end(self) -> None:
        """Let go of what was held back: nothing more comes, or it is clear what it was."""
        held, self._held = self._held, None
        if held:
            self._reply.write(held)
