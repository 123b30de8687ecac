"""A model's Markdown as Slack shows it best: safe to show while it grows, split between blocks. Pure.

Text takes this way: `feed` collects it; `_Showable` lets through what is safe to show, made
harmless by bot/slack/markdown/disarm.py; `_Segments` lays that out over Slack messages. All three depend on
the text alone, never on how it was cut into deltas, so a reply taken over by another process is
cut in the same places.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.slack.markdown.charts import fence_end, opens_chart, settle
from bot.slack.markdown.disarm import disarm
from bot.slack.markdown.inline import first_glimpse, safe_end

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_DELIMITER = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_LONG_CODE_LINE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLimits:
    """When a Slack message is full, in characters: the first fitting place behind each is taken.

    Slack takes 12,000 characters of Markdown a call, and fewer once they have become blocks.
    """

    soft: int = 8_000
    """The next block begins a new message."""
    firm: int = 9_500
    """The next line does; a fence is closed and opened again, a table's head repeated."""
    word: int = 10_300
    """The next word does."""
    hard: int = 10_800
    """The next character does."""


class Draft:
    """The growing answer of one reply."""

    def __init__(
        self, *, limits: SegmentLimits = SegmentLimits(), people: frozenset[str] = frozenset()
    ) -> None:
        self._new: list[str] = []
        self._raw: list[str] = []
        self._showable = _Showable(people)
        self._segments = _Segments(limits)

    def feed(self, text: str) -> None:
        """Add the next characters; they are looked at when somebody asks for the segments."""
        self._new.append(text)

    def finish(self) -> None:
        """The answer is complete: everything is shown, an open fence is closed."""
        self._take_in()
        self._segments.add(self._showable.rest())
        self._segments.close_fence()

    @property
    def segments(self) -> Sequence[str]:
        """The Slack messages so far, each as far as it is safe to show.

        Only the last one grows, and only at its end.
        """
        self._take_in()
        return self._segments.texts()

    @property
    def raw(self) -> str:
        """Exactly what was fed."""
        self._take_in()
        return "".join(self._raw)

    def _take_in(self) -> None:
        if self._new:
            text = "".join(self._new)
            self._new.clear()
            self._raw.append(text)
            self._segments.add(self._showable.take(text))


class _Showable:
    """Holds back the end of a text until it can be shown without being taken back."""

    def __init__(self, people: frozenset[str]) -> None:
        self._people = people
        self._held = ""
        self._has_begun = False
        self._line_shown = ""
        """The part of the current line that has been let through already."""
        self._fence = ""
        self._in_table = False

    def take(self, text: str) -> str:
        """Add text; returns what can be shown now."""
        self._held += text
        shown: list[str] = []
        while (end := self._next_line_end()) > 0:
            shown.append(self._let_through(end))
        if (end := self._indentation()) > 0:
            shown.append(self._let_through(end))
        if (end := self._part_of_line()) > 0:
            shown.append(self._let_through(end))
        return "".join(shown)

    def rest(self) -> str:
        """Everything that was held back."""
        shown: list[str] = []
        while self._held:
            end = fence_end(self._held) if self._begins_chart() else self._held.find("\n") + 1
            shown.append(self._let_through(end or len(self._held)))
        return "".join(shown)

    def _next_line_end(self) -> int:
        """Where the next whole line ends, white space behind it included; 0 if it must wait."""
        newline = self._held.find("\n")
        if newline < 0:
            return 0
        if self._begins_chart():
            newline = fence_end(self._held) - 1  # a chart is shown whole, or not yet
            if newline < 0 or self._held[newline] != "\n":
                return 0
        elif self._begins_table(newline) and self._held.find("\n", newline + 1) < 0:
            return 0  # the row below it says whether it is a table
        following = len(self._held) - len(self._held[newline + 1 :].lstrip())
        # The next piece has to begin with a word: Slack may drop spaces where two chunks meet.
        return newline + 1 if following < len(self._held) else 0

    def _indentation(self) -> int:
        """White space at the beginning of a line goes out with the line before, see above.

        That of a fence or a table row waits: they are shown whole.
        """
        start = self._held.lstrip(" \t")
        if self._line_shown or not self._has_begun or start[:1] in {"", "\n", "`", "~", "|"}:
            return 0
        return len(self._held) - len(start)

    def _begins_chart(self) -> bool:
        return not self._fence and not self._line_shown and opens_chart(self._held)

    def _begins_table(self, newline: int) -> bool:
        line = self._line_shown + self._held[:newline]
        return not self._fence and not self._in_table and line.lstrip().startswith("|")

    def _part_of_line(self) -> int:
        """How much of the unfinished last line can be shown."""
        if "\n" in self._held:
            return 0
        line = self._line_shown + self._held
        shown = len(self._line_shown)
        start = line.lstrip()
        if self._fence:
            if len(line) - shown < _LONG_CODE_LINE:
                return 0
            return line.rfind(" ") + 1 - shown if " " in line[shown:].rstrip() else 0
        if start.startswith("|") or start[:3] in {"`", "``", "```", "~", "~~", "~~~"}:
            return 0
        end = safe_end(line, shown=shown) - shown
        return end or (0 if self._has_begun else first_glimpse(line))

    def _let_through(self, end: int) -> str:
        if self._begins_chart():
            return self._let_chart_through(end)
        piece, self._held = self._held[:end], self._held[end:]
        self._has_begun = True
        line = self._line_shown + piece
        in_code = bool(self._fence)
        if not piece.endswith("\n"):
            self._line_shown = line
            return disarm(piece, people=self._people, in_code=in_code)
        self._line_shown = ""
        in_code = self._read_line(line.rstrip("\n")) or in_code
        return disarm(piece, people=self._people, in_code=in_code)

    def _let_chart_through(self, end: int) -> str:
        fence, self._held = self._held[:end], self._held[end:]
        self._has_begun, self._in_table = True, False
        settled = settle(fence)
        return disarm(settled, people=self._people, in_code=settled.startswith("```"))

    def _read_line(self, line: str) -> bool:
        """Follow fences and tables; whether the line belongs to a fence."""
        self._in_table = line.lstrip().startswith("|")
        if self._fence:
            if closes(line, self._fence):
                self._fence = ""
            return True
        self._fence = opens(line)
        return bool(self._fence)


class _Segments:
    """Lays text out over Slack messages. Every rule is "the first such place behind so much"."""

    def __init__(self, limits: SegmentLimits) -> None:
        self._limits = limits
        self._closed: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._line = ""
        self._before = ""
        self._fence = ""
        self._table_head = ""

    def texts(self) -> list[str]:
        """Every message so far, the growing one last."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return [*self._closed, *self._pieces]

    def add(self, text: str) -> None:
        """Lay out more text."""
        start = 0
        while start < len(text):
            newline = text.find("\n", start)
            end = newline + 1 if newline >= 0 else len(text)
            part = text[start:end]
            if not self._line:
                self._begin_line(part)
            self._put(part)
            self._line += part
            if newline >= 0:
                self._end_line()
            start = end

    def close_fence(self) -> None:
        """Close a fence that the model has left open."""
        if self._fence and not closes(self._line, self._fence):
            self._append(self._closing())
        self._fence = ""

    def _begin_line(self, line: str) -> None:
        if opens_chart(f"{self._fence}\n"):
            return  # a chart is in one message
        if not self._fence and opens_chart(line) and self._length >= self._limits.soft // 2:
            self._cut(reopen="")
            return
        is_blank = line.endswith("\n") and not line.strip()
        if is_blank or (self._fence and closes(line, self._fence)):
            return
        at_block = not self._fence and (not self._before.strip() or line.startswith("#"))
        if self._length >= self._limits.firm or (at_block and self._length >= self._limits.soft):
            in_table = bool(self._table_head) and line.lstrip().startswith("|")
            self._cut(reopen=self._table_head if in_table else "")

    def _put(self, part: str) -> None:
        if opens_chart(f"{self._fence}\n"):
            self._append(part)
            return
        while self._length + len(part) > self._limits.word:
            place = self._place_in(part)
            if place is None:
                break
            self._append(part[:place])
            part = part[place:]
            self._cut(reopen="")
        self._append(part)

    def _place_in(self, part: str) -> int | None:
        """Where a line that is too long is cut: the next word, else the last possible character."""
        last = self._limits.hard - self._length
        for place in range(max(0, self._limits.word - self._length), min(len(part), last)):
            before = part[place - 1] if place else self._line[-1:]
            if before.isspace() and not part[place].isspace():
                return place
        return max(0, last) if len(part) > last else None

    def _append(self, text: str) -> None:
        if not self._length:
            text = text.lstrip()  # a message does not begin with white space
        if text:
            self._pieces.append(text)
            self._length += len(text)

    def _cut(self, *, reopen: str) -> None:
        """End this message and begin the next one."""
        if not self._length:
            return
        if self._fence:
            self._append(self._closing())
            reopen = f"{self._fence}\n"
        self._closed.append("".join(self._pieces))
        self._pieces = []
        self._length = 0
        self._append(reopen)

    def _closing(self) -> str:
        found = _FENCE.match(self._fence)
        marker = found.group(1) if found else "```"
        ends_line = not self._pieces or self._pieces[-1].endswith("\n")
        return marker if ends_line else f"\n{marker}"

    def _end_line(self) -> None:
        line = self._line.rstrip("\n")
        if self._fence:
            if closes(line, self._fence):
                self._fence = ""
        else:
            self._fence = opens(line)
            self._follow_table(line)
        self._before = line
        self._line = ""

    def _follow_table(self, line: str) -> None:
        if not line.lstrip().startswith("|"):
            self._table_head = ""
        elif not self._table_head and _DELIMITER.match(line) and "|" in self._before:
            self._table_head = f"{self._before}\n{line}\n"


def opens(line: str) -> str:
    """The line itself if it opens a code fence, else nothing."""
    found = _FENCE.match(line)
    if found is None or (found.group(1)[0] == "`" and "`" in found.group(2)):
        return ""
    return line


def closes(line: str, fence: str) -> bool:
    """Whether a line closes the fence that another line has opened."""
    opening, closing = _FENCE.match(fence), _FENCE.match(line.rstrip("\n"))
    if opening is None or closing is None or closing.group(2).strip():
        return False
    return closing.group(1).startswith(opening.group(1))


_MARKS = re.compile(r"^#{1,6}\s+|\*\*|__|~~|`{1,3}", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")


def preview(markdown: str, *, limit: int = 3_000) -> str:
    """Markdown as plain text for notifications and screen readers, escaped, within the limit."""
    plain_text = _MARKS.sub("", _LINK.sub(r"\1", markdown))
    safe = escape(plain_text)
    if len(safe) <= limit:
        return safe
    cut = safe[: limit - 1]
    return f"{cut.rsplit(None, 1)[0] if ' ' in cut else cut}…"


def is_visible(text: str) -> bool:
    """Whether there is something to read, beyond the marks of Markdown."""
    return any(char.isalnum() for char in text)


def escape(text: str) -> str:
    """Text as Slack's mrkdwn takes it literally ("Formatting text: escaping")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def plain(text: str, names: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """Slack's mrkdwn of a person's message as the model should read it."""

    def word(found: re.Match[str]) -> str:
        kind, value, label = found[1], found[2], found[3] or ""
        match kind:
            case "@":
                return f"@{names.get(value) or label or value}"
            case "#":
                known = channels.get(value)
                return f"#{label or known or value}"
            case "!":
                return _special(value, label)
            case _:
                return _link(value, label)

    readable = _TOKEN.sub(word, text)
    return readable.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _special(value: str, label: str) -> str:
    if value.startswith(("subteam^", "date^")):
        return label or value.split("^")[1]
    return f"@{value}"


def _link(url: str, label: str) -> str:
    address = url.removeprefix("mailto:")
    return f"[{label}]({address})" if label and label != address else address
