"""How a summary looks in Slack: its Markdown in as many messages as it needs, buttons beneath."""

import json
from collections.abc import Sequence
from typing import Any

from bot.conversation.languages import LANGUAGES
from bot.conversation.summaries.errand import Remedy
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import short_json
from bot.conversation.summaries.request import Length
from bot.slack.markdown.rendering import Draft, SegmentLimits, escape

Blocks = list[dict[str, Any]]

SHARE, SHORTER, DETAIL, LANGUAGE, DOCUMENT, AGAIN = (
    "summary_share",
    "summary_shorter",
    "summary_detail",
    "summary_language",
    "summary_document",
    "summary_again",
)
SHARE_LABEL = "Share in channel"
JOIN_LABEL = "Join the channel and sum up"
RETRY_LABEL = "Try again"
ASKED_BY = "{name} shared this summary of {title}"
_LIMITS = SegmentLimits(soft=7_000, firm=8_500, word=9_300, hard=9_800)
"""Buttons and the line above need room beside 12,000 characters of Markdown ("Markdown block")."""
_SHORTER = {Length.NORMAL: Length.SHORT, Length.DETAILED: Length.NORMAL}
_LONGER = {Length.SHORT: Length.NORMAL, Length.NORMAL: Length.DETAILED}
_MOST_VALUE = 2_000


def pages(markdown: str) -> Sequence[str]:
    """The summary in pieces of one Slack message each, harmless: nobody is pinged by it."""
    draft = Draft(limits=_LIMITS)
    draft.feed(markdown)
    draft.finish()
    return draft.segments


def text_block(page: str) -> dict[str, Any]:
    """A piece of Markdown."""
    return {"type": "markdown", "text": page}


def buttons(summary: KeptSummary, *, shares_in: str) -> Blocks:
    """What can be done with a summary that only one person sees."""
    number, length = str(summary.id), summary.length
    elements = []
    if shares_in:
        elements.append(_button(SHARE_LABEL, SHARE, number, style="primary"))
    if shorter := _SHORTER.get(length):
        elements.append(_button("Shorter", SHORTER, f"{number}:{shorter.value}"))
    if longer := _LONGER.get(length):
        elements.append(_button("More detail", DETAIL, f"{number}:{longer.value}"))
    elements.append(_languages(number, length))
    elements.append(_button("As a document", DOCUMENT, number))
    return [{"type": "actions", "block_id": "summary", "elements": elements}]


def remedy_button(remedy: Remedy) -> Blocks:
    """Beneath a failure: the same once more; none where the request is too long for a button."""
    value = json.dumps({"joins": remedy.joins, "request": short_json(remedy.request)})
    if len(value) > _MOST_VALUE:
        return []
    label = JOIN_LABEL if remedy.joins else RETRY_LABEL
    return [{"type": "actions", "elements": [_button(label, AGAIN, value)]}]


def asked_by(summary: KeptSummary, name: str) -> dict[str, Any]:
    """The line above a summary that somebody has shared."""
    words = ASKED_BY.format(name=f"*{escape(name)}*", title=escape(summary.title))
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}


def section(sentence: str) -> dict[str, Any]:
    """One sentence of ours."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": sentence}}


def _languages(number: str, length: Length) -> dict[str, Any]:
    return {
        "type": "static_select",
        "action_id": LANGUAGE,
        "placeholder": _plain("In …"),
        "options": [
            {"text": _plain(f"In {language}"), "value": f"{number}:{length.value}:{language}"}
            for language in LANGUAGES
        ],
    }


def _button(label: str, action: str, value: str, *, style: str = "") -> dict[str, Any]:
    button = {"type": "button", "action_id": action, "text": _plain(label), "value": value}
    return {**button, "style": style} if style else button


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
