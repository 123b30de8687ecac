"""The client and the rehearsal model, in every protocol: what a turn asks for, it gets."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow
from pydantic import BaseModel

from bot.conversation.messages import (
    BuiltIn,
    Delta,
    Finished,
    FinishReason,
    Image,
    Prompt,
    ReasoningDelta,
    Step,
    Text,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
    UserTurn,
    Video,
)
from bot.errors import ContentRefused, ModelCut, ModelMisconfigured, ModelUnavailable
from bot.model.client import ModelClient
from bot.model.connection import make_http
from bot.model.service import Service
from bot.model.uploads import Uploads
from tests.playground import RunningPlayground

CALCULATE = ToolSpec(name="calculate", description="x", parameters={"type": "object"})
MODELS = {
    "chat": "qwen3.7-plus",
    "responses": "qwen3.7-plus",
    "text": "qwen3.7-max",
    "multimodal": "qwen3.7-plus",
}


@pytest.fixture(params=MODELS)
async def asked(request: pytest.FixtureRequest, rehearsal: RunningPlayground) -> AsyncIterator[Any]:
    """Asks in one of the protocols."""
    name = request.param
    protocol = "dashscope" if name in {"text", "multimodal"} else name
    async with make_http() as http:
        client = ModelClient(
            http, base_url=rehearsal.url, api_key="sk-playground", protocol=protocol
        )

        async def ask(words: str, **more: Any) -> list[Delta]:
            entries = (UserTurn(parts=(Text(text=words),)),)
            prompt = Prompt(system="s", entries=entries, model=MODELS[name], **more)
            return [delta async for delta in client.stream(prompt)]

        yield ask


def _said(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if type(delta) is TextDelta)


async def test_it_thinks_and_answers_and_tells_the_cost(asked: Any) -> None:
    deltas = await asked("what is 6*7?", thinking=True)

    assert _said(deltas) == "That is **42**."
    assert any(isinstance(delta, ReasoningDelta) for delta in deltas)
    [usage] = [delta for delta in deltas if isinstance(delta, Usage)]
    assert usage.output_tokens > usage.reasoning_tokens > 0
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].request_id
    assert not any(isinstance(one, ReasoningDelta) for one in await asked("hi"))


async def test_it_calls_tools(asked: Any) -> None:
    deltas = await asked("what is 6*7?", tools=(CALCULATE,))
    [call] = [delta for delta in deltas if isinstance(delta, ToolCall)]

    assert (call.name, call.arguments) == ("calculate", '{"expression": "6*7"}')
    assert call.id
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.TOOL_CALLS


async def test_bytes_cut_in_threes_are_the_same(rehearsal: RunningPlayground, asked: Any) -> None:
    rehearsal.model_fails("drip")
    assert _said(await asked("/echo 你好\u2028🙂")) == "你好\u2028🙂"


async def test_a_limit_is_told(asked: Any) -> None:
    deltas = await asked("/long 500", max_tokens=16)
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.LENGTH
    assert len(_said(deltas)) == 64


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("cut", ModelCut),
        ("error", ModelUnavailable),
        ("inspect", ContentRefused),
        ("inspect-output", ContentRefused),
        ("401", ModelMisconfigured),
        ("arrears", ModelMisconfigured),
    ],
)
async def test_failures_are_the_same_in_all_protocols(
    asked: Any, fault: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as raised:
        await asked(f"/fail {fault}")
    assert type(raised.value) is kind


async def test_a_busy_moment_is_waited_out(rehearsal: RunningPlayground, asked: Any) -> None:
    rehearsal.model_fails("500")
    assert _said(await asked("what is 6*7?")) == "That is **42**."


@pytest.fixture
async def client(rehearsal: RunningPlayground) -> AsyncIterator[ModelClient]:
    async with make_http() as http:
        yield ModelClient(http, base_url=rehearsal.url, api_key="sk-playground")


def _prompt(words: str, **more: Any) -> Prompt:
    entries = (UserTurn(parts=(Text(text=words),)),)
    return Prompt(**{"system": "s", "entries": entries, "model": "qwen3.7-plus", **more})


async def test_a_search_has_its_sources(client: ModelClient) -> None:
    built_in = frozenset({BuiltIn.WEB_SEARCH, BuiltIn.WEB_EXTRACTOR, BuiltIn.CODE_INTERPRETER})
    words = "search the web for https://cats.example/x"
    deltas = [delta async for delta in client.stream(_prompt(words, built_in=built_in))]
    steps = [delta for delta in deltas if isinstance(delta, Step)]

    titles = dict.fromkeys(step.title.split(":")[0] for step in steps)
    assert list(titles) == ["Searching the web", "Reading web pages", "Running code"]
    urls = [source.url for step in steps for source in step.sources]
    assert urls == [
        "https://example.com/first",
        "https://example.org/second",
        "https://cats.example/x",
    ]
    [usage] = [delta for delta in deltas if isinstance(delta, Usage)]
    assert usage.searches == 1


async def test_an_answer_goes_on_from_its_last_character(client: ModelClient) -> None:
    whole = _said([one async for one in client.stream(_prompt("/tokens 50 2000"))])
    begun = whole[:77]
    rest = [one async for one in client.stream(_prompt("/tokens 50 2000", prefix=begun))]

    assert begun + _said(rest) == whole


async def test_an_upload_is_seen(rehearsal: RunningPlayground, client: ModelClient) -> None:
    data = b"\x00\x00\x00\x18ftypmp42" + b"x" * 2_000
    async with make_http() as http:
        uploads = Uploads(Service(http, base_url=rehearsal.url, api_key="sk-playground"))
        url = await uploads.upload(data, name="clip.mp4", model="qwen3.7-plus")
    parts = (Text(text="[video 'clip.mp4', shared by Anna:]"), Video(name="clip.mp4", url=url))
    prompt = Prompt(system="s", entries=(UserTurn(parts=parts),), model="qwen3.7-plus")
    said = _said([one async for one in client.stream(prompt)])

    assert "**clip.mp4**: a video, MP4, 2,012 bytes" in said


async def test_an_upload_that_is_gone_is_seen_in_its_pictures(
    rehearsal: RunningPlayground, client: ModelClient
) -> None:
    picture = BytesIO()
    Pillow.new("RGB", (64, 64), (200, 0, 0)).save(picture, "PNG")
    frame = Image(name="f", media_type="image/png", data=picture.getvalue(), width=64, height=64)
    film = Video(
        name="clip.mp4", url="oss://gone/a.mp4", url_model="qwen3.7-plus", frames=(frame,) * 4
    )
    parts = (Text(text="[video 'clip.mp4', shared by Anna:]"), film)
    prompt = Prompt(system="s", entries=(UserTurn(parts=parts),), model="qwen3.7-plus")

    assert _said([one async for one in client.stream(prompt)])
    assert "'type': 'video'" in str(rehearsal.asked()[-1])


class Person(BaseModel):
    name: str
    sources: list[int]


class People(BaseModel):
    people: list[Person]


@pytest.mark.parametrize("model", ["qwen3.7-plus", "qwen-plus"])
async def test_an_answer_can_be_a_value(client: ModelClient, model: str) -> None:
    found = await client.complete(_prompt("[3] Anna: hi\n[8] Ben: ho", model=model), People)

    assert [(one.name, one.sources) for one in found.people] == [("Anna", [3]), ("Ben", [8])]
