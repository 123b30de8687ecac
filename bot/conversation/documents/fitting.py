"""Documents longer than the prompt: of each, the passages that the question is about. Pure."""

from collections.abc import Sequence

from bot.conversation.documents.document import Document


def shares(costs: Sequence[int], room: int) -> list[int]:
    """Divide the room: short documents get all they need, the long ones the rest in equal parts."""
    given = [0] * len(costs)
    left = room
    by_length = sorted(range(len(costs)), key=costs.__getitem__)
    for place, position in enumerate(by_length):
        given[position] = min(costs[position], left // (len(costs) - place))
        left -= given[position]
    return given


def excerpt(document: Document, scores: Sequence[float], room: int) -> Document:
    """The beginning, then the passages with the highest scores, as many as the room takes."""
    by_score = sorted(range(len(scores)), key=lambda position: (-scores[position], position))
    kept: list[int] = []
    for position in dict.fromkeys([0, *by_score]):
        cost = document.passages[position].cost
        if cost <= room:
            kept.append(position)
            room -= cost
    return document.only(kept)
