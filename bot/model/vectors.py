"""Embeddings and rerank ("Text embedding", "Text rerank"): texts in any number, in the service's batches."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversation.messages import Usage
from bot.conversation.ports_model import Purpose, Ranked
from bot.conversation.tokens import estimate
from bot.errors import ModelUnavailable
from bot.model import counting
from bot.model.service import Service

EMBEDDINGS = "/api/v1/services/embeddings/text-embedding/text-embedding"
RERANKS = "/compatible-api/v1/reranks"
_NATIVE_RERANK = "/api/v1/services/rerank/text-rerank/text-rerank"
EMBEDDING_MODEL = "text-embedding-v4"
RERANK_MODEL = "qwen3-rerank"
_BATCH = 10
"""Texts a request; the service refuses more."""
_AT_ONCE = 4
_MOST_TEXT = 8_000
"""Tokens: the service takes 8,192; what is longer is cut here."""
MOST_DOCUMENTS = 500
_MOST_DOCUMENT = 3_900
_MOST_TOGETHER = 117_000
"""Tokens: the service takes 4,000 a document, and 120,000 with the question."""
_LETTERS = 4
"""What a token has of them on average at most."""
_LEAST = "(empty)"


class Embeddings:
    """Implements `conversation.ports_model.Embedder`.

    By DashScope's own protocol: only there a question is told from a document.
    """

    def __init__(
        self, service: Service, *, model: str = EMBEDDING_MODEL, dimensions: int = 1024
    ) -> None:
        self._service = service
        self._model = model
        self.dimensions = dimensions
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """One vector a text, in their order, each of length 1. Raises ModelError."""
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(one, purpose)) for one in batches]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [vector for task in tasks for vector in task.result()]

    async def _batch(self, texts: Sequence[str], purpose: Purpose) -> list[list[float]]:
        body = {
            "model": self._model,
            "input": {"texts": [_fitting(text, _MOST_TEXT) for text in texts]},
            "parameters": {"dimension": self.dimensions, "text_type": purpose.value},
        }
        async with self._at_once:
            with counting.request(self._model):
                answer = await self._service.post(EMBEDDINGS, body)
        tokens = (answer.get("usage") or {}).get("total_tokens")
        counting.count(self._model, Usage(input_tokens=int(tokens or 0)))
        found: list[list[float]] = [[] for _ in texts]
        for one in (answer.get("output") or {}).get("embeddings") or ():
            found[int(one["text_index"])] = _unit(one["embedding"])
        if not all(found):
            raise ModelUnavailable("there is a vector missing")
        return found


class Reranks:
    """Implements `conversation.ports_model.Ranker`."""

    def __init__(self, service: Service, *, model: str = RERANK_MODEL) -> None:
        self._service = service
        self._model = model

    async def rank(self, query: str, documents: Sequence[str], *, most: int) -> list[Ranked]:
        """The best documents, best first. Raises ModelError; ValueError above 500 documents."""
        if len(documents) > MOST_DOCUMENTS:
            raise ValueError(f"{len(documents)} documents, at most {MOST_DOCUMENTS} can be ranked")
        if not documents:
            return []
        query = _fitting(query, _MOST_DOCUMENT)
        share = (_MOST_TOGETHER - estimate(query)) // len(documents)
        texts = [_fitting(text, min(share, _MOST_DOCUMENT)) for text in documents]
        answer = await self._ask(query, texts, min(most, len(texts)))
        results = answer.get("results")
        if not isinstance(results, list):
            raise ModelUnavailable("the documents came back without scores")
        return [Ranked(index=one["index"], score=one["relevance_score"]) for one in results]

    async def _ask(self, query: str, documents: list[str], most: int) -> Mapping[str, Any]:
        """The newest model has the compatible address, the others DashScope's own."""
        if self._model.startswith("qwen3-rerank"):
            body = {"model": self._model, "query": query, "documents": documents, "top_n": most}
            return await self._service.post(RERANKS, body)
        native = {
            "model": self._model,
            "input": {"query": query, "documents": documents},
            "parameters": {"top_n": most, "return_documents": False},
        }
        answer = await self._service.post(_NATIVE_RERANK, native)
        output: Mapping[str, Any] = answer.get("output") or {}
        return output


def _fitting(text: str, most: int) -> str:
    """As many tokens of a text as are taken: the service refuses more, and an empty one."""
    text = text[: most * _LETTERS]
    while (tokens := estimate(text)) > most:
        text = text[: len(text) * most // tokens]
    return text if text.strip() else _LEAST


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(one * one for one in vector)) or 1.0
    return [one / length for one in vector]
