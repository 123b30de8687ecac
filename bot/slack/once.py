"""Says something once, though Slack is busy for a while or its answer is lost.

A message carries a mark, by which it is looked for before it is posted again. What one person alone
sees can't be looked for: it is said again, since twice is better than never.
"""

import asyncio
import math
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from bot.conversation.thread import ts_of
from bot.errors import SlackLimited, SlackUnreachable
from bot.slack.api import SlackApi

_METADATA = "threadwise_once"
_TRIES = 3
_LONGEST_WAIT = 90.0
"""Seconds that Slack may ask us to wait."""
_LOOK_BACK = 20
_LATELY = 600.0


async def post_once(api: SlackApi, channel: str, *, thread_ts: str = "", **message: Any) -> str:
    """Post a message; returns its ts. Raises SlackError."""
    mark = {"mark": uuid.uuid4().hex}
    where = {"channel": channel, **({"thread_ts": thread_ts} if thread_ts else {})}
    message["metadata"] = {"event_type": _METADATA, "event_payload": mark}
    for _ in range(_TRIES - 1):
        try:
            return str((await api.write("chat.postMessage", **where, **message))["ts"])
        except SlackLimited as limited:
            await _wait(limited)
        except SlackUnreachable:
            if ts := await _standing(api, mark, channel, thread_ts):
                return ts
    return str((await api.write("chat.postMessage", **where, **message))["ts"])


async def whisper(api: SlackApi, **words: Any) -> None:
    """Say something that one person alone sees (`chat.postEphemeral`). Raises SlackError."""
    for _ in range(_TRIES - 1):
        try:
            await api.write("chat.postEphemeral", **words)
            return
        except SlackLimited as limited:
            await _wait(limited)
        except SlackUnreachable:
            continue
    await api.write("chat.postEphemeral", **words)


async def _wait(limited: SlackLimited) -> None:
    if limited.retry_after > _LONGEST_WAIT:
        raise limited
    await asyncio.sleep(limited.retry_after)


async def find_marked(
    api: SlackApi,
    is_it: Callable[[Mapping[str, Any]], bool],
    *,
    channel: str,
    thread_ts: str,
    limit: int,
    lately: float = math.inf,
) -> Mapping[str, Any] | None:
    """The message that is told by its metadata, among so many in a channel or in a thread of it.

    A thread shows its oldest replies first, and it may be long: it is looked for among those of the
    last `lately` seconds. Raises SlackError.
    """
    asked: dict[str, Any] = {"channel": channel, "limit": limit, "include_all_metadata": "true"}
    if thread_ts:
        asked["ts"] = thread_ts
        if lately < math.inf:
            asked["oldest"] = ts_of(time.time() - lately)
    method = "conversations.replies" if thread_ts else "conversations.history"
    found = await api.read(method, **asked)
    return next((one for one in found.get("messages") or () if is_it(one)), None)


async def _standing(api: SlackApi, mark: Mapping[str, str], channel: str, thread_ts: str) -> str:
    """The ts of the message with this mark; empty if there is none. Raises SlackError."""

    def is_it(message: Mapping[str, Any]) -> bool:
        return (message.get("metadata") or {}).get("event_payload") == mark

    found = await find_marked(
        api, is_it, channel=channel, thread_ts=thread_ts, limit=_LOOK_BACK, lately=_LATELY
    )
    return "" if found is None else str(found["ts"])
