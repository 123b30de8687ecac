"""Embeddings and rerank keep the service's limits and the caller's order."""

import pytest

from bot.conversation.ports_model import Purpose
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
