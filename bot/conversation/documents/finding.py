"""Which passages of a long document a question is about: by its words, and by what it means.

Words find names and figures, vectors find what is said in other words or in another language. Where
there are no vectors to be had, words do alone.
"""

import asyncio
import hashlib
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import mul
from typing import TypeAlias

from bot.conversation.documents.document import Document, Passage
from bot.conversation.documents.fitting import excerpt
from bot.conversation.documents.ranking import rank
from bot.conversation.ports_model import Embedder, Purpose
from bot.errors import ModelError

MOST_VECTORS = 500
"""Passages of one document whose meaning is looked at: some 250 pages; of longer ones the best by words."""
_SPREAD = 200
"""So many of them are taken evenly from all of it, where words can't tell."""
_SECONDS = 15.0
_REST_SECONDS = 600.0
"""A service without vectors is not asked again so soon."""
_MOST_KEPT = 24
"""Documents; about a megabyte each."""
_FLATNESS = 60
"""How little the first ranks stand out (Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion")."""

Vector: TypeAlias = "array[float]"


class Finder:
    """Chooses passages; keeps the vectors of documents for the next question about them."""

    def __init__(
        self, embedder: Embedder | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Without an embedder words decide alone."""
        self._embedder = embedder
        self._clock = clock
        self._rests_until = 0.0
        self._kept: OrderedDict[bytes, dict[int, Vector]] = OrderedDict()

    async def excerpt(self, document: Document, question: str, room: int) -> Document:
        """The document's beginning and what is nearest to the question, within `room` tokens."""
        texts = [_text(passage) for passage in document.passages]
        # A thousand pages take a second: not on the event loop.
        by_words = await asyncio.to_thread(rank, question, texts)
        by_meaning = await self._by_meaning(question, texts, by_words)
        return await asyncio.to_thread(excerpt, document, _fused(by_words, by_meaning), room)

    async def _by_meaning(
        self, question: str, texts: Sequence[str], by_words: Sequence[float]
    ) -> Mapping[int, float]:
        """How near passages are to the question; empty where nobody can say."""
        embedder = self._embedder
        if embedder is None or not question.strip() or self._clock() < self._rests_until:
            return {}
        try:
            async with asyncio.timeout(_SECONDS):
                vectors, [asked] = await asyncio.gather(
                    self._vectors(embedder, texts, by_words),
                    embedder.embed([question], purpose=Purpose.QUERY),
                )
        except (ModelError, TimeoutError):
            self._rests_until = self._clock() + _REST_SECONDS
            return {}
        return {position: sum(map(mul, one, asked)) for position, one in vectors.items()}

    async def _vectors(
        self, embedder: Embedder, texts: Sequence[str], by_words: Sequence[float]
    ) -> dict[int, Vector]:
        """Those of the document's passages, by position; asked for once."""
        key = hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass")).digest()
        known = self._kept.setdefault(key, {})
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        missing = [one for one in _candidates(by_words) if one not in known]
        given = await embedder.embed([texts[one] for one in missing], purpose=Purpose.DOCUMENT)
        known.update(zip(missing, (array("f", one) for one in given), strict=True))
        return known


def _text(passage: Passage) -> str:
    return f"{passage.place} {passage.text}"


def _candidates(by_words: Sequence[float]) -> list[int]:
    """The positions whose meaning is looked at."""
    count = len(by_words)
    if count <= MOST_VECTORS:
        return list(range(count))
    evenly = {number * count // _SPREAD for number in range(_SPREAD)}
    best = (one for one in _by_score(dict(enumerate(by_words))) if one not in evenly)
    return sorted([*evenly, *islice(best, MOST_VECTORS - _SPREAD)])


def _fused(by_words: Sequence[float], by_meaning: Mapping[int, float]) -> list[float]:
    """One score a passage of its places in both orders; that of its words where there is one order."""
    if not by_meaning:
        return list(by_words)
    scores = [0.0] * len(by_words)
    found = {position: score for position, score in enumerate(by_words) if score > 0}
    for order in (found, by_meaning):
        for place, position in enumerate(_by_score(order)):
            scores[position] += 1 / (_FLATNESS + place)
    return scores


def _by_score(scores: Mapping[int, float]) -> list[int]:
    return sorted(scores, key=lambda position: (-scores[position], position))
