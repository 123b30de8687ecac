"""What requests to models come to, seen from outside: how they end, and what they take.

It is counted where they are made, whatever for: an answer, a summary, a digest, a thread's memory.
"""

from bot.conversation.messages import Usage
from bot.conversation.ports import Cost
from bot.errors import ModelError
from bot.telemetry import metrics
from bot.telemetry.calls import Call, model_call


def request(model: str) -> Call:
    """Stands around one request to a model."""
    return model_call(model, _outcome)


def count(model: str, usage: Usage, cost: Cost | None = None) -> None:
    """A request has taken this."""
    for kind, number in (
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cached", usage.cached_tokens),
        ("reasoning", usage.reasoning_tokens),
    ):
        metrics.tokens.labels(model, kind).inc(number)
    if cost is not None:
        metrics.cost.labels(cost.currency).inc(cost.amount)


def _outcome(error: BaseException) -> str:
    return type(error).__name__ if isinstance(error, ModelError) else "broken off"
