"""Excel: a sheet for each table, numbers as numbers, dates as dates, and no formula from text."""

import re
from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.chart import AreaChart, BarChart, LineChart, PieChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.theme import theme_xml

from bot.conversation.charts import Chart, ChartKind
from bot.export.document import Document
from bot.export.figures import TEXT_FORMAT, Figure, read_column
from bot.export.palette import in_our_colours
from bot.export.tables import Grid, grids
from bot.export.width import width_of

_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
_MOST_SHEET_NAME = 31
_MOST_CELL = 32_000
"""Excel takes 32,767 characters a cell."""
_NARROWEST, _WIDEST = 8, 60
_LINE_POINTS, _MOST_HEIGHT = 15, 27
"""Excel's rows end at 409 points."""
_FONT = "Calibri"
_HEAD = {
    "font": Font(name=_FONT, size=11, bold=True, color="1F2A44"),
    "fill": PatternFill("solid", fgColor="E8EEF7"),
    "border": Border(bottom=Side("thin", color="9AA8BF")),
}
_CHARTS = {
    ChartKind.BAR: BarChart,
    ChartKind.LINE: LineChart,
    ChartKind.AREA: AreaChart,
    ChartKind.PIE: PieChart,
}


def make_sheets(document: Document) -> bytes:
    """The document's tables as .xlsx; its text, line by line, where it has no table."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.loaded_theme = in_our_colours(theme_xml)
    book.properties.title = document.title
    book.properties.creator = ""
    for grid in grids(document):
        _fill(book.create_sheet(_sheet_name(grid.name, book.sheetnames)), grid)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _sheet_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that Excel takes and that no other sheet has, in whichever case."""
    base = (
        _NOT_IN_SHEET_NAMES.sub(" ", wanted).strip(" '")[:_MOST_SHEET_NAME].strip(" '") or "Sheet"
    )
    name, number = base, 1
    known = {one.casefold() for one in taken} | {"history"}  # Excel keeps this one for itself
    while name.casefold() in known:
        number += 1
        tail = f" {number}"
        name = base[: _MOST_SHEET_NAME - len(tail)].rstrip() + tail
    return name


def _fill(sheet: Worksheet, grid: Grid) -> None:
    columns = list(zip(*grid.rows, strict=True)) or [()] * len(grid.head)
    for position, (title, column) in enumerate(zip(grid.head, columns, strict=True), start=1):
        figures = read_column(column)
        _head(sheet.cell(row=1, column=position), title, above=figures)
        for row, figure in enumerate(figures, start=2):
            _put(sheet.cell(row=row, column=position), figure)
    for row, addresses in enumerate(grid.links, start=2):
        for position, address in enumerate(addresses, start=1):
            if address:
                sheet.cell(row=row, column=position).hyperlink = address
                sheet.cell(row=row, column=position).font = Font(
                    name=_FONT, size=11, color="1D5FB4", underline="single"
                )
    _lay_out(sheet, grid)
    if grid.chart is not None and grid.rows:
        _draw(sheet, grid, grid.chart)


def _head(cell: Cell, title: str, *, above: Sequence[Figure]) -> None:
    """A column's title stands where its cells do: numbers to the right."""
    _put(cell, Figure(value=title))
    for name, style in _HEAD.items():
        setattr(cell, name, style)
    are_numbers = any(isinstance(one.value, int | float) for one in above)
    cell.alignment = Alignment(
        horizontal="right" if are_numbers else "left", vertical="center", wrap_text=True
    )


def _put(cell: Cell, figure: Figure) -> None:
    value = figure.value
    if isinstance(value, str):
        cell.value = value[:_MOST_CELL]
        cell.data_type = "s"  # text: openpyxl makes a formula of what begins with "="
        cell.alignment = Alignment(
            vertical="top", wrap_text="\n" in value or width_of(value) > _WIDEST
        )
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
        return
    cell.value = value
    is_number = isinstance(value, int | float)
    cell.alignment = Alignment(horizontal=None if is_number else "left", vertical="top")
    if figure.number_format != TEXT_FORMAT:
        cell.number_format = figure.number_format


def _lay_out(sheet: Worksheet, grid: Grid) -> None:
    """Column widths, a head that stays, filters over everything, and one page's width on paper."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = "1:1"
    wanted = [_width(column) for column in zip(grid.head, *grid.rows, strict=True)]
    for position, width in enumerate(wanted, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    for number, row in enumerate((grid.head, *grid.rows), start=1):
        height = max(_height(cell, width) for cell, width in zip(row, wanted, strict=True))
        if height > 1:
            sheet.row_dimensions[number].height = min(height, _MOST_HEIGHT) * _LINE_POINTS
    sheet.freeze_panes = "A2"
    if grid.rows:
        sheet.auto_filter.ref = sheet.dimensions


def _width(column: Sequence[str]) -> int:
    longest = max(width_of(line) for cell in column for line in cell.split("\n"))
    return min(max(longest + 3, _NARROWEST), _WIDEST)


def _height(cell: str, width: int) -> int:
    """How many lines a cell takes in a column of that width."""
    return sum(max(1, -(-width_of(line) // (width - 2))) for line in cell.split("\n"))


def _draw(sheet: Worksheet, grid: Grid, chart: Chart) -> None:
    """The chart beside its numbers, and made from them: it follows when they are changed."""
    drawn = _CHARTS[chart.kind]()
    drawn.title = chart.title or None
    last = len(grid.rows) + 1
    numbers = Reference(sheet, min_col=2, max_col=len(grid.head), min_row=1, max_row=last)
    drawn.add_data(numbers, titles_from_data=True)
    drawn.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    if chart.kind is not ChartKind.PIE:
        drawn.x_axis.title, drawn.y_axis.title = chart.x_label or None, chart.y_label or None
        # Without these, newer Excels show no axes at all.
        drawn.x_axis.delete = drawn.y_axis.delete = False
    if chart.kind is ChartKind.LINE:
        for series in drawn.series:
            series.smooth = False  # a curve would show what is in no number
    drawn.width, drawn.height = 18, 10
    sheet.add_chart(drawn, f"{get_column_letter(len(grid.head) + 2)}2")
