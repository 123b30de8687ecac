"""Documents fit into the prompt: whole, as passages, or as notes of all of it; the rest can be looked up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from pydantic import BaseModel

from bot.conversation.documents.document import Document, Passage
from bot.conversation.documents.finding import Finder
from bot.conversation.documents.tool import document_tool
from bot.conversation.documents.whole import MOST_PARTS, WholeReading, wants_all
from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    Prompt,
    Text,
    TextDelta,
    ToolCall,
    Usage,
    UserTurn,
)
from bot.conversation.ports import Abilities, Person
from bot.conversation.thread import ThreadKey
from bot.conversation.tools import Asker, Toolbox
from bot.errors import ContentRefused, ModelBusy

T = TypeVar("T", bound=BaseModel)


def _book(pages: int) -> Document:
    passages = tuple(
        Passage.of(f"page {n}", f"Page {n}. " + "Weather and birds. " * 120)
        for n in range(1, pages + 1)
    )
    return Document(name="book.pdf", extent=f"{pages} pages", passages=passages)


class _Notetaker:
    """A model that notes which pages it was shown, and refuses some."""

    def __init__(self, refuses: str = "nothing") -> None:
        self._refuses = refuses
        self.asked: list[Prompt] = []

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.asked.append(prompt)
        text = _shown(prompt)
        if self._refuses in text:
            raise ContentRefused
        places = [line for line in text.splitlines() if line.startswith("[page ")]
        yield TextDelta(f"Noted {places[0]} until {places[-1]}")
        yield Usage(input_tokens=100, output_tokens=10)
        yield Finished(reason=FinishReason.STOP)

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        raise ModelBusy

    def abilities(self, model: str) -> Abilities:
        return Abilities()


def _shown(prompt: Prompt) -> str:
    (turn,) = prompt.entries
    assert isinstance(turn, UserTurn)
    (part,) = turn.parts
    assert isinstance(part, Text)
    return part.text


def _reading(model: _Notetaker) -> WholeReading:
    return WholeReading(model, "m", question="Summarise {all} of it", workspace="T1")


async def test_all_of_it_is_read_in_parts_and_in_order() -> None:
    model = _Notetaker()
    heard: list[tuple[int, int]] = []
    notes = await _reading(model).read(_book(200), lambda done, count: heard.append((done, count)))

    assert notes is not None
    parts = len(model.asked)
    assert parts > 3
    assert heard == [(number, parts) for number in range(1, parts + 1)]
    assert notes.passages[0].text.startswith("Noted [page 1]")
    assert notes.passages[-1].text.endswith("until [page 200]")
    assert notes.passages[0].place.startswith("page 1 to page ")
    assert f"in {parts} parts" in notes.note
    seen = "".join(_shown(prompt) for prompt in model.asked)
    assert all(f"Page {number}. " in seen for number in range(1, 201))


async def test_a_part_that_is_refused_is_told_and_costs_no_other() -> None:
    notes = await _reading(_Notetaker(refuses="Page 90. ")).read(
        _book(200), lambda done, count: None
    )

    assert notes is not None
    assert "1 of them could not be read" in notes.note
    assert notes.passages[-1].text.endswith("until [page 200]")


async def test_where_nothing_can_be_read_there_are_no_notes() -> None:
    assert (
        await _reading(_Notetaker(refuses="Page")).read(_book(40), lambda done, count: None) is None
    )


async def test_a_document_without_end_has_one_here() -> None:
    model = _Notetaker()
    notes = await _reading(model).read(_book(MOST_PARTS * 60), lambda done, count: None)

    assert notes is not None
    assert len(model.asked) == MOST_PARTS
    assert "goes on beyond" in notes.note


@pytest.mark.parametrize(
    ("question", "all_of_it"),
    [
        ("Summarise this", True),
        ("can you give me a summary?", True),
        ("tl;dr please", True),
        ("what are the key points?", True),
        ("请总结一下这份文件", True),
        ("Fasse das bitte zusammen", True),
        ("What did dredging cost?", False),
        ("who signed it?", False),
    ],
)
def test_questions_about_the_whole_are_told_from_others(question: str, all_of_it: bool) -> None:
    assert wants_all(question) is all_of_it


async def _look(arguments: str, *documents: Document) -> tuple[str, bool]:
    asker = Asker(
        person=Person(id="U1", name="Anna"),
        key=ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0"),
        now=datetime(2026, 11, 25, tzinfo=UTC),
        documents=documents,
    )
    call = ToolCall(id="1", name="read_document", arguments=arguments)
    (used,) = await Toolbox([document_tool(Finder())]).use([call], asker)
    return used.content, used.failed


SHEETS = Document(
    name="Budget.xlsx",
    extent="2 sheets",
    passages=(
        Passage.of("sheet 'Costs', rows 2–9", "| rope | 12 |"),
        Passage.of("sheet 'Income', rows 2–9", "| fees | 99 |"),
    ),
)


@pytest.mark.parametrize(
    ("arguments", "has", "lacks"),
    [
        ('{"name": "book.pdf", "places": "12-13"}', "Page 13. ", "Page 14. "),
        ('{"name": "the book.pdf", "places": "page 150"}', "Page 150. ", "Page 15. "),
        ('{"name": "budget", "places": "\'Income\'"}', "fees", "rope"),
        ('{"name": "book.pdf", "words": "page 77"}', "Page 77. ", "Page 178. "),
    ],
)
async def test_other_parts_can_be_looked_up(arguments: str, has: str, lacks: str) -> None:
    content, failed = await _look(arguments, _book(200), SHEETS)

    assert not failed
    assert has in content
    assert lacks not in content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('{"name": "other.pdf"}', "There are: book.pdf"),
        ('{"name": "book.pdf", "places": "page 900"}', "It has 20 pages"),
    ],
)
async def test_what_is_not_there_is_told(arguments: str, words: str) -> None:
    content, failed = await _look(arguments, _book(20))

    assert failed
    assert words in content
