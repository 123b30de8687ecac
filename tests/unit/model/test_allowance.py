"""The account's limits are kept, shared fairly, and never in the way where there are none."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from bot.conversation.messages import Prompt, Text, UserTurn
from bot.errors import ModelBusy
from bot.model.allowance import TokenBuckets, weight

MODEL = "qwen3.7-plus"


class Clock:
    """Time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _pass(clock: Clock, buckets: TokenBuckets) -> None:
    """A second goes by; the queue looks again as it does when a request has been settled."""
    clock.now += 1.0
    buckets.settle(MODEL, taken=0, spent=0)


async def _served(buckets: TokenBuckets, order: list[str], workspace: str, tokens: int = 1) -> None:
    await buckets.take(MODEL, workspace=workspace, tokens=tokens)
    order.append(workspace)


async def test_without_limits_nobody_waits() -> None:
    buckets = TokenBuckets(requests_a_minute=0, tokens_a_minute=0, longest=0.01)
    for _ in range(1_000):
        await buckets.take(MODEL, workspace="T1", tokens=1_000_000)


async def test_requests_come_at_the_steady_rate() -> None:
    buckets = TokenBuckets(requests_a_minute=6_000, tokens_a_minute=0)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(buckets.take(MODEL, workspace="T1", tokens=1) for _ in range(230)))
    took = asyncio.get_running_loop().time() - began

    assert 0.25 < took < 2.0, "200 at once, then 100 a second"


async def test_workspaces_take_turns_however_much_one_of_them_wants() -> None:
    clock = Clock()
    buckets = TokenBuckets(requests_a_minute=60, tokens_a_minute=0, clock=clock)
    order: list[str] = []
    big = [asyncio.create_task(_served(buckets, order, "BIG")) for _ in range(6)]
    await asyncio.sleep(0)
    small = [asyncio.create_task(_served(buckets, order, name)) for name in ("A", "B")]
    await asyncio.sleep(0)
    assert REGISTRY.get_sample_value("threadwise_model_waiting", {"model": MODEL}) == 6
    while len(order) < 8:
        _pass(clock, buckets)
        await asyncio.sleep(0)
    await asyncio.gather(*big, *small)

    assert order[:2] == ["BIG", "BIG"], "what the bucket held"
    assert sorted(order[2:5]) == ["A", "B", "BIG"]


async def test_a_request_larger_than_the_bucket_goes_and_the_next_one_pays() -> None:
    clock = Clock()
    buckets = TokenBuckets(requests_a_minute=0, tokens_a_minute=6_000, longest=0.05, clock=clock)
    await buckets.take(MODEL, workspace="T1", tokens=60_000)
    with pytest.raises(ModelBusy) as raised:
        await buckets.take(MODEL, workspace="T2", tokens=1)
    assert raised.value.retry_after == 60.0, "too long to be waited for"

    await buckets.take("another-model", workspace="T2", tokens=1)
    buckets.settle(MODEL, taken=60_000, spent=100)
    await buckets.take(MODEL, workspace="T2", tokens=1)


async def test_whoever_leaves_the_queue_holds_nobody_up() -> None:
    clock = Clock()
    buckets = TokenBuckets(requests_a_minute=60, tokens_a_minute=0, clock=clock)
    for _ in range(2):
        await buckets.take(MODEL, workspace="T1", tokens=1)
    leaving = asyncio.create_task(buckets.take(MODEL, workspace="T1", tokens=1))
    staying = asyncio.create_task(buckets.take(MODEL, workspace="T1", tokens=1))
    await asyncio.sleep(0)
    leaving.cancel()
    _pass(clock, buckets)
    await asyncio.wait_for(staying, 30)
    assert leaving.cancelled()


def test_a_prompts_weight_is_its_text_and_an_answer() -> None:
    def prompt(words: str) -> Prompt:
        return Prompt(system="s", entries=(UserTurn(parts=(Text(text=words),)),), model=MODEL)

    assert weight(prompt("word " * 1_000)) - weight(prompt("")) > 1_000
