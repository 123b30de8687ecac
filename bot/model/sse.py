"""Server-sent events out of bytes that come in any pieces. Pure.

Lines end with LF, CRLF or CR and with nothing else: httpx's own line splitter also splits at
U+2028 and U+0085, which may stand unescaped inside JSON.
"""

from dataclasses import dataclass

_STATUSES = (b":HTTP_STATUS/", b"status:")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its name (empty where none was given) and its data."""

    name: str
    data: bytes
    status: int = 200
    """What a `:HTTP_STATUS/…` comment or a `status:` line said: DashScope's own way to fail."""


class SseDecoder:
    """Collects bytes and gives out the events that are whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._status = 200
        self._has_begun = False

    def feed(self, received: bytes) -> list[SseEvent]:
        """Add bytes; returns the events they complete."""
        text = self._rest + received if self._rest else received
        if not self._has_begun:
            self._has_begun = True
            text = text.removeprefix(_BOM)
        if b"\r" in text:
            # A CR at the very end may be the first half of a CRLF.
            held = b"\r" if text.endswith(b"\r") else b""
            text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        else:
            held = b""
        lines = text.split(b"\n")
        self._rest = lines.pop() + held
        events: list[SseEvent] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line:
                self._dispatch(events)
            else:
                self._read(line, events)
        return events

    def end(self) -> list[SseEvent]:
        """The stream has ended: an event whose last blank line is missing still counts."""
        events = self.feed(b"\n")
        self._dispatch(events)
        return events

    def _dispatch(self, events: list[SseEvent]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(SseEvent(self._name, data, self._status))
            self._data = []
        self._name = ""
        self._status = 200

    def _read(self, line: bytes, events: list[SseEvent]) -> None:
        if line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif line.startswith(b"id:") and self._data:
            # DashScope's events begin with their id, even where the empty line before it is missing.
            self._dispatch(events)
        elif line.startswith(_STATUSES):
            digits = line.rpartition(b"/" if line.startswith(b":") else b":")[2].strip()
            self._status = int(digits) if digits.isdigit() else 200
