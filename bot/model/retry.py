"""Whether a request that has failed before its first word is made again. Pure."""

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
