"""Whether a request that has failed before its first word is made again. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.errors import (
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelStalled,
    ModelUnavailable,
)

_TRIES = 3
_SECONDS = 25.0
"""Longer than this nobody should wait for a first word because of retries."""
_FIRST_PAUSE = 0.5


def retry_delay(error: ModelError, *, failed: int, elapsed: float, jitter: float) -> float | None:
    """Seconds until the next try, or None for no more.

    `failed` counts the tries so far, `elapsed` their seconds; `jitter` is between 0 and 1.
    The service's own Retry-After is honoured where it leaves time.
    """
    if not isinstance(error, ModelBusy | ModelUnavailable | ModelCut) or failed >= _TRIES:
        return None
    pause = error.retry_after
    if pause is None:
        pause = _FIRST_PAUSE * 2 ** (failed - 1) * (0.75 + jitter / 2)
        if isinstance(error, ModelBusy):
            pause *= 2
    return pause if elapsed + pause <= _SECONDS else None


def another_model_helps(error: ModelError) -> bool:
    """Whether a model that may stand in for this one should be asked. A wrong key is wrong for all."""
    if isinstance(error, ModelMisconfigured):
        return error.status != 401
    return isinstance(error, ModelBusy | ModelUnavailable | ModelCut | ModelStalled)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The seconds a response asks us to wait, given as seconds, milliseconds or a date."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    raw = headers.get("retry-after", "").strip()
    if (seconds := _number(raw)) is not None:
        return seconds
    try:
        until = parsedate_to_datetime(raw)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def _number(raw: str) -> float | None:
    return float(raw) if raw.isascii() and raw.replace(".", "", 1).isdigit() else None
