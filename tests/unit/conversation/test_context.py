"""What the model sees: the question always, the rest as far as the budget goes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.context import Frame, build_prompt
from bot.conversation.messages import AssistantTurn, Image, Prompt, Text, UserTurn
from bot.conversation.modes import PRESETS, Mode
from bot.conversation.ports import Names, Person
from bot.conversation.ports_files import Shown
from bot.conversation.thread import (
    Answer,
    Author,
    ChannelType,
    SharedFile,
    ThreadKey,
    ThreadMessage,
    Turn,
)
from bot.conversation.tokens import estimate

BALANCED = Mode(preset=PRESETS["balanced"])
NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
ANNA = Person(id="U1", name="Anna", time_zone="Asia/Shanghai")
NAMES = Names(people={"U1": ANNA}, channels={"C1": "general"})
FILE = SharedFile(file_id="F1", name="a.png", media_type="image/png", size=9, url="x")


def _message(number: int, text: str, **more: Any) -> ThreadMessage:
    given = {"author": Author.PERSON, "author_id": "U1", **more}
    return ThreadMessage(id=number, ts=f"{1795559400 + number}.000000", text=text, **given)


def _build(
    messages: list[ThreadMessage], *, asked: int = 1, tokens: int = 10_000, **more: Any
) -> Prompt:
    turn = Turn(
        reply_id=1,
        attempt=1,
        conversation_id=1,
        key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0"),
        channel_type=ChannelType.CHANNEL,
        history_read=True,
        messages=tuple(messages),
        questions=tuple(messages[-asked:]),
        answers=more.get("answers", ()),
    )
    frame = Frame(bot_name="Bot", bot_user_id="UB", model="m", context_tokens=tokens)
    shown = more.get("shown", Shown())
    mode = more.get("mode", BALANCED)
    return build_prompt(turn, NAMES, shown, frame, mode, now=NOW).prompt


def _text(prompt: Prompt) -> str:
    parts: list[str] = []
    for entry in prompt.entries:
        if isinstance(entry, AssistantTurn):
            parts.append(entry.text)
        elif isinstance(entry, UserTurn):
            parts += [part.text for part in entry.parts if isinstance(part, Text)]
    return "\n".join(parts)


def test_the_day_is_the_askers_own() -> None:
    prompt = _build([_message(1, "hi")])

    assert "Wednesday, 25 November 2026" in prompt.system
    assert "Asia/Shanghai" in prompt.system
    assert "#general" in prompt.system


def test_answers_stand_behind_what_they_answered() -> None:
    first = _message(1, "one")
    answers = (Answer(question_ts=first.ts, text="the answer"),)
    prompt = _build([first, _message(2, "aside"), _message(3, "two")], answers=answers)

    kinds = [type(entry) for entry in prompt.entries]
    assert kinds == [UserTurn, AssistantTurn, UserTurn]
    assert "aside" in _text(prompt).split("the answer")[1]


def test_pictures_inside_a_document_take_no_number_from_those_that_were_shared() -> None:
    deck = SharedFile(file_id="F0", name="deck.pptx", media_type="x", size=9, url="x")
    inside = Image(
        name="deck.pptx, picture 1, slide 2", media_type="image/png", data=b"", width=9, height=9
    )
    shown = Shown(by_file={"F0": (inside,), "F1": (replace(inside, name="a.png"),)})
    text = _text(_build([_message(1, "look", files=(deck, FILE))], shown=shown))

    assert "[deck.pptx, picture 1, slide 2:]" in text
    assert "[picture 1 'a.png', shared by Anna:]" in text


def test_pictures_come_with_their_names_and_unreadable_ones_with_the_reason() -> None:
    image = Image(name="a.png", media_type="image/png", data=b"", width=20, height=20)
    shown = _build([_message(1, "x", files=(FILE,))], shown=Shown(by_file={"F1": (image,)}))
    broken = Shown(unreadable={"F1": "the file is damaged"})
    hidden = _build([_message(1, "x", files=(FILE,))], shown=broken)

    entry = shown.entries[0]
    assert isinstance(entry, UserTurn)
    assert image in entry.parts
    assert "[picture 1 'a.png', shared by Anna:]" in _text(shown)
    assert "the file is damaged" in _text(hidden)


def test_older_messages_are_folded_not_forgotten() -> None:
    messages = [_message(n, f"number {n} " + "word " * 50) for n in range(200)]
    prompt = _build(messages, tokens=3_000)

    assert "earlier messages of this thread, shortened]" in _text(prompt)
    assert "number 199" in _text(prompt)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=3_000), min_size=1, max_size=40),
    st.integers(1, 3),
    st.integers(1_500, 20_000),
)
def test_the_budget_is_kept_and_the_question_too(texts: list[str], asked: int, tokens: int) -> None:
    messages = [_message(n, text) for n, text in enumerate(texts)]
    asked = min(asked, len(messages))
    prompt = _build(messages, asked=asked, tokens=tokens)

    assert estimate(prompt.system) + estimate(_text(prompt)) <= tokens * 1.1 + 800 * asked
    for question in messages[-asked:]:
        assert question.text[:40].rstrip() in _text(prompt)
    assert isinstance(prompt.entries[-1], UserTurn)
