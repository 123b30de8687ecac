"""Passages are found by what they mean where that can be asked, and by their words in any case."""

from collections.abc import Sequence

import pytest

from bot.conversation.documents.document import Document, Passage
from bot.conversation.documents.finding import MOST_VECTORS, Finder
from bot.conversation.ports_model import Purpose
from bot.errors import ModelUnavailable

MEANINGS = {"price": 0, "cost": 0, "Kosten": 0, "bird": 1}
QUESTION = "Welche Kosten?"


class _Embedder:
    """Knows the meaning of four words; remembers which texts it was given."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.given: list[str] = []
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        (self.asked if purpose is Purpose.QUERY else self.given).extend(texts)
        if self.fails:
            raise ModelUnavailable
        return [_meaning(text) for text in texts]


def _meaning(text: str) -> list[float]:
    found = {place for word, place in MEANINGS.items() if word in text}
    return [float(place in found) for place in range(3)]


def _book(pages: int, **marked: str) -> Document:
    texts = (marked.get(f"p{n}", "Wind and rain. ") + "A bird sings. " * 20 for n in range(pages))
    passages = tuple(Passage.of(f"page {n}", text) for n, text in enumerate(texts))
    return Document(name="book.pdf", extent=f"{pages} pages", passages=passages)


async def test_what_is_said_in_other_words_is_found() -> None:
    book = _book(80, p60="The price was 131,500. ")

    assert "131,500" in (await Finder(_Embedder()).excerpt(book, QUESTION, 1_000)).markdown
    assert "131,500" not in (await Finder().excerpt(book, QUESTION, 1_000)).markdown


async def test_names_are_found_by_their_letters_all_the_same() -> None:
    book = _book(80, p40="Kowalczyk signed. ", p60="The price was 131,500. ")
    found = await Finder(_Embedder()).excerpt(book, "Kowalczyk, Kosten?", 1_000)

    assert "Kowalczyk signed" in found.markdown
    assert "131,500" in found.markdown


async def test_a_document_is_embedded_once() -> None:
    embedder = _Embedder()
    finder, book = Finder(embedder), _book(30)
    await finder.excerpt(book, QUESTION, 500)
    await finder.excerpt(book, "birds?", 500)

    assert len(embedder.given) == 30
    assert embedder.asked == [QUESTION, "birds?"]


async def test_of_a_very_long_document_a_part_is_embedded_the_best_by_words_among_it() -> None:
    embedder = _Embedder()
    book = _book(MOST_VECTORS * 4, p1777="Kowalczyk signed. ")
    await Finder(embedder).excerpt(book, "Kowalczyk", 500)

    assert len(embedder.given) == MOST_VECTORS
    assert any("Kowalczyk" in text for text in embedder.given)
    assert any("page 1990 " in text for text in embedder.given), "the end has its share"


@pytest.mark.parametrize("seconds", [599.0, 601.0])
async def test_where_there_are_no_vectors_words_do_and_nobody_asks_again_so_soon(
    seconds: float,
) -> None:
    now = 0.0
    embedder = _Embedder(fails=True)
    finder = Finder(embedder, clock=lambda: now)
    book = _book(80, p60="The Kosten were 131,500. ")

    assert "131,500" in (await finder.excerpt(book, QUESTION, 1_000)).markdown
    now = seconds
    await finder.excerpt(book, QUESTION, 1_000)
    assert len(embedder.asked) == (1 if seconds < 600 else 2)
