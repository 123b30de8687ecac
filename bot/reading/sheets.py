"""Tables: Excel's and OpenDocument's workbooks sheet by sheet, with Excel's pictures; CSV and its relatives."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading.album import Album
from bot.reading.archives import check
from bot.reading.charsets import decoded
from bot.reading.passages import cut, table
from bot.reading.sheet_pictures import Placed, by_sheet

MOST_CELLS = 2_000_000
_MOST_COLUMNS = 200
_WIDEST_CELL = 2_000
_EXACT = 2**53
_DELIMITERS = ",;\t|"
_SAMPLE = 32_768

LOCKED = "it is protected with a password"
DAMAGED = "the file is damaged"
ONLY_FIRST = "only the first {count:,} cells were read"


def read_workbook(
    path: Path, name: str, watch: Callable[[int, int], None], *, pictures: bool
) -> list[Image | Document]:
    """Every sheet as a table, with its name and row numbers, then the pictures. Raises UnreadableFile."""
    with ExitStack() as stack:
        placed: dict[str, list[Placed]] = {}
        if zipfile.is_zipfile(path):
            check(path)
            placed = by_sheet(stack.enter_context(zipfile.ZipFile(path)))
        album = Album(name, pictures=pictures)
        return _read(_opened(path), name, watch, album, placed)


def _opened(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise UnreadableFile(LOCKED) from error
    except (CalamineError, ZipError, XmlError) as error:
        raise UnreadableFile(DAMAGED) from error


def _read(
    workbook: CalamineWorkbook,
    name: str,
    watch: Callable[[int, int], None],
    album: Album,
    placed: Mapping[str, Sequence[Placed]],
) -> list[Image | Document]:
    passages: list[Passage] = []
    left = MOST_CELLS
    sheets = [one for one in workbook.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
    for number, about in enumerate(sheets):
        watch(number, len(sheets))
        sheet = workbook.get_sheet_by_name(about.name)
        rows = list(islice(_rows(sheet), left // max(sheet.width, 1)))
        left -= sum(len(row) for _, row in rows)
        hidden = "" if about.visible is SheetVisibleEnum.Visible else " (hidden)"
        place = f"sheet '{about.name}'{hidden}"
        passages.extend(table(rows, place))
        marks = _marks(placed.get(about.name, ()), album, place)
        passages.extend(cut("\n".join(marks), f"{place}, pictures"))
        if len(rows) < sheet.height and left < sheet.width:
            break
    extent = "1 sheet" if len(sheets) == 1 else f"{len(sheets):,} sheets"
    notes = [ONLY_FIRST.format(count=MOST_CELLS - left)] if left < MOST_CELLS // 100 else []
    notes += [album.note] if album.note else []
    document = Document(name=name, extent=extent, passages=tuple(passages), note="; ".join(notes))
    return [document, *album.images(passages)]


def _marks(placed: Sequence[Placed], album: Album, place: str) -> Iterator[str]:
    """Of the pictures on one sheet, each with the cell it is at."""
    for one in placed:
        mark = album.mark(one.load, alt=one.alt, place=f"{place} at {one.cell}")
        if mark:
            yield mark


def read_table(path: Path, name: str) -> Document:
    """A CSV file, whatever separates its columns and however its letters are encoded."""
    text = decoded(path.read_bytes())
    rows = csv.reader(io.StringIO(text, newline=""), _dialect(text, name))
    numbered = ((number, row) for number, row in enumerate(rows, start=1) if any(row))
    taken = list(islice(numbered, MOST_CELLS // 10))
    return Document(
        name=name, extent=f"a table of {len(taken):,} rows", passages=tuple(table(_trimmed(taken)))
    )


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The rows that have something in them, with their numbers as Excel shows them."""
    first = sheet.start[0] + 1 if sheet.start else 1
    for number, row in enumerate(sheet.to_python(), start=first):
        cells = [_cell(value) for value in row[:_MOST_COLUMNS]]
        if any(cells):
            yield number, cells


def _cell(value: Any) -> str:
    """A value as people write it: whole numbers without a point, dates without an empty clock."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case float():
            return f"{value:.15g}"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)[:_WIDEST_CELL]


def _trimmed(rows: list[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Rows of one width: a row that is too short would shift what the model reads below it."""
    width = max((len(row) for _, row in rows), default=0)
    width = min(width, _MOST_COLUMNS)
    for number, row in rows:
        cells = [cell[:_WIDEST_CELL] for cell in row[:width]]
        yield number, cells + [""] * (width - len(cells))


def _dialect(text: str, name: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(text[:_SAMPLE], _DELIMITERS)
    except csv.Error:
        return csv.excel_tab if name.lower().endswith((".tsv", ".tab")) else csv.excel
