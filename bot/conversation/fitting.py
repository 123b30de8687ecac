"""Documents longer than the prompt: of each, the passages that the question is about. Pure."""

from collections.abc import Mapping, Sequence

from bot.conversation.documents import Document
from bot.conversation.ranking import rank


def shares(costs: Sequence[int], room: int) -> list[int]:
    """Divide the room: short documents get all they need, the long ones the rest in equal parts."""
    given = [0] * len(costs)
    left = room
    by_length = sorted(range(len(costs)), key=costs.__getitem__)
    for place, position in enumerate(by_length):
        given[position] = min(costs[position], left // (len(costs) - place))
        left -= given[position]
    return given


def fit(documents: Mapping[str, Document], question: str, room: int) -> dict[str, Document]:
    """The documents within so many tokens: whole ones, or the parts that the question is about."""
    costs = [document.cost for document in documents.values()]
    return {
        file_id: excerpt(document, question, share) if share < cost else document
        for (file_id, document), cost, share in zip(
            documents.items(), costs, shares(costs, room), strict=True
        )
    }


def excerpt(document: Document, question: str, room: int) -> Document:
    """The beginning, then the passages nearest to the question, as many as the room takes."""
    texts = [f"{passage.place} {passage.text}" for passage in document.passages]
    scores = rank(question, texts)
    by_score = sorted(range(len(scores)), key=lambda position: (-scores[position], position))
    kept: list[int] = []
    for position in dict.fromkeys([0, *by_score]):
        cost = document.passages[position].cost
        if cost <= room:
            kept.append(position)
            room -= cost
    return document.only(kept)
