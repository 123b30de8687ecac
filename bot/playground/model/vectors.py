"""The rehearsal model's embeddings and rerank: vectors of the words' own letters, so that what is alike
is near ("Text embedding", "Text rerank").
"""

import base64
import hashlib
import math
import re
import struct
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.playground.model.asked import Refused
from bot.playground.model.faults import Fault, fault_of, invalid
from bot.playground.model.voice import flat_refusal, json_response

EMBEDDINGS = "/compatible-mode/v1/embeddings"
NATIVE_EMBEDDINGS = "/api/v1/services/embeddings/text-embedding/text-embedding"
RERANKS = "/compatible-api/v1/reranks"
NATIVE_RERANK = "/api/v1/services/rerank/text-rerank/text-rerank"
_DIMENSIONS = frozenset({2048, 1536, 1024, 768, 512, 256, 128, 64})
_MOST_TEXTS = 10
_MOST_TEXT_TOKENS = 8_192
_MOST_DOCUMENTS = 500
_MOST_DOCUMENT_TOKENS = 4_000
_CHARACTERS_A_TOKEN = 4
_WORD = re.compile(r"\w+")


class Vectors:
    """Four addresses, in two shapes each."""

    def __init__(self, *, api_key: str, next_fault: Callable[[], Fault | None]) -> None:
        self._api_key = api_key
        self._next_fault = next_fault

    @property
    def routes(self) -> list[BaseRoute]:
        """The service's own addresses."""
        answers = {
            EMBEDDINGS: _embeddings,
            NATIVE_EMBEDDINGS: _native_embeddings,
            RERANKS: _reranks,
            NATIVE_RERANK: _native_rerank,
        }
        return [
            Route(path, self._route(answer, path), methods=["POST"])
            for path, answer in answers.items()
        ]

    def _route(self, answer: Callable[[dict[str, Any]], object], path: str) -> Any:
        refuse = _compatible_refusal if path == EMBEDDINGS else flat_refusal

        async def endpoint(request: Request) -> Response:
            key = request.headers.get("authorization", "").removeprefix("Bearer ")
            if key != self._api_key:
                return refuse(fault_of("401"))
            fault = self._next_fault()
            if fault is not None and fault.status != 200:
                return refuse(fault)
            try:
                return json_response(answer(_object(await request.body())))
            except Refused as refused:
                return refuse(refused.fault)

        return endpoint


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(invalid("Request body is not valid JSON.")) from None
    if not isinstance(given, dict) or not isinstance(given.get("model"), str):
        raise Refused(invalid("you must provide a model parameter"))
    if not ("embedding" in given["model"] or "rerank" in given["model"]):
        raise Refused(fault_of("404"))
    return given


def _embeddings(given: dict[str, Any]) -> object:
    found: Any = given.get("input")
    texts = [found] if isinstance(found, str) else found
    size = given.get("dimensions") or 1024
    vectors = _vectors(texts, size)
    as_bytes = given.get("encoding_format") == "base64"
    data = [
        {"embedding": _packed(one) if as_bytes else one, "index": index, "object": "embedding"}
        for index, one in enumerate(vectors)
    ]
    tokens = _tokens(texts)
    return {
        "data": data,
        "model": given["model"],
        "object": "list",
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "id": str(uuid.uuid4()),
    }


def _native_embeddings(given: dict[str, Any]) -> object:
    texts: Any = (given.get("input") or {}).get("texts")
    parameters = given.get("parameters") or {}
    if parameters.get("text_type", "document") not in {"query", "document"}:
        raise Refused(invalid("text_type should be query or document"))
    vectors = _vectors(texts, parameters.get("dimension") or 1024)
    found = [{"embedding": one, "text_index": index} for index, one in enumerate(vectors)]
    return {
        "output": {"embeddings": found},
        "usage": {"total_tokens": _tokens(texts)},
        "request_id": str(uuid.uuid4()),
    }


def _reranks(given: dict[str, Any]) -> object:
    query: Any = given.get("query")
    documents: Any = given.get("documents")
    results = _ranked(query, documents, given.get("top_n"))
    return {
        "object": "list",
        "results": [{"index": index, "relevance_score": score} for index, score in results],
        "model": given["model"],
        "id": str(uuid.uuid4()),
        "usage": {"total_tokens": _tokens([query, *documents])},
    }


def _native_rerank(given: dict[str, Any]) -> object:
    source = given.get("input") or {}
    query: Any = source.get("query")
    documents: Any = source.get("documents")
    parameters = given.get("parameters") or {}
    results: list[dict[str, Any]] = []
    for index, score in _ranked(query, documents, parameters.get("top_n")):
        result: dict[str, Any] = {"index": index, "relevance_score": score}
        if parameters.get("return_documents"):
            result["document"] = {"text": documents[index]}
        results.append(result)
    return {
        "output": {"results": results},
        "usage": {"total_tokens": _tokens([query, *documents])},
        "request_id": str(uuid.uuid4()),
    }


def _vectors(texts: object, size: object) -> list[list[float]]:
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise Refused(invalid("Input should be a valid string or a list of strings - 'input'"))
    if len(texts) > _MOST_TEXTS:
        raise Refused(
            invalid(f"batch size is invalid, it should not be larger than {_MOST_TEXTS}.")
        )
    if size not in _DIMENSIONS:
        raise Refused(invalid(f"Value error, dimension {size} is not supported - 'dimensions'"))
    if any(not text or len(text) > _MOST_TEXT_TOKENS * _CHARACTERS_A_TOKEN for text in texts):
        raise Refused(invalid(f"Range of input length should be [1, {_MOST_TEXT_TOKENS}]"))
    return [vector_of(text, int(str(size))) for text in texts]


def _ranked(query: object, documents: object, most: object) -> list[tuple[int, float]]:
    if not isinstance(query, str) or not query or not isinstance(documents, list) or not documents:
        raise Refused(invalid("Field required - 'query' and 'documents'"))
    if len(documents) > _MOST_DOCUMENTS:
        raise Refused(
            invalid(f"The number of documents should not be larger than {_MOST_DOCUMENTS}.")
        )
    if any(
        not isinstance(one, str) or len(one) > _MOST_DOCUMENT_TOKENS * _CHARACTERS_A_TOKEN
        for one in documents
    ):
        raise Refused(invalid(f"Range of input length should be [1, {_MOST_DOCUMENT_TOKENS}]"))
    wanted = vector_of(query, 256)
    scores = [
        (index, round(max(0.0, _cosine(wanted, vector_of(one, 256))), 6))
        for index, one in enumerate(documents)
    ]
    scores.sort(key=lambda one: -one[1])
    return scores[: most if isinstance(most, int) else len(scores)]


def vector_of(text: str, size: int) -> list[float]:
    """A unit vector of a text: each word and each triple of letters pulls it into one direction."""
    vector = [0.0] * size
    for word in _WORD.findall(text.lower()):
        padded = f" {word} "
        for piece in (word, *(padded[n : n + 3] for n in range(len(padded) - 2))):
            digest = hashlib.blake2b(piece.encode(), digest_size=8).digest()
            place = int.from_bytes(digest[:4], "big") % size
            vector[place] += 1.0 if digest[4] & 1 else -1.0
    length = math.sqrt(sum(one * one for one in vector)) or 1.0
    return [one / length for one in vector]


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _tokens(texts: Sequence[Any]) -> int:
    return sum(-(-len(text) // _CHARACTERS_A_TOKEN) for text in texts)


def _compatible_refusal(fault: Fault) -> Response:
    request_id = str(uuid.uuid4())
    code = fault.compatible
    error = {"message": fault.message, "type": code, "param": None, "code": code}
    return json_response({"error": error, "request_id": request_id}, fault, request_id)
