"""PowerPoint: wide slides with real titles, bullets, tables, code and charts that can be edited."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.util import Emu, Inches, Pt

from bot.conversation.charts import Chart, ChartKind
from bot.export.deck import BULLET, Line, Slide, slides
from bot.export.document import Document, Side, Span, Spans, Table, widths, words
from bot.export.palette import in_our_colours

_WIDTH, _HEIGHT = Inches(13.333), Inches(7.5)
_LEFT, _TOP = Inches(0.75), Inches(1.55)
_ROOM_WIDTH, _ROOM_HEIGHT = Inches(11.83), Inches(5.3)
_DARK, _BLUE = RGBColor(0x1F, 0x2A, 0x44), RGBColor(0x1D, 0x5F, 0xB4)
_HEAD_COLOUR, _STRIPE = RGBColor(0xE8, 0xEE, 0xF7), RGBColor(0xFF, 0xFF, 0xFF)
_FAINT = RGBColor(0xD5, 0xD9, 0xE0)
_MONO = "Consolas"
_TITLE_LAYOUT, _BODY_LAYOUT, _BARE_LAYOUT = 0, 1, 5
"""The places of "Title Slide", "Title and Content" and "Title Only" in python-pptx's template."""
_ALIGNMENT = {
    Side.LEFT: PP_ALIGN.LEFT,
    Side.CENTER: PP_ALIGN.CENTER,
    Side.RIGHT: PP_ALIGN.RIGHT,
}
_CHARTS = {
    ChartKind.BAR: XL_CHART_TYPE.COLUMN_CLUSTERED,
    ChartKind.LINE: XL_CHART_TYPE.LINE_MARKERS,
    ChartKind.AREA: XL_CHART_TYPE.AREA,
    ChartKind.PIE: XL_CHART_TYPE.PIE,
}
_CONTINUED = " ({number})"


def make_slides(document: Document) -> bytes:
    """The document as .pptx."""
    deck = Presentation()
    _widen(deck)
    _paint(deck)
    deck.core_properties.title = document.title
    deck.core_properties.author = ""
    first = deck.slides.add_slide(deck.slide_layouts[_TITLE_LAYOUT])
    first.shapes.title.text = document.title
    font = first.shapes.title.text_frame.paragraphs[0].font
    font.size, font.bold, font.color.rgb = Pt(44 if len(document.title) < 50 else 32), True, _DARK
    _remove(first.placeholders[1])
    for slide, title in _titled(slides(document)):
        _add(deck, slide, title)
    written = BytesIO()
    deck.save(written)
    return written.getvalue()


def _paint(deck: Any) -> None:
    """Charts take their colours from the theme, also those that people add later."""
    theme = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme._blob = in_our_colours(theme.blob.decode()).encode()  # noqa: SLF001


def _widen(deck: Any) -> None:
    """python-pptx brings a template of 4:3; people's screens have been 16:9 for long."""
    wider = _WIDTH / deck.slide_width
    deck.slide_width, deck.slide_height = _WIDTH, _HEIGHT
    for page in (deck.slide_master, *deck.slide_layouts):
        for shape in page.placeholders:
            left, top, width, height = shape.left, shape.top, shape.width, shape.height
            shape.left, shape.width = Emu(int(left * wider)), Emu(int(width * wider))
            shape.top, shape.height = top, height


def _titled(all_slides: list[Slide]) -> Iterator[tuple[Slide, str]]:
    """Each slide with its title; a title that goes on says so: `Costs (2)`."""
    before: Spans = ()
    number = 1
    for slide in all_slides:
        number = number + 1 if slide.title is before else 1
        before = slide.title
        yield slide, words(slide.title) + (_CONTINUED.format(number=number) if number > 1 else "")


def _add(deck: Any, slide: Slide, title: str) -> None:
    layout = deck.slide_layouts[_BODY_LAYOUT if slide.lines else _BARE_LAYOUT]
    page = deck.slides.add_slide(layout)
    _set_title(page.shapes.title, title)
    if slide.lines:
        _fill(page.placeholders[1], slide.lines)
    elif slide.table is not None:
        _table(page, slide.table)
    elif slide.code:
        _code(page, slide.code)
    elif slide.chart is not None:
        _chart(page, slide.chart)


def _set_title(shape: Any, title: str) -> None:
    shape.left, shape.top, shape.width, shape.height = _LEFT, Inches(0.4), _ROOM_WIDTH, Inches(1.0)
    frame = shape.text_frame
    frame.text, frame.vertical_anchor = title, MSO_ANCHOR.MIDDLE
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    font = paragraph.font
    font.size, font.bold, font.color.rgb = Pt(30 if len(title) < 60 else 22), True, _DARK


def _fill(shape: Any, all_lines: tuple[Line, ...]) -> None:
    shape.left, shape.top, shape.width, shape.height = _LEFT, _TOP, _ROOM_WIDTH, _ROOM_HEIGHT
    frame = shape.text_frame
    frame.word_wrap = True
    for position, line in enumerate(all_lines):
        paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
        paragraph.level, paragraph.space_after = line.level, Pt(6)
        _mark(paragraph, line)
        for span in line.spans:
            _run(paragraph, span, size=_size(line), bold=line.strong)


def _mark(paragraph: Any, line: Line) -> None:
    """A bullet, a number, or neither: the template would give everything a bullet."""
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    step = Inches(0.35)
    is_marked = bool(line.mark)
    properties.set("marL", str(step * (line.level + is_marked)))
    properties.set("indent", str(-step if is_marked else 0))
    if line.mark == BULLET:
        return
    properties.insert(0, properties.makeelement(_tag("buNone"), {}))
    if line.mark:
        # Written out: PowerPoint counts on across lists that are not one.
        _run(paragraph, Span(text=f"{line.mark}\t"), size=_size(line))


def _size(line: Line) -> int:
    return 20 - 2 * min(line.level, 3)


def _tag(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/drawingml/2006/main}}{name}"


def _run(paragraph: Any, span: Span, *, size: float, bold: bool = False) -> None:
    for position, text in enumerate(span.text.split("\n")):
        if position:
            paragraph.add_line_break()
        run = paragraph.add_run()
        run.text = text
        font = run.font
        font.size, font.bold, font.italic = Pt(size), span.bold or bold or None, span.italic or None
        if span.code:
            font.name = _MONO
        if span.strike:
            run._r.get_or_add_rPr().set("strike", "sngStrike")  # noqa: SLF001
        if span.link:
            run.hyperlink.address = span.link


def _table(page: Any, table: Table) -> None:
    rows = (table.head, *table.rows)
    shape = page.shapes.add_table(
        len(rows), len(table.head), _LEFT, _TOP, _ROOM_WIDTH, Inches(0.42) * len(rows)
    )
    wanted = [width + 3 for width in widths(table)]
    for column, width in zip(shape.table.columns, wanted, strict=True):
        column.width = Emu(_ROOM_WIDTH * width // sum(wanted))
    size = 14 if len(table.head) <= 6 else 11
    for row, (cells, made) in enumerate(zip(rows, shape.table.rows, strict=True)):
        for spans, cell, side in zip(cells, made.cells, table.sides, strict=True):
            cell.fill.solid()
            cell.fill.fore_color.rgb = _STRIPE if row else _HEAD_COLOUR
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = _ALIGNMENT[side]
            for span in spans:
                _run(paragraph, span, size=size, bold=row == 0)
            paragraph.font.color.rgb = _DARK


def _code(page: Any, code: str) -> None:
    lines = code.split("\n")
    height = min(_ROOM_HEIGHT, Inches(0.29) * len(lines) + Inches(0.35))
    box = page.shapes.add_textbox(_LEFT, _TOP, _ROOM_WIDTH, height)
    box.fill.solid()
    box.fill.fore_color.rgb = RGBColor(0xF4, 0xF5, 0xF7)
    frame = box.text_frame
    frame.word_wrap = True
    for position, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
        _run(paragraph, Span(text=line, code=True), size=14)


def _chart(page: Any, chart: Chart) -> None:
    data = CategoryChartData()
    data.categories = chart.labels
    for series in chart.series:
        data.add_series(series.name, series.values)
    shape = page.shapes.add_chart(_CHARTS[chart.kind], _LEFT, _TOP, _ROOM_WIDTH, _ROOM_HEIGHT, data)
    drawn = shape.chart
    drawn.has_title = bool(chart.title)
    if chart.title:
        drawn.chart_title.text_frame.text = chart.title
    drawn.has_legend = chart.kind is ChartKind.PIE or len(chart.series) > 1
    if drawn.has_legend:
        drawn.legend.position = XL_LEGEND_POSITION.BOTTOM
        drawn.legend.include_in_layout = False
    drawn.font.size = Pt(14)
    drawn.font.color.rgb = _DARK
    if chart.kind is not ChartKind.PIE:
        drawn.value_axis.major_gridlines.format.line.color.rgb = _FAINT
        drawn.value_axis.format.line.fill.background()


def _remove(shape: Any) -> None:
    shape._element.getparent().remove(shape._element)  # noqa: SLF001
