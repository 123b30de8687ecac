"""Word: real headings, lists, tables and links, with page numbers at the foot."""

from io import BytesIO
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph
from docx.text.run import Run

from bot.export.document import (
    Block,
    Code,
    Document,
    Drawing,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Side,
    Spans,
    Table,
    widths,
)
from bot.export.pages import chart_picture
from bot.export.word_styles import (
    BODY,
    CODE,
    HEADINGS,
    INLINE_CODE,
    LINK,
    QUOTE,
    TITLE,
    Numbering,
    dress,
    shade,
    soften,
)

_ALIGNMENT = {
    Side.LEFT: WD_ALIGN_PARAGRAPH.LEFT,
    Side.CENTER: WD_ALIGN_PARAGRAPH.CENTER,
    Side.RIGHT: WD_ALIGN_PARAGRAPH.RIGHT,
}
_PICTURE_WIDTH = Cm(16)
_PAGE = Cm(16)
"""The paper between its margins."""
_LETTER = Cm(0.21)
_SHORT = 18
"""Letters of a column that keeps its width."""
_DEEPEST_LIST = 8
"""Word knows nine levels."""
_HEAD_COLOUR = "E8EEF7"


def make_word(document: Document) -> bytes:
    """The document as .docx."""
    return _Writer(document).write()


class _Writer:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._file: WordDocument = docx.Document()
        dress(self._file)
        self._numbering = Numbering(self._file)

    def write(self) -> bytes:
        self._describe()
        if self._document.begins_with_title:
            first = self._document.blocks[0]
            assert isinstance(first, Heading)  # noqa: S101  begins_with_title says so
            self._runs(self._file.add_paragraph(style=TITLE), first.spans)
        for block in self._document.body:
            self._add(block, BODY, level=-1)
        _number_pages(self._file.sections[0].footer.paragraphs[0])
        written = BytesIO()
        self._file.save(written)
        return written.getvalue()

    def _describe(self) -> None:
        properties = self._file.core_properties
        properties.title = self._document.title
        properties.author = properties.comments = ""

    def _add(self, block: Block, style: str, *, level: int) -> None:
        """Add a block; `level` is how deep in lists it stands, from 0, or -1 outside of them."""
        match block:
            case Heading():
                paragraph = self._file.add_paragraph(style=HEADINGS[block.level])
                self._runs(paragraph, block.spans)
            case Paragraph():
                self._runs(self._indented(style, level), block.spans)
            case Listing():
                self._list(block, style, level + 1)
            case Table():
                self._table(block)
            case Code():
                self._code(block, level)
            case Quote():
                for inner in block.blocks:
                    self._add(inner, QUOTE, level=level)
            case Rule():
                _line_below(self._file.add_paragraph())
            case Drawing():
                picture = BytesIO(chart_picture(block.chart))
                shape = self._file.add_picture(picture, width=_PICTURE_WIDTH)
                shape._inline.docPr.set("descr", block.chart.title)  # noqa: SLF001

    def _indented(self, style: str, level: int) -> WordParagraph:
        paragraph = self._file.add_paragraph(style=style)
        if level >= 0:
            paragraph.paragraph_format.left_indent = self._numbering.indent(level)
        return paragraph

    def _list(self, listing: Listing, style: str, level: int) -> None:
        level = min(level, _DEEPEST_LIST)
        number = self._numbering.begin(listing.start, level)
        for item in listing.items:
            first, *rest = item.blocks or (Paragraph(spans=()),)
            paragraph = self._file.add_paragraph(style=style)
            paragraph.paragraph_format.space_after = Pt(3)
            self._numbering.apply(paragraph, number, level)
            if isinstance(first, Paragraph):
                self._runs(paragraph, first.spans)
            else:
                rest = [first, *rest]
            for block in rest:
                self._add(block, style, level=level)

    def _table(self, table: Table) -> None:
        made = self._file.add_table(rows=0, cols=len(table.head))
        made.style = "Table Grid"
        made.autofit = False
        shares = _shares(table)
        for column, share in zip(made.columns, shares, strict=True):
            column.width = share
        soften(made._tbl.tblPr)  # noqa: SLF001
        for position, row in enumerate((table.head, *table.rows)):
            # One look-up a row: python-docx finds a single cell by walking the whole table.
            cells = made.add_row().cells
            for cell, spans, side, share in zip(cells, row, table.sides, shares, strict=True):
                cell.width = share
                paragraph = cell.paragraphs[0]
                paragraph.alignment = _ALIGNMENT[side]
                paragraph.paragraph_format.space_after = Pt(2)
                self._runs(paragraph, spans, bold=position == 0)
                if position == 0:
                    shade(cell._tc.get_or_add_tcPr(), _HEAD_COLOUR)  # noqa: SLF001
        if made.rows:
            _repeat_on_every_page(made.rows[0]._tr)  # noqa: SLF001
        self._file.add_paragraph().paragraph_format.space_after = Pt(2)

    def _code(self, code: Code, level: int) -> None:
        paragraph = self._indented(CODE, level)
        first, *rest = code.text.split("\n")
        run = paragraph.add_run(first)
        for line in rest:
            run.add_break()
            run.add_text(line)

    def _runs(self, paragraph: WordParagraph, spans: Spans, *, bold: bool = False) -> None:
        for span in spans:
            run = _linked(paragraph, span.link) if span.link else paragraph.add_run()
            for position, line in enumerate(span.text.split("\n")):
                if position:
                    run.add_break()
                run.add_text(line)
            run.bold = True if span.bold or bold else None
            run.italic = True if span.italic else None
            run.font.strike = True if span.strike else None
            if span.code:
                run.style = INLINE_CODE
            elif span.link:
                run.style = LINK


def _linked(paragraph: WordParagraph, address: str) -> Run:
    """A run inside a hyperlink; python-docx reads those but does not make them."""
    link = OxmlElement("w:hyperlink")
    relation = paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link.set(qn("r:id"), relation)
    run = OxmlElement("w:r")
    link.append(run)
    paragraph._p.append(link)  # noqa: SLF001
    return Run(run, paragraph)


def _shares(table: Table) -> list[Length]:
    """The columns' widths: a narrow table is as wide as its words, a wide one fills the page.

    On a wide one the columns of many words give way, so that those of short words need no break.
    """
    wanted = [width + 4 for width in widths(table, widest=30)]
    spare = _PAGE // _LETTER - sum(width for width in wanted if width <= _SHORT)
    long = sum(width for width in wanted if width > _SHORT)
    if long and spare >= long // 2:
        share = min(1.0, spare / long)
        wanted = [width if width <= _SHORT else int(width * share) for width in wanted]
    letter = min(_LETTER, _PAGE // sum(wanted))
    return [Length(width * letter) for width in wanted]


def _number_pages(paragraph: WordParagraph) -> None:
    """`2 / 7`, kept right by Word itself."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for field in ("PAGE", "", "NUMPAGES"):
        run = paragraph.add_run("" if field else " / ")
        run.font.size, run.font.color.rgb = Pt(9), RGBColor(0x70, 0x70, 0x70)
        if field:
            simple = OxmlElement("w:fldSimple")
            simple.set(qn("w:instr"), field)
            paragraph._p.remove(run._r)  # noqa: SLF001
            run.text = "1"
            simple.append(run._r)  # noqa: SLF001
            paragraph._p.append(simple)  # noqa: SLF001


def _line_below(paragraph: WordParagraph) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "B0B0B0")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001


def _repeat_on_every_page(row: Any) -> None:
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(head)
