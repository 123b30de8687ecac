"""Where a line of Markdown that is still being written may be cut. Pure."""

_PATIENCE = 300
"""A mark that has not been closed after so many characters is no mark."""
_CJK_TAIL = 40
"""Text without spaces is shown up to any of its characters once so much is held back."""


def safe_end(line: str, *, shown: int) -> int:
    """How much of an unfinished line can be shown: an index behind `shown`, or `shown` itself.

    A cut is made before a word, never before a space (Slack may drop spaces where two chunks
    meet), and never inside markup that has been opened and not closed, since Slack would show
    its marks. `line` begins where the line begins.
    """
    marks = _Marks()
    best = shown
    for position, char in enumerate(line):
        if position > shown and _is_cut(line, position) and marks.are_closed(position):
            best = position
        marks.read(line, position, char)
    return best


def first_glimpse(line: str) -> int:
    """How much of an answer's very first word can be shown while it is being written.

    The cut is inside the word, where no space can get lost; a word with any mark in it waits.
    """
    return len(line) - 1 if len(line) > 1 and line.isalnum() else 0


def _is_cut(line: str, position: int) -> bool:
    before, after = line[position - 1], line[position]
    if after.isspace():
        return False
    if before.isspace():
        return True
    if not _is_cjk(before):
        return False
    return before in "，。、；：？！）》」』" or len(line) - position >= _CJK_TAIL


def _is_cjk(char: str) -> bool:
    return (
        "\u3000" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" or "\uff00" <= char <= "\uffef"
    )


class _Marks:
    """The inline markup that is open at a position of a line."""

    def __init__(self) -> None:
        self._code = 0
        self._open: dict[str, int] = {}
        self._skip_until = 0

    def are_closed(self, position: int) -> bool:
        """Whether a cut here splits nothing (marks open for too long don't count)."""
        return position >= self._skip_until and all(
            position - since > _PATIENCE for since in self._open.values()
        )

    def read(self, line: str, position: int, char: str) -> None:
        """Take in the character at this position."""
        if position < self._skip_until:
            return
        if char == "\\":
            self._skip_until = position + 2
        elif char == "`":
            self._read_code(line, position)
        elif self._code:
            return
        elif char in "*_~":
            self._read_run(line, position, char)
        elif char in "[]()<>":
            self._read_bracket(line, position, char)

    def _read_code(self, line: str, position: int) -> None:
        length = _run(line, position, "`")
        self._skip_until = position + length
        if not self._code:
            self._code = length
            self._open["`"] = position
        elif self._code == length:
            self._code = 0
            del self._open["`"]

    def _read_run(self, line: str, position: int, char: str) -> None:
        length = _run(line, position, char)
        end = position + length
        self._skip_until = end
        before = line[position - 1] if position else " "
        after = line[end] if end < len(line) else " "
        mark = char * min(length, 2)
        if char == "~" and length < 2:
            return
        if mark in self._open and not before.isspace():
            del self._open[mark]
        elif not after.isspace() and (char == "*" or not before.isalnum()):
            self._open.setdefault(mark, position)
        elif end >= len(line) and not before.isalnum():
            self._open.setdefault(mark, position)  # what follows is not known yet

    def _read_bracket(self, line: str, position: int, char: str) -> None:
        after = line[position + 1] if position + 1 < len(line) else ""
        if char == "[":
            self._open.setdefault("[", position)
        elif char == "]":
            since = self._open.pop("[", None)
            if since is not None and after == "(":
                self._open["("] = since
        elif char == ")":
            self._open.pop("(", None)
        elif char == "<" and (after.isalpha() or after in {"", "@", "!", "#", "/"}):
            self._open.setdefault("<", position)
        elif char == ">":
            self._open.pop("<", None)


def _run(line: str, position: int, char: str) -> int:
    end = position
    while end < len(line) and line[end] == char:
        end += 1
    return end - position
