"""What a table's cells mean to a spreadsheet: numbers, shares, money and dates instead of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

TEXT_FORMAT = "General"
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+|[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_CERTAINLY_COMMA = re.compile(r"\d,(?:\d{1,2}|\d{4,})$|\.\d{3},\d|\.\d{3}\.\d{3}")
_CERTAINLY_POINT = re.compile(r"\d\.(?:\d{1,2}|\d{4,})$|,\d{3}\.\d|,\d{3},\d{3}")
_MONEY = re.compile(
    r"(?P<before>[$€£¥₹]|US\$)?\s*(?P<sign>[+-]?)\s*(?P<figure>[\d.,]+)\s*(?P<after>[%$€£¥₹])?"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?")
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_MOST_DIGITS = 15
"""A spreadsheet keeps no more; a longer number is somebody's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A cell's value, and the spreadsheet's number format that shows it as it was written."""

    value: str | int | float | date
    number_format: str = TEXT_FORMAT


def read_column(cells: Sequence[str]) -> list[Figure]:
    """Read the cells of a column together: they tell whether the comma is a decimal one."""
    bare = [cell.strip().strip("%$€£¥₹ ") for cell in cells]
    comma = any(_CERTAINLY_COMMA.search(one) for one in bare)
    point = any(_CERTAINLY_POINT.search(one) for one in bare)
    return [_read(cell, decimal_comma=comma and not point) for cell in cells]


def _read(cell: str, *, decimal_comma: bool) -> Figure:
    bare = cell.strip()
    day = _day(bare)
    if day is not None:
        return day
    found = _MONEY.fullmatch(bare.replace("−", "-").replace("\u202f", "").replace("\xa0", " "))
    if found is None:
        return Figure(value=cell)
    digits = found["sign"] + found["figure"]
    read = _number(digits, decimal_comma=decimal_comma)
    if read is None:
        return Figure(value=cell)
    value, pattern = read
    sign = "+" if found["sign"] == "+" else ""
    unit, after = found["before"] or "", found["after"] or ""
    if after == "%":
        return Figure(value=value / 100, number_format=_signed(f"{pattern}%", sign))
    before = f'"{unit}"' if unit else ""
    shown = f"{before}{pattern}" + (f' "{after}"' if after else "")
    return Figure(value=value, number_format=_signed(shown, sign))


def _signed(pattern: str, sign: str) -> str:
    """`+3` keeps its plus."""
    return f"{sign}{pattern};-{pattern}" if sign else pattern


def _number(digits: str, *, decimal_comma: bool) -> tuple[int | float, str] | None:
    """The number and its format; None where it is an id or no number at all."""
    if decimal_comma:
        if _COMMA.fullmatch(digits) is None and _PLAIN.fullmatch(digits.replace(".", "x")) is None:
            return None
        is_grouped, digits = "." in digits, digits.replace(".", "").replace(",", ".")
    elif _GROUPED.fullmatch(digits):
        is_grouped, digits = True, digits.replace(",", "")
    elif _PLAIN.fullmatch(digits):
        is_grouped = False
    else:
        return None
    whole, _, decimals = digits.lstrip("+-").partition(".")
    if len(whole + decimals) > _MOST_DIGITS or (whole.startswith("0") and len(whole) > 1):
        return None
    pattern = ("#,##0" if is_grouped else "0") + (f".{'0' * len(decimals)}" if decimals else "")
    return (float(digits) if decimals else int(digits)), pattern


def _day(cell: str) -> Figure | None:
    try:
        if _DAY.fullmatch(cell):
            return Figure(value=date.fromisoformat(cell), number_format="yyyy-mm-dd")
        if _MOMENT.fullmatch(cell):
            # A spreadsheet's times have no zone.
            moment = datetime.fromisoformat(cell)
            return Figure(value=moment, number_format="yyyy-mm-dd hh:mm")
        if found := _GERMAN_DAY.fullmatch(cell):
            day, month, year = (int(part) for part in found.groups())
            return Figure(value=date(year, month, day), number_format="dd.mm.yyyy")
    except ValueError:
        return None
    return None
