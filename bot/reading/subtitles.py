"""Slack's transcript of a recording (WebVTT) as a document with its minutes. Pure."""

import html
import re
from collections.abc import Iterator

from bot.conversation.documents.document import Document, Passage
from bot.reading.passages import cut

EXTENT = "what is said in it"
NOTHING_SAID = "(nothing is said in it)"
ONLY_BEGINNING = "only the beginning of what is said is known"
_CUE = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)[.,]\d+ +-->")
_TAG = re.compile(r"<[^>]*>")


def read_subtitles(text: str, name: str) -> Document:
    """The words, minute by minute."""
    minutes: dict[str, list[str]] = {}
    for minute, words in _cues(text):
        lines = minutes.setdefault(minute, [])
        if words not in lines[-1:]:
            lines.append(words)
    passages = tuple(
        Passage.of(f"minute {minute}", " ".join(lines)) for minute, lines in minutes.items()
    )
    return Document(
        name=name,
        extent=EXTENT,
        passages=passages or (Passage.of("", NOTHING_SAID),),
    )


def beginning(said: str, name: str, *, is_all: bool) -> Document:
    """The words that Slack shows beneath a recording: all, or the first of them."""
    note = "" if is_all else ONLY_BEGINNING
    return Document(name=name, extent=EXTENT, passages=tuple(cut(said)), note=note)


def _cues(text: str) -> Iterator[tuple[str, str]]:
    """The minute and the words of each cue."""
    minute = ""
    for line in text.replace("\r", "").split("\n"):
        cue = _CUE.match(line)
        if cue:
            minute = str(int(cue[1] or 0) * 60 + int(cue[2]))
        elif not line.strip():
            minute = ""
        elif minute:
            yield minute, html.unescape(_TAG.sub("", line)).strip()
