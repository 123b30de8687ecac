"""Markdown is read into a tree that every converter understands."""

import pytest

from bot.conversation.charts import Chart, ChartKind, Series
from bot.export.document import (
    Code,
    Drawing,
    Heading,
    Item,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Side,
    Span,
    Table,
)
from bot.export.markdown import read_document


def _paragraph(*spans: Span) -> Paragraph:
    return Paragraph(spans=spans)


def _text(text: str) -> Paragraph:
    return _paragraph(Span(text=text))


@pytest.mark.parametrize(
    ("markdown", "block"),
    [
        (
            "## Two *words*",
            Heading(level=2, spans=(Span(text="Two "), Span(text="words", italic=True))),
        ),
        ("a\nb", _text("a b")),
        ("a  \nb", _text("a\nb")),
        ("a<br>b", _text("a\nb")),
        ("<b>bold</b>", _text("<b>bold</b>")),
        (
            "**a _b_**",
            _paragraph(Span(text="a ", bold=True), Span(text="b", bold=True, italic=True)),
        ),
        (
            "~~a~~ `b`",
            _paragraph(Span(text="a", strike=True), Span(text=" "), Span(text="b", code=True)),
        ),
        ("[a](https://b.c)", _paragraph(Span(text="a", link="https://b.c"))),
        ("https://b.c", _paragraph(Span(text="https://b.c", link="https://b.c"))),
        ("![a](https://b.c/d.png)", _paragraph(Span(text="a", link="https://b.c/d.png"))),
        ("[a](javascript:alert)", _text("[a](javascript:alert)")),
        (
            "[a]: https://b.c",
            _paragraph(Span(text="[a]: "), Span(text="https://b.c", link="https://b.c")),
        ),
        ("```py x\na\n\nb\n```", Code(text="a\n\nb", language="py")),
        ("---", Rule()),
        ("> a", Quote(blocks=(_text("a"),))),
        ("- [x] a", Listing(items=(Item(blocks=(_text("☑ a"),)),))),
        ("a\x00\x0bb\ud800", _text("ab")),
    ],
)
def test_each_element_becomes_its_block(markdown: str, block: object) -> None:
    assert read_document(markdown).blocks == (block,)


def test_lists_nest_and_keep_their_first_number() -> None:
    inner = Listing(items=(Item(blocks=(_text("b"),)),), start=3)

    assert read_document("- a\n\n  3. b").blocks == (
        Listing(items=(Item(blocks=(_text("a"), inner)),)),
    )


def test_a_table_has_sides_and_full_rows() -> None:
    [table] = read_document("|a|b|c|\n|-|:-:|-:|\n|1|2|").blocks

    assert isinstance(table, Table)
    assert table.sides == (Side.LEFT, Side.CENTER, Side.RIGHT)
    assert table.rows == (((Span(text="1"),), (Span(text="2"),), ()),)


def test_a_chart_is_read_and_what_is_none_stays_code() -> None:
    good = '```chart\n{"type": "pie", "title": "T", "labels": ["a", 2], "series": [{"values": [1, "2,000"]}]}\n```'
    bad = "```chart\n{}\n```"

    drawing, code = read_document(f"{good}\n\n{bad}").blocks

    series = (Series(name="Series 1", values=(1.0, 2000.0)),)
    chart = Chart(kind=ChartKind.PIE, title="T", labels=("a", "2"), series=series)
    assert drawing == Drawing(chart=chart)
    assert code == Code(text="{}", language="chart")


@pytest.mark.parametrize(
    ("markdown", "title", "expected"),
    [
        ("# A *b*\n\ntext", "", "A b"),
        ("text\n\n## Later", "", "Later"),
        ("text", "", "Document"),
        ("# A", "Given", "Given"),
    ],
)
def test_a_document_has_a_title(markdown: str, title: str, expected: str) -> None:
    assert read_document(markdown, title=title).title == expected


def test_deep_nesting_is_read_to_its_end() -> None:
    document = read_document("> " * 25 + "deep")

    block = document.blocks[0]
    while isinstance(block, Quote):
        block = block.blocks[0]
    assert block == _text("deep")
