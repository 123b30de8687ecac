"""Which pieces of a text a question is about, by the words they share: BM25 over any script. Pure."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
_K1, _B = 1.4, 0.75
_ENDINGS = ("ings", "ing", "ies", "es", "ed", "en", "er", "s", "e")
_SHORTEST_STEM = 3


def rank(question: str, texts: Sequence[str]) -> list[float]:
    """How much each text has to do with the question; 0 where they share no word.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    asked = set(words(question))
    counts: list[Counter[str]] = []
    lengths: list[int] = []
    for text in texts:
        found = list(words(text))
        counts.append(Counter(word for word in found if word in asked))
        lengths.append(len(found))
    average = sum(lengths) / max(len(lengths), 1) or 1.0
    weights = {word: _weight(word, counts) for word in asked}
    return [
        sum(
            weight * _frequency(count[word], length / average)
            for word, weight in weights.items()
            if word in count
        )
        for count, length in zip(counts, lengths, strict=True)
    ]


def words(text: str) -> Iterator[str]:
    """The words as they are compared: without case and usual endings, pairs of signs in scripts
    that put no spaces between words."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    for found in _WORD.findall(plain.casefold()):
        if found.isascii():
            yield _stem(found)
        else:
            yield from _wide(found)


def _wide(word: str) -> Iterator[str]:
    spaced = word
    for run in _WIDE.findall(word):
        spaced = spaced.replace(run, " ")
        yield from (run[at : at + 2] for at in range(max(len(run) - 1, 1)))
    yield from map(_stem, spaced.split())


def _weight(word: str, counts: Sequence[Counter[str]]) -> float:
    """A word that stands everywhere tells nothing."""
    having = sum(word in count for count in counts)
    return math.log(1 + (len(counts) - having + 0.5) / (having + 0.5))


def _frequency(count: int, length: float) -> float:
    return count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word
