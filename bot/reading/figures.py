"""What there is to see on the pages of a PDF beside their text: scans, figures, and mere ornaments."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import islice

from pypdfium2 import PdfiumError, PdfPage
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

_LITTLE_TEXT = 16
"""A page with less is a picture with a page number on it."""
_LARGE = 0.1
"""Of the page's area: a figure of less is an ornament, or needs no look."""
_MOSTLY = 0.5
"""Of the page's area: whatever else, this is a page to look at."""
_OFTEN = 4
_MOST_OBJECTS = 3_000


class Look(Enum):
    """What there is to see on a page."""

    WORDS = auto()
    """Nothing: the text says all."""
    FIGURE = auto()
    """Something beside the text."""
    SCAN = auto()
    """Everything: there is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was looked at."""

    number: int
    text: str
    look: Look
    figures: tuple[tuple[int, ...], ...] = ()
    """Where figures are on it that are too small to matter wherever they come again and again."""


def look_at(page: PdfPage, text: str) -> tuple[Look, tuple[tuple[int, ...], ...]]:
    """What there is to see beside this text, and where the figures are that are ornaments perhaps."""
    if len(text) < _LITTLE_TEXT:
        return (Look.SCAN if _has_drawing(page) else Look.WORDS), ()
    figures = dict(_figures(page))
    if any(share > _MOSTLY for share in figures.values()):
        return Look.FIGURE, ()
    return (Look.FIGURE if figures else Look.WORDS), tuple(figures)


def _figures(page: PdfPage) -> Iterator[tuple[tuple[int, ...], float]]:
    """Pictures of some size: where they are, and their share of the page.

    Drawings are told from tables and ornaments by no rule, so they are left out.
    """
    width, height = page.get_size()
    try:
        for one in islice(page.get_objects(max_depth=1), _MOST_OBJECTS):
            if one.type != FPDF_PAGEOBJ_IMAGE:
                continue
            left, bottom, right, top = one.get_bounds()
            wide = min(right, width) - max(left, 0)
            high = min(top, height) - max(bottom, 0)
            share = max(wide, 0) * max(high, 0) / max(width * height, 1)
            if share > _LARGE:
                yield (round(left), round(bottom), round(right), round(top)), share
    except (PdfiumError, OverflowError, ValueError):
        return


def without_ornaments(pages: list[Page]) -> list[Page]:
    """What is at the same place of many pages, a banner say, makes no figure of any."""
    times = Counter(figure for page in pages for figure in page.figures)
    often = {figure for figure, count in times.items() if count > max(_OFTEN, len(pages) / 3)}
    return [
        replace(page, look=Look.WORDS) if page.figures and often.issuperset(page.figures) else page
        for page in pages
    ]


def _has_drawing(page: PdfPage) -> bool:
    return next(iter(page.get_objects(max_depth=1)), None) is not None
