"""Charts in an answer: a fenced block of JSON that the model writes and that is shown drawn. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

FENCE = "chart"
"""The info string of the fence."""
INSTRUCTIONS = """\
Charts are drawn from fenced blocks like this one, which people see as a picture:
```chart
{"type": "bar", "title": "Revenue", "labels": ["Q1", "Q2"], "series": [{"name": "2026", \
"values": [120, 150]}], "x_label": "quarter", "y_label": "k€"}
```
`type` is bar, line, area or pie (one series, no negative numbers); every series has one number \
for each label. Draw only numbers that you were given or know. For anything but numbers (a flow, a \
structure) draw with characters in a plain code block."""
"""What the model is told when somebody wants something drawn."""
MOST_POINTS = 400
"""Labels a chart may have; more can't be told apart."""
MOST_SERIES = 12
_MOST_WORDS = 900
"""Slack takes 1,000 characters ("files.getUploadURLExternal", alt_txt)."""


class ChartKind(StrEnum):
    """How the numbers are drawn."""

    BAR = "bar"
    LINE = "line"
    PIE = "pie"
    AREA = "area"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of numbers, as many as the chart has labels."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart; a pie has one series of numbers that are not negative."""

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    x_label: str = ""
    y_label: str = ""


_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def _number(value: Any) -> Any:
    """A number as models write them: `12`, `"1,200"`, `"45 %"`."""
    if isinstance(value, str):
        return _THOUSANDS.sub("", value).strip().strip("%$€£¥ ")
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004  pydantic turns a ValueError into its own
    return value


def _words(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else str(value)


class _Series(BaseModel):
    name: Annotated[str, BeforeValidator(_words)] = ""
    values: list[Annotated[float, BeforeValidator(_number)]]


class _Chart(BaseModel):
    type: ChartKind
    title: Annotated[str, BeforeValidator(_words)] = ""
    labels: list[Annotated[str, BeforeValidator(_words)]]
    series: list[_Series]
    x_label: str | None = None
    y_label: str | None = None


def parse_chart(text: str) -> Chart | None:
    """The chart that a fence's text describes; None where it describes none."""
    try:
        given = _Chart.model_validate_json(text)
    except ValidationError:
        return None
    if not _is_drawable(given):
        return None
    series = given.series[:1] if given.type is ChartKind.PIE else given.series
    return Chart(
        kind=given.type,
        title=" ".join(given.title.split()),
        labels=tuple(" ".join(label.split()) for label in given.labels),
        series=tuple(
            Series(name=one.name.strip() or f"Series {number}", values=tuple(one.values))
            for number, one in enumerate(series, start=1)
        ),
        x_label=given.x_label or "",
        y_label=given.y_label or "",
    )


def _is_drawable(given: _Chart) -> bool:
    if not 1 <= len(given.labels) <= MOST_POINTS or not 1 <= len(given.series) <= MOST_SERIES:
        return False
    if any(len(one.values) != len(given.labels) for one in given.series):
        return False
    if not all(math.isfinite(value) for one in given.series for value in one.values):
        return False
    if given.type is not ChartKind.PIE:
        return True
    values = given.series[0].values
    return min(values) >= 0 and sum(values) > 0


def as_table(chart: Chart) -> list[list[str]]:
    """The chart's numbers, row by row, the head first: for where nothing can be drawn."""
    head = [chart.x_label, *(one.name for one in chart.series)]
    return [head, *([label, *row] for label, row in zip(chart.labels, _rows(chart), strict=True))]


def described(chart: Chart) -> str:
    """The chart in words, short enough for a picture's description."""
    rows = (f"{label}: {', '.join(row)}" for label, *row in as_table(chart)[1:])
    kind = f"{chart.kind.value.capitalize()} chart"
    return "; ".join([f"{kind}: {chart.title}" if chart.title else kind, *rows])[:_MOST_WORDS]


def figure(value: float) -> str:
    """A number as people write it."""
    return f"{value:,.10g}"


def _rows(chart: Chart) -> Sequence[list[str]]:
    columns = [[figure(value) for value in one.values] for one in chart.series]
    return [list(row) for row in zip(*columns, strict=True)]
