"""Slack's rate limits: one bucket for each method, as the tiers are documented ("Rate limits")."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_TIERS = {
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.appendStream": 100,
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.getPermalink": 600,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.join": 50,
    "users.conversations": 50,
    "views.open": 100,
    "views.push": 100,
    "views.update": 100,
    "views.publish": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "assistant.threads.setStatus": 600,
    "users.info": 100,
    "users.list": 20,
    "files.info": 100,
    "reactions.add": 50,
    "reactions.remove": 20,
    "agents.sessions.setStatus": 50,
    "agents.sessions.rename": 50,
    "assistant.threads.setTitle": 100,
    "assistant.threads.setSuggestedPrompts": 100,
    "auth.test": 600,
}
_OTHER = 50
_POST_BURST = 3
_HISTORY = frozenset({"conversations.history", "conversations.replies"})
_HISTORY_SECONDS = 60.0


@dataclass
class _Bucket:
    """Holds a minute's calls and fills again at the same rate."""

    size: float
    a_second: float
    left: float
    at: float

    def take(self, now: float) -> float:
        """Take one; returns 0, or the seconds until there is one."""
        self.left = min(self.size, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.a_second


class Limits:
    """The limits of the app in the workspace.

    `few_reads` is for apps that are sold outside the Marketplace: history once a minute.
    """

    def __init__(self, *, on: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.on = on
        self.few_reads = False
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def retry_after(self, method: str, channel: str) -> int:
        """Count a call; whole seconds to wait when it is one too many, else 0."""
        is_few = self.few_reads and method in _HISTORY
        if not self.on and not is_few:
            return 0
        now = self._clock()
        key = f"{method} {channel}" if method == "chat.postMessage" else method
        if is_few:
            key = f"{method}, few"
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _bucket(method, is_few, now)
        return math.ceil(bucket.take(now))


def _bucket(method: str, is_few: bool, now: float) -> _Bucket:
    if is_few:
        return _Bucket(1, 1 / _HISTORY_SECONDS, 1, now)
    if method == "chat.postMessage":
        return _Bucket(_POST_BURST, 1.0, _POST_BURST, now)
    a_minute = _TIERS.get(method, _OTHER)
    return _Bucket(a_minute, a_minute / 60, a_minute, now)
