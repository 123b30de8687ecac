"""Of many pictures in documents those that the question names come first, and the rest is told."""

import pytest

from bot.conversation.documents import showing
from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.conversation.ports_files import Piece
from bot.conversation.tokens import of_picture

ONE = of_picture(640, 480)


def _picture(name: str) -> Image:
    return Image(name=name, media_type="image/png", data=b"", width=640, height=480)


def _deck(name: str, slides: int) -> tuple[Piece, ...]:
    """A picture on each slide but the first."""
    document = Document(name=name, extent="slides", passages=(Passage.of("slide 1", "Quay"),))
    pictures = [
        _picture(f"{name}, picture {number}, slide {number + 1}") for number in range(1, slides)
    ]
    return (document, *pictures)


def _names(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.name for piece in pieces if isinstance(piece, Image)]


def test_pictures_that_fit_are_all_shown() -> None:
    files = {"F1": _deck("deck", 4)}

    shown = showing.within(files, "what is on slide 3?", 3 * ONE)

    assert shown == files
    assert showing.cost(shown) == 3 * ONE


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("what does slide 8 show?", ["picture 7, slide 8", "picture 8, slide 9"]),
        ("what is in Picture 8?", ["picture 7, slide 8", "picture 8, slide 9"]),
        ("was zeigt Folie 3?", ["picture 2, slide 3", "picture 3, slide 4"]),
        ("slides 5 and 7: page 6", ["picture 4, slide 5", "picture 5, slide 6"]),
        ("what is it about?", ["picture 1, slide 2", "picture 2, slide 3"]),
    ],
)
def test_what_the_question_names_comes_first_and_the_rest_is_told(
    question: str, names: list[str]
) -> None:
    shown = showing.within({"F1": _deck("deck", 9)}, question, 2 * ONE)

    document, *_ = shown["F1"]
    assert _names(shown["F1"]) == [f"deck, {name}" for name in names]
    assert isinstance(document, Document)
    assert document.note == showing.NO_ROOM.format(count=6)


def test_the_file_that_comes_first_has_its_pictures_first() -> None:
    files = {"F2": _deck("new", 3), "F1": _deck("old", 3)}

    shown = showing.within(files, "and now?", 3 * ONE)

    assert len(_names(shown["F2"])) == 2
    assert len(_names(shown["F1"])) == 1


def test_of_one_document_so_many_pictures_are_taken() -> None:
    deck = _deck("deck", 30)

    taken = showing.best(deck, "slide 29", 20)

    assert len(_names(taken)) == 20
    assert "deck, picture 28, slide 29" in _names(taken)
    assert showing.best(deck, "", 40) == deck


def test_pictures_that_are_shared_themselves_are_left_alone() -> None:
    files: dict[str, tuple[Piece, ...]] = {"F1": (_picture("a.png"),)}

    assert showing.within(files, "what is it?", 0) == files
    assert showing.cost(files) == 0
