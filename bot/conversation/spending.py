"""What one turn has cost: each request to a model is noted here where it is made, whatever it is for.

A turn asks for more than its answer's words: notes of documents, parts of a summary, a second try.
"""

from contextvars import ContextVar

from bot.conversation.messages import Usage
from bot.conversation.ports import Cost


class Spending:
    """The figures of all requests together."""

    def __init__(self) -> None:
        self.model = ""
        """The one that was asked last; another one may stand in for the chosen one."""
        self.usage: Usage | None = None
        self._costs: list[Cost | None] = []

    def note(self, usage: Usage, cost: Cost | None) -> None:
        """A request has ended."""
        self.usage = self.usage + usage if self.usage else usage
        self._costs.append(cost)

    @property
    def cost(self) -> Cost | None:
        """The sum of what each of them cost, which goes by its own length; None where that is not known."""
        known = [cost for cost in self._costs if cost is not None]
        currencies = {cost.currency for cost in known}
        if len(known) < len(self._costs) or len(currencies) != 1:
            return None
        return Cost(amount=sum(cost.amount for cost in known), currency=currencies.pop())


_current: ContextVar[Spending | None] = ContextVar("spending", default=None)


def count_in(spending: Spending) -> None:
    """Count what this task asks for from now on, and the tasks it starts."""
    _current.set(spending)


def asks(model: str) -> None:
    """A request to that model is made."""
    if (spending := _current.get()) is not None:
        spending.model = model


def spent(usage: Usage, cost: Cost | None) -> None:
    """A request has cost that much."""
    if (spending := _current.get()) is not None:
        spending.note(usage, cost)
