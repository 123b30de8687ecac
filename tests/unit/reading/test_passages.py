"""Texts and tables are cut so that nothing is lost and every piece can stand alone."""

from hypothesis import given
from hypothesis import strategies as st

from bot.reading.passages import by_headings, cut, table


@given(st.text(alphabet=st.sampled_from("ab .\n。字"), max_size=3_000), st.integers(10, 200))
def test_cutting_loses_nothing(text: str, most: int) -> None:
    pieces = list(cut(text, most=most))

    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())
    assert all(len(piece.text) <= most for piece in pieces)


def test_a_heading_inside_code_begins_no_section() -> None:
    found = list(by_headings("# One\ntext\n```\n# not one\n```\n## Two\nmore"))

    assert [passage.place for passage in found] == ["section 'One'", "section 'Two'"]


def test_every_piece_of_a_table_has_its_heading() -> None:
    rows = [(number, [str(number), "x" * 50]) for number in range(1, 201)]

    pieces = list(table(iter(rows), "sheet 'A'"))

    assert len(pieces) > 3
    assert all(piece.text.startswith("| 1 | ") for piece in pieces)
    assert pieces[0].place.startswith("sheet 'A', rows 2–")
    assert pieces[-1].place.endswith("–200")
    shown = [line for piece in pieces for line in piece.text.splitlines()[2:]]
    assert len(shown) == 199
