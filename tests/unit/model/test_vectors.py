"""Embeddings and rerank keep the service's limits and the caller's order."""

from typing import Any

import pytest

from bot.conversation.ports_model import Purpose
from bot.conversation.tokens import estimate
from bot.errors import ModelMisconfigured
from bot.model.connection import make_http
from bot.model.service import Service
from bot.model.vectors import Embeddings, Reranks
from tests.playground import RunningPlayground

TEXTS = [f"the number {n} and the letter {chr(97 + n)}" for n in range(23)]


async def test_any_number_of_texts_comes_back_in_order(rehearsal: RunningPlayground) -> None:
    async with make_http() as http:
        service = Service(http, base_url=rehearsal.url, api_key="sk-playground")
        embeddings = Embeddings(service, dimensions=256)
        together = await embeddings.embed([*TEXTS, "", "x" * 50_000], purpose=Purpose.DOCUMENT)
        alone = await embeddings.embed([TEXTS[17]], purpose=Purpose.QUERY)

        assert len(together) == 25
        assert together[17] == alone[0]
        assert {len(vector) for vector in together} == {256}
        assert sum(one * one for one in alone[0]) == pytest.approx(1)
        assert await embeddings.embed([], purpose=Purpose.QUERY) == []


async def test_a_busy_moment_is_waited_out_and_a_wrong_key_is_not(
    rehearsal: RunningPlayground,
) -> None:
    rehearsal.model_fails("500")
    async with make_http() as http:
        good = Service(http, base_url=rehearsal.url, api_key="sk-playground")
        assert await Embeddings(good).embed(["a"], purpose=Purpose.QUERY)
        wrong = Service(http, base_url=rehearsal.url, api_key="sk-wrong")
        with pytest.raises(ModelMisconfigured):
            await Embeddings(wrong).embed(TEXTS, purpose=Purpose.QUERY)


class Ledger:
    """A service that keeps what it is asked, and finds the first document best."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def post(self, _path: str, body: Any) -> dict[str, Any]:
        self.asked.append(body)
        texts = body.get("input", {}).get("texts", ())
        vectors = [{"embedding": [1.0], "text_index": index} for index, _ in enumerate(texts)]
        return {"output": {"embeddings": vectors}, "results": [{"index": 0, "relevance_score": 1}]}


async def test_texts_are_cut_by_their_tokens_in_any_language() -> None:
    ledger = Ledger()
    service: Any = ledger
    await Embeddings(service).embed(["你好。" * 20_000, "word " * 20_000], purpose=Purpose.QUERY)
    await Reranks(service).rank("好" * 9_000, ["文" * 9_000, "short"], most=1)
    await Reranks(service).rank("q", ["文字" * 2_000] * 500, most=1)

    embedded, few, many = ledger.asked
    assert all(7_000 < estimate(text) <= 8_192 for text in embedded["input"]["texts"])
    assert 3_000 < estimate(few["documents"][0]) <= 4_000
    assert few["documents"][1] == "short"
    assert estimate(few["query"]) <= 4_000
    assert 60_000 < sum(map(estimate, many["documents"])) <= 120_000


@pytest.mark.parametrize("model", ["qwen3-rerank", "gte-rerank-v2"])
async def test_the_best_documents_come_first(rehearsal: RunningPlayground, model: str) -> None:
    documents = ["revenue grew in spring", "the cat sat on the mat", "a dog ran"]
    async with make_http() as http:
        service = Service(http, base_url=rehearsal.url, api_key="sk-playground")
        reranks = Reranks(service, model=model)
        best = await reranks.rank("where did the cat sit?", documents, most=2)

        assert best[0].index == 1
        assert len(best) == 2
        assert await reranks.rank("x", [], most=2) == []
        with pytest.raises(ValueError, match="500"):
            await reranks.rank("x", ["d"] * 501, most=2)
