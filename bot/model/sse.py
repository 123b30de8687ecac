"""Server-sent events out of bytes that come in any pieces. Pure.

Lines end with LF, CRLF or CR and with nothing else: httpx's own line splitter also splits at
U+2028 and U+0085, which may stand unescaped inside JSON.
"""

from dataclasses import dataclass

_STATUS = b":HTTP_STATUS/"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its name (empty where none was given) and its data."""

    name: str
    data: bytes
    status: int = 200
    """What a `:HTTP_STATUS/…` comment said: DashScope's own protocols put it there."""


class SseDecoder:
    """Collects bytes and gives out the events that are whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._status = 200

    def feed(self, received: bytes) -> list[SseEvent]:
        """Add bytes; returns the events they complete."""
        text = self._rest + received if self._rest else received
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
                self._read(line)
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

    def _read(self, line: bytes) -> None:
        if line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif line.startswith(_STATUS):
            digits = line[len(_STATUS) :].strip()
            self._status = int(digits) if digits.isdigit() else 200
