"""Charts in Slack's own block, where they fit it ("Data visualization block"). Pure.

A chart travels through a message's text as a fence of one line of JSON, which is laid out and
shown whole; it becomes a block on its way into Slack.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.conversation.charts import FENCE, Chart, ChartKind, Series, as_table, parse_chart

REFUSED = "data_visualization"
"""What a workspace that does not take the block is remembered by."""
CAPTION = "_Chart: {title} (as a picture in this thread)_\n"
_UNTITLED = "Chart"
_MOST_TITLE = 50
_MOST_SERIES = 6
_MOST_POINTS = 20
_MOST_LABEL = 20
_MOST_AXIS_LABEL = 50
_MOST_IN_MESSAGE = 2
_FENCE = re.compile(
    rf"^ {{0,3}}(`{{3,}}|~{{3,}})[ \t]*{FENCE}[ \t]*\n(.*?)\n? {{0,3}}\1[`~]*[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SETTLED = re.compile(rf"^```{FENCE}\n(\{{.*\}})\n```(?:\n|\Z)", re.MULTILINE)
_OPENING = re.compile(rf"^ {{0,3}}(?:`{{3,}}|~{{3,}})[ \t]*{FENCE}[ \t]*\n")

Part = str | Mapping[str, Any]


def opens_chart(line: str) -> bool:
    """Whether a line, with its end, opens a chart's fence."""
    return _OPENING.match(line) is not None


def fence_end(text: str) -> int:
    """Where the chart's fence ends that the text begins with; 0 as long as it is open."""
    found = _FENCE.match(text)
    return found.end() if found else 0


def settle(fence: str) -> str:
    """A whole fence as it stands in a message: drawn, named, or, where it is no chart, as code."""
    found = _FENCE.match(fence)
    body = found[2] if found else fence.partition("\n")[2]
    chart = parse_chart(body)
    if chart is None:
        return f"```json\n{body}\n```\n"
    if not _fits(chart):
        return CAPTION.format(title=_title(chart))
    return f"```{FENCE}\n{_one_line(body)}\n```\n"


def charts_in(markdown: str) -> list[Chart]:
    """Every chart in an answer, as the model wrote them."""
    found = (parse_chart(one[2]) for one in _FENCE.finditer(markdown))
    return [chart for chart in found if chart is not None]


def drawn_in(text: str) -> list[Chart]:
    """The charts that a message's text draws."""
    charts = (parse_chart(one[1]) for one in _SETTLED.finditer(text))
    return [chart for chart in charts if chart is not None][:_MOST_IN_MESSAGE]


def undrawn(markdown: str, texts: Sequence[str], *, may_draw: bool) -> list[Chart]:
    """The charts of an answer that its Slack messages do not draw."""
    drawn = {chart for text in texts for chart in drawn_in(text)} if may_draw else set()
    return [chart for chart in dict.fromkeys(charts_in(markdown)) if chart not in drawn]


def parts(text: str, *, before: str = "", may_draw: bool = True) -> Iterator[Part]:
    """A message's text, or what is new behind `before`, as Markdown and chart blocks in turn.

    What can't be drawn is a table of the same numbers.
    """
    count = len(_SETTLED.findall(before))
    start = 0
    for found in _SETTLED.finditer(text):
        yield from _text(text[start : found.start()])
        start = found.end()
        chart = parse_chart(found[1])
        if chart is not None and may_draw and count < _MOST_IN_MESSAGE:
            yield chart_block(chart)
        elif chart is not None:
            yield _table(chart)
        count += 1
    yield from _text(text[start:])


def without_charts(text: str) -> str:
    """A message's text for where only words are shown: charts by their titles."""

    def named(found: re.Match[str]) -> str:
        chart = parse_chart(found[1])
        return f"[{_title(chart)}]\n" if chart else ""

    return _SETTLED.sub(named, text)


def chart_block(chart: Chart) -> dict[str, Any]:
    """The block that draws a chart."""
    return {"type": "data_visualization", "title": _title(chart), "chart": _drawn(chart)}


def bars_of(block: Mapping[str, Any]) -> Chart:
    """The chart that a block of bars draws; what `chart_block` has made of it."""
    drawn = block["chart"]
    return Chart(
        kind=ChartKind.BAR,
        title=block["title"],
        labels=tuple(drawn["axis_config"]["categories"]),
        series=tuple(
            Series(name=one["name"], values=tuple(point["value"] for point in one["data"]))
            for one in drawn["series"]
        ),
        y_label=drawn["axis_config"].get("y_label", ""),
    )


def _drawn(chart: Chart) -> dict[str, Any]:
    if chart.kind is ChartKind.PIE:
        return {"type": "pie", "segments": _points(chart, 0)}
    series = [
        {"name": one.name, "data": _points(chart, number)}
        for number, one in enumerate(chart.series)
    ]
    axes = {"x_label": chart.x_label, "y_label": chart.y_label}
    given = {name: label[:_MOST_AXIS_LABEL] for name, label in axes.items() if label}
    return {
        "type": chart.kind.value,
        "series": series,
        "axis_config": {"categories": list(chart.labels), **given},
    }


def _points(chart: Chart, number: int) -> list[dict[str, Any]]:
    values = chart.series[number].values
    return [
        {"label": label, "value": value} for label, value in zip(chart.labels, values, strict=True)
    ]


def _fits(chart: Chart) -> bool:
    """Labels and names have to be short, there, and each another one."""
    most = _MOST_SERIES if chart.kind is ChartKind.PIE else _MOST_POINTS
    names = [one.name for one in chart.series]
    if len(chart.labels) > most or len(names) > _MOST_SERIES:
        return False
    if len(set(chart.labels)) < len(chart.labels) or len(set(names)) < len(names):
        return False
    return all(0 < len(label) <= _MOST_LABEL for label in (*chart.labels, *names))


def _title(chart: Chart) -> str:
    title = chart.title or _UNTITLED
    return title if len(title) <= _MOST_TITLE else f"{title[: _MOST_TITLE - 1].rstrip()}…"


def _one_line(body: str) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))


def _table(chart: Chart) -> str:
    head, *rows = as_table(chart)
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    shown = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    return f"**{_title(chart)}**\n\n{shown}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _text(text: str) -> Iterator[str]:
    if text.strip():
        yield text
