"""What our messages say of themselves, unseen: which reply they belong to ("Message metadata").

Any app in the workspace can read it: there are numbers of ours in it, and nothing else.
"""

from collections.abc import Mapping
from typing import Any

_KIND = "threadwise_reply"


def tag(reply_id: int, number: int) -> dict[str, Any]:
    """The `metadata` of a reply's message; the first has number 0."""
    return {"event_type": _KIND, "event_payload": {"reply_id": reply_id, "number": number}}


def read_tag(message: Mapping[str, Any]) -> tuple[int, int] | tuple[None, None]:
    """The reply and the number that a message says it has; None where it says neither."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != _KIND or "number" not in payload:
        return None, None
    return int(payload["reply_id"]), int(payload["number"])
