"""Whatever the Markdown: its words are in the file, each once, in order."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.files import FileFormat
from bot.export.make import make_file
from tests.unit.export.reading_back import letters, needs_poppler, office_text, pdf_text

_WORDS = st.text("abcdefghXYZ äöüß你好世界.,;:!?()#=+-@<>&\"'%/", min_size=1, max_size=60).map(
    lambda text: f"w{text.strip()}w"
)
_STYLED = st.one_of(
    _WORDS,
    _WORDS.map(lambda text: f"**{text}**"),
    _WORDS.map(lambda text: f"_{text}_"),
    _WORDS.map(lambda text: f"`{text}`"),
    st.lists(_WORDS, min_size=5, max_size=60).map(" ".join),
    st.just("x" * 300),
)
_BLOCKS = st.one_of(
    _STYLED,
    st.tuples(st.integers(1, 6), _WORDS).map(lambda given: f"{'#' * given[0]} {given[1]}"),
    st.lists(_STYLED, min_size=1, max_size=14).map(
        lambda given: "\n".join(f"- {one}" for one in given)
    ),
    st.lists(_WORDS, min_size=1, max_size=4).map(
        lambda given: "\n".join(f"{'  ' * depth}- {one}" for depth, one in enumerate(given))
    ),
    st.lists(_WORDS, min_size=1, max_size=30).map(
        lambda given: "```\n" + "\n".join(given) + "\n```"
    ),
    st.lists(_WORDS.filter(lambda text: "`" not in text), min_size=1, max_size=25).map(
        lambda given: "|wheadw|\n|-|\n" + "".join(f"|{one}|\n" for one in given)
    ),
    _STYLED.map(lambda text: f"> {text}"),
)
_DOCUMENTS = st.lists(_BLOCKS, min_size=1, max_size=6).map("\n\n".join)


def _words_in(markdown: str) -> str:
    return letters(make_file(markdown, FileFormat.TEXT).data.decode())


@settings(max_examples=25, deadline=None)
@given(_DOCUMENTS)
def test_no_word_is_lost_in_word(markdown: str) -> None:
    made = office_text(make_file(markdown, FileFormat.WORD).data, r"word/document\.xml")

    assert letters(made) == _words_in(markdown)


@settings(max_examples=25, deadline=None)
@given(_DOCUMENTS)
def test_no_word_is_lost_on_slides(markdown: str) -> None:
    """Titles and heads of tables are said again where a slide goes on, so words may come twice."""
    made = make_file(f"# wtitlew\n\n{markdown}", FileFormat.SLIDES).data

    shown = letters(office_text(made, r"ppt/slides/slide\d+\.xml"))
    for line in _lines(markdown):
        assert letters(line) in shown


def _lines(markdown: str) -> list[str]:
    """Words that stand together: lines of the text, cut where a slide may be."""
    text = make_file(markdown, FileFormat.TEXT).data.decode()
    return [word for line in text.splitlines() for word in line.split() if len(word) < 90]


@needs_poppler
@settings(max_examples=15, deadline=None)
@given(_DOCUMENTS)
def test_no_word_is_lost_in_a_pdf(markdown: str) -> None:
    with TemporaryDirectory() as folder:
        made = pdf_text(make_file(markdown, FileFormat.PDF).data, Path(folder))

    found = letters(made)
    for line in _lines(markdown):
        assert letters(line) in found


@pytest.mark.parametrize("file_format", [FileFormat.WORD, FileFormat.SLIDES, FileFormat.EXCEL])
def test_what_xml_cannot_hold_breaks_no_file(file_format: FileFormat) -> None:
    assert make_file("a\x00\x0b\x1f\ufffe\ud83d b\n\n|\x01|\n|-|\n|\x02|", file_format).data
