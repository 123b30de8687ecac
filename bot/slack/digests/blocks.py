"""How a digest looks in Slack: one compact message, and its details as messages in its thread."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot.conversation.charts import Chart, ChartKind, Series
from bot.conversation.digests.digest import ChannelNote, Digest
from bot.conversation.digests.maker import ChannelEdition, Edition
from bot.conversation.summaries.request import Length
from bot.conversation.summaries.summary import ActionItem, ChannelMessage, Statement, Summary, Topic
from bot.conversation.summaries.text import HEADINGS, as_markdown, what_was_opened
from bot.slack.markdown.charts import chart_block
from bot.slack.markdown.rendering import escape
from bot.slack.summaries.blocks import pages

Blocks = list[dict[str, Any]]

DETAIL, EDIT, STOP = "digest_detail", "digest_edit", "digest_stop"
TITLE = "*Digest* · {when}"
QUIET = "quiet: nobody has said anything since {since}."
NOTHING_OF_NOTE = "nothing stood out."
COUNTS = "{messages}{threads}{files}, since {since}"
EARLIER = "_Told before:_"
CHART_TITLE = "Messages a day"
DETAILS_BELOW = "Details are in the thread."
STOP_SURE = "It is deleted, together with what it remembers. You can order a new one at any time."

_MOST_TEXT = 9_000
"""Characters of all sections: Slack takes about 12,000 a message, and buttons need some."""
_MOST_SECTION = 2_900
_MOST_SAID = 500
"""Characters of one statement: more belongs into the details, and its links must not be cut off."""
_MOST_TOPICS = 4
_MOST_LINES = 3
_MOST_CATEGORIES = 20
_MOST_SERIES = 6
"""Days and channels of a chart ("Data visualization block")."""
_WORTH_DRAWING = 10
"""Messages: fewer are quicker said than drawn."""


def compose(digest: Digest, edition: Edition, due: datetime) -> list[dict[str, Any]]:
    """The messages of an edition, as `chat.postMessage` takes them: `text` and `blocks`."""
    below = list(details(edition))
    text = f"Digest: {_headline(edition)}"
    head: Blocks = [*compact(edition), *_chart(edition)]
    if below:
        head.append(_small(DETAILS_BELOW))
    has_more = bool(below) and edition.plan.length is not Length.DETAILED
    first = {"text": text, "blocks": [*head, _buttons(digest, due, has_more=has_more)]}
    return [first, *below]


def compact(edition: Edition) -> Blocks:
    """What matters of each channel."""
    when = f"{edition.made_at:%a} {edition.made_at.day} {edition.made_at:%b}"
    focus = f" · about {escape(edition.plan.focus)}" if edition.plan.focus else ""
    share = min(_MOST_SECTION, _MOST_TEXT // len(edition.channels))
    blocks: Blocks = [_small(TITLE.format(when=when) + focus)]
    for one in edition.channels:
        blocks.append(_section(_fitting(_lines(one, edition.made_at), share)))
        blocks += [_small(escape(gap)) for gap in _gaps(one)[:_MOST_LINES]]
    return blocks


def details(edition: Edition) -> Iterator[dict[str, Any]]:
    """Each channel's whole summary, in as many messages as it needs."""
    for one in edition.channels:
        if one.summary is None or one.summary.headline is None:
            continue
        for number, page in enumerate(pages(as_markdown(one.summary, now=edition.made_at))):
            blocks: Blocks = [] if number else [_section(f"*<#{one.channel_id}>*")]
            yield {
                "text": "The details of the digest.",
                "blocks": [*blocks, {"type": "markdown", "text": page}],
            }


def _lines(one: ChannelEdition, now: datetime) -> Iterator[str]:
    name = f"*<#{one.channel_id}>*"
    if one.summary is None or one.stretch is None:
        yield f"{name} {escape(one.missing)}"
        return
    since = _moment(one.stretch.read_from, now)
    if one.is_quiet:
        yield f"{name} {QUIET.format(since=since)}"
    else:
        headline = one.summary.headline
        said = _said(headline) if headline else NOTHING_OF_NOTE
        yield f"{name} {said}"
        yield f"_{_counts(one.summary, since)}_"
        yield from _weighty(one.summary)
    yield from _earlier(one.stretch.earlier)


def _weighty(summary: Summary) -> Iterator[str]:
    headings = HEADINGS.get(summary.language, HEADINGS["English"])
    for topic in summary.topics[:_MOST_TOPICS]:
        yield f"• {_title(topic)}{_said(topic.points[0])}"
    if summary.decisions:
        yield f"\n*{headings.decisions}*"
        yield from (f"• {_said(one)}" for one in summary.decisions[:_MOST_LINES])
    if summary.action_items:
        yield f"\n*{headings.action_items}*"
        yield from (f"• {_to_do(one)}" for one in summary.action_items[:_MOST_LINES])


def _title(topic: Topic) -> str:
    """The topic's title in front of its first point, unless that says the same."""
    title = _short(topic.title, 80).rstrip(" .:")
    return "" if topic.points[0].text.startswith(title) else f"*{_bare(title)}:* "


def _earlier(notes: Sequence[ChannelNote]) -> Iterator[str]:
    """What the window holds besides, and earlier editions have told already."""
    topics = [topic for note in reversed(notes) for topic in note.topics][:_MOST_TOPICS]
    if topics:
        yield f"\n{EARLIER}"
        yield from (f"• <{topic.link}|{_bare(_short(topic.title))}>" for topic in topics)


def _said(statement: Statement) -> str:
    return f"{_bare(_short(statement.text))}{_links(statement.sources)}"


def _to_do(item: ActionItem) -> str:
    who = f"*{_bare(_short(item.who, 80))}*: " if item.who else ""
    when = f" ({_bare(_short(item.by_when, 80))})" if item.by_when else ""
    return f"{who}{_bare(_short(item.what))}{when}{_links(item.sources)}"


def _short(text: str, most: int = _MOST_SAID) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _links(sources: Sequence[ChannelMessage]) -> str:
    # The space does not break, so that no arrow begins a line.
    return "".join(f"\N{NO-BREAK SPACE}<{one.permalink}|→>" for one in sources[:2])


def _bare(text: str) -> str:
    """A model's text, harmless, without marks that mean something to Slack."""
    return escape(text.replace("*", "∗").replace("`", "'").strip())


def _counts(summary: Summary, since: str) -> str:
    count, threads = len(summary.reading.messages), summary.reading.threads
    return COUNTS.format(
        messages=f"{count:,} {'message' if count == 1 else 'messages'}",
        threads=f", {threads:,} {'thread' if threads == 1 else 'threads'}" if threads else "",
        files=what_was_opened(summary),
        since=since,
    )


def _gaps(one: ChannelEdition) -> tuple[str, ...]:
    return (*one.summary.reading.gaps, *one.summary.gaps) if one.summary else ()


def _moment(at: datetime, now: datetime) -> str:
    local = at.astimezone(now.tzinfo)
    day = f"{local:%a}" if now - local < timedelta(days=6) else f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local.hour}:{local:%M}"


def _fitting(lines: Iterator[str], most: int) -> str:
    """As many of the lines as there is room for; the first one is cut if it must be."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line[:most]
        if len(longer) > most:
            break
        text = longer
    return text


def _headline(edition: Edition) -> str:
    """For notifications: the first thing there is to tell."""
    for one in edition.channels:
        if one.summary is not None and one.summary.headline is not None:
            return _bare(_short(one.summary.headline.text))
    return "all quiet." if edition.is_quiet else "nothing stood out."


def _chart(edition: Edition) -> Blocks:
    """Messages a day, where that says something: three days at least, and enough to draw."""
    activity = edition.activity()
    days = _days(sorted({day for counts in activity.values() for day in counts}))
    total = sum(counts.total() for counts in activity.values())
    if len(days) < 3 or total < _WORTH_DRAWING:
        return []
    labels = [f"{day:%a} {day.day} {day:%b}" for day in days]
    names = {one.channel_id: _name(one) for one in edition.channels}
    series = tuple(
        Series(name=names[channel_id], values=tuple(float(counts[day]) for day in days))
        for channel_id, counts in list(activity.items())[:_MOST_SERIES]
    )
    chart = Chart(
        kind=ChartKind.BAR,
        title=CHART_TITLE,
        labels=tuple(labels),
        series=series,
        y_label="Messages",
    )
    return [chart_block(chart)]


def _days(seen: Sequence[date]) -> list[date]:
    """Every day from the first to the last, the newest ones where there are too many."""
    if not seen:
        return []
    count = (seen[-1] - seen[0]).days + 1
    every = [seen[0] + timedelta(days=number) for number in range(count)]
    return every[-_MOST_CATEGORIES:]


def _name(one: ChannelEdition) -> str:
    """A channel's name in a chart: names differ, and have 20 characters."""
    name = one.summary.reading.channel_name if one.summary else ""
    return f"#{name}"[:20] if name else one.channel_id


def _buttons(digest: Digest, due: datetime, *, has_more: bool) -> dict[str, Any]:
    run = f"{digest.id}:{int(due.timestamp())}"
    stop = {
        **_button("Stop these", STOP, str(digest.id)),
        "confirm": {
            "title": _plain("Stop this digest?"),
            "text": _plain(STOP_SURE),
            "confirm": _plain("Stop it"),
            "deny": _plain("Keep it"),
        },
    }
    elements = [_button("Change schedule", EDIT, str(digest.id)), stop]
    if has_more:
        elements.insert(0, _button("More detail", DETAIL, run))
    return {"type": "actions", "elements": elements}


def _button(label: str, action: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _plain(label), "value": value}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _small(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:2_000]}]}
