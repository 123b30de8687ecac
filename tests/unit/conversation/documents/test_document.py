"""Long documents: what the question is about is shown, and where it stands."""

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.documents.document import Document, Passage
from bot.conversation.documents.finding import Finder
from bot.conversation.documents.fitting import shares
from bot.conversation.documents.ranking import rank
from bot.conversation.documents.steps import ReadingSteps
from bot.conversation.messages import Step, StepState
from bot.conversation.thread import SharedFile


def _book(pages: int, **marked: str) -> Document:
    def page(number: int) -> str:
        filler = f"Page {number} tells of weather and of birds. " * 20
        return f"{filler} {marked.get(f'p{number}', '')}"

    passages = tuple(Passage.of(f"page {n}", page(n)) for n in range(1, pages + 1))
    return Document(name="book.pdf", extent=f"{pages} pages", passages=passages)


async def test_a_long_document_is_cut_to_what_the_question_is_about() -> None:
    book = _book(300, p217="The dredging cost 131,500 in the end.")

    shown = await Finder().excerpt(book, "What did dredging cost?", 3_000)

    assert "131,500" in shown.markdown
    assert "[page 217]" in shown.markdown
    assert "[page 1]" in shown.markdown
    assert "[… page 218 to page 300 left out …]" in shown.markdown
    assert shown.cost < 3_200


@given(st.lists(st.integers(0, 10_000), max_size=12), st.integers(0, 20_000))
def test_no_more_is_given_than_there_is_room(costs: list[int], room: int) -> None:
    given_out = shares(costs, room)

    assert sum(given_out) <= room
    assert all(0 <= share <= cost for share, cost in zip(given_out, costs, strict=True))
    assert given_out == costs or sum(given_out) > room - len(costs) - 1


def test_words_are_found_in_other_forms_and_other_scripts() -> None:
    texts = ["The cat sleeps.", "They were dredging the harbours.", "港口委员会讨论了码头的费用。"]

    assert max(range(3), key=rank("dredged harbour", texts).__getitem__) == 1
    assert max(range(3), key=rank("码头费用是多少", texts).__getitem__) == 2
    assert rank("zeppelin", texts) == [0, 0, 0]


def test_only_a_file_that_takes_long_is_mentioned() -> None:
    now = 0.0
    told: list[Step] = []
    file = SharedFile(file_id="F1", name="a.pdf", media_type="x", size=1, url="x")
    other = SharedFile(file_id="F2", name="b.pdf", media_type="x", size=1, url="x")
    steps = ReadingSteps(told.append, clock=lambda: now)
    steps.watch(other, 1, 2)
    for page in range(100):
        now = page * 0.1
        steps.watch(file, page, 100)
    steps.end([file, other], unreadable={})

    assert 3 <= len(told) <= 6
    assert told[0].title == "Reading a.pdf: 15 of 100"
    assert told[-1].state is StepState.DONE
    assert {step.id for step in told} == {"file_F1"}
