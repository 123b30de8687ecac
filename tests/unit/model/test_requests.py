"""What is sent by Responses and by DashScope's own protocols; and what refusals teach about a model."""

from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.messages import (
    AssistantTurn,
    BuiltIn,
    Image,
    JsonShape,
    Prompt,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    UserTurn,
)
from bot.errors import ModelError, PromptRefused
from bot.model import chat, dashscope, responses
from bot.model.catalogue import all_cards, lookup
from bot.model.protocols import Protocols
from bot.model.wire import GO_ON

PLUS, MAX = lookup("qwen3.7-plus"), lookup("qwen3.7-max")
PICTURE = Image(name="a", media_type="image/png", data=b"\x01\x02", width=20, height=20)
ASKED = UserTurn(parts=(Text(text="look"), PICTURE))
CALLED = AssistantTurn(
    text="",
    calls=(ToolCall(id="a", name="f", arguments="{}"), ToolCall(id="b", name="g", arguments="")),
)
TOOL = ToolSpec(name="f", description="does f", parameters={"type": "object"})
RESULTS = (
    ToolResult(call_id="a", name="f", content="1"),
    ToolResult(call_id="b", name="g", content=""),
)


def _prompt(*entries: Any, **more: Any) -> Prompt:
    given = {"system": "Be kind.", "entries": entries or (ASKED,), "model": "qwen3.7-plus", **more}
    return Prompt(**given)


def test_responses_take_flat_tools_and_each_result_behind_its_call() -> None:
    body = responses.encode(_prompt(ASKED, CALLED, *RESULTS, tools=(TOOL,)), PLUS)

    assert body["input"][0] == {"role": "system", "content": "Be kind."}
    assert body["input"][1]["content"] == [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,AQI="},
    ]
    kinds = [item.get("type") for item in body["input"][2:]]
    assert kinds == ["function_call", "function_call_output"] * 2
    assert body["input"][-1]["output"], "the service refuses an empty one"
    assert body["tools"] == [
        {"type": "function", "name": "f", "description": "does f", "parameters": TOOL.parameters}
    ]
    assert body["store"] is False
    assert "response_format" not in body


def test_responses_think_by_effort_and_have_a_least_output() -> None:
    thinking = responses.encode(_prompt(thinking=True, max_tokens=1), PLUS)
    quiet = responses.encode(_prompt(), PLUS)

    assert thinking["reasoning"] == {"effort": "medium"}
    assert quiet["reasoning"] == {"effort": "none"}
    assert thinking["max_output_tokens"] == 16


def test_an_extractor_comes_with_the_search_it_needs() -> None:
    body = responses.encode(_prompt(built_in=frozenset({BuiltIn.WEB_EXTRACTOR})), PLUS)

    assert body["tools"] == [{"type": "web_search"}, {"type": "web_extractor"}]


def test_dashscope_has_strings_for_text_and_lists_for_more() -> None:
    text = dashscope.TEXT.encode(_prompt(UserTurn(parts=(Text(text="hi"),))), MAX)
    more = dashscope.MULTIMODAL.encode(_prompt(), PLUS)

    assert text["input"]["messages"][1] == {"role": "user", "content": "hi"}
    assert text["parameters"]["result_format"] == "message"
    assert text["parameters"]["incremental_output"] is True
    assert more["input"]["messages"][1]["content"] == [
        {"text": "look"},
        {"image": "data:image/png;base64,AQI="},
    ]
    assert dashscope.TEXT.headers == {"X-DashScope-SSE": "enable"}


def test_dashscope_thinks_within_its_budget_calls_tools_and_searches() -> None:
    body = dashscope.TEXT.encode(
        _prompt(
            ASKED,
            CALLED,
            *RESULTS,
            thinking=True,
            thinking_budget=100,
            tools=(TOOL,),
            may_call=False,
            built_in=frozenset({BuiltIn.WEB_SEARCH}),
        ),
        MAX,
    )
    parameters = body["parameters"]

    assert parameters["enable_thinking"] is True
    assert parameters["thinking_budget"] == 100
    assert parameters["tools"][0]["function"]["name"] == "f"
    assert parameters["tool_choice"] == "none"
    assert parameters["search_options"]["enable_source"] is True
    assert [call["index"] for call in body["input"]["messages"][2]["tool_calls"]] == [0, 1]


@pytest.mark.parametrize("wire", [chat.WIRE, dashscope.TEXT], ids=lambda wire: wire.name)
def test_a_prefix_is_continued_without_thinking_or_tools(wire: Any) -> None:
    body = wire.encode(_prompt(prefix="So far", thinking=True, tools=(TOOL,)), MAX)
    where = body.get("parameters", body)
    messages = body.get("input", body)["messages"]

    assert messages[-1] == {"role": "assistant", "content": "So far", "partial": True}
    assert where["enable_thinking"] is False
    assert "tools" not in where


def test_responses_are_asked_in_words_to_go_on() -> None:
    *_, said, again = responses.encode(_prompt(prefix="So far"), PLUS)["input"]
    assert said == {"role": "assistant", "content": "So far"}
    assert again["content"][0]["text"] == GO_ON


def test_an_unknown_model_is_sent_nothing_of_the_vendors() -> None:
    shape = JsonShape(name="S", schema={})
    body = chat.encode(
        _prompt(
            model="llama-3",
            thinking=True,
            tools=(TOOL,),
            shape=shape,
            built_in=frozenset({BuiltIn.WEB_SEARCH}),
            is_resent_soon=True,
        ),
        lookup("llama-3"),
    )

    assert set(body) == {"model", "messages", "stream", "stream_options"}
    assert "cache_control" not in str(body)


def test_json_is_asked_for_as_strictly_as_the_model_can() -> None:
    shape = JsonShape(name="S", schema={"type": "object"})
    words = (UserTurn(parts=(Text(text="x"),)),)

    def form(model: str, *entries: Any) -> Any:
        prompt = _prompt(*entries, model=model, shape=shape)
        return chat.encode(prompt, lookup(model)).get("response_format", {}).get("type")

    assert form("qwen3.7-plus", *words) == "json_schema"
    assert form("qwen3.7-plus", ASKED) == "json_object", "with pictures a schema is ignored"
    assert form("qwen-plus", *words) == "json_object"
    assert form("qwen-long", *words) is None


def test_what_comes_again_soon_is_marked_where_only_marked_things_are_kept() -> None:
    explicit = lookup("qwen3.6-plus")
    marked = chat.encode(_prompt(is_resent_soon=True), explicit)["messages"][-1]["content"]
    assert marked[-1]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in marked[0]
    assert "cache_control" not in str(chat.encode(_prompt(is_resent_soon=True), PLUS))
    native = dashscope.MULTIMODAL.encode(_prompt(is_resent_soon=True), explicit)["input"]
    assert [part.get("cache_control") for part in native["messages"][-1]["content"]] == [
        None,
        {"type": "ephemeral"},
    ]


LESSONS = [
    ("qwen3.7-plus", "InvalidParameter.NotSupportEnableThinking", "thinking", "none"),
    ("qwen3.7-plus", "The value of the enable_thinking parameter is restricted to True.", "thinking", "only"),
    ("qwen3.7-plus", "The tool call is not supported.", "tools", False),
    ("qwen3.7-plus", "partial is not supported by this model", "prefix", False),
    ("qwen3.7-plus", "'response_format.type' json_schema is not supported", "json", "object"),
    ("qwen3.7-plus", "input content must be a string.", "sees", frozenset()),
    ("llama-3", "image input is not supported - hint: you may need the mmproj", "sees", frozenset()),
    ("qwen3.7-plus", "Range of max_tokens should be [1, 4096]", "max_output", 4096),
    ("qwen-plus", "Json mode response is not supported when enable_thinking is true", "json", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "words", "field", "value"), LESSONS, ids=lambda v: str(v)[:24])
def test_a_refusal_teaches_once_what_a_model_cannot_do(
    model: str, words: str, field: str, value: object
) -> None:
    protocols = Protocols()
    error = PromptRefused(words)

    assert protocols.learn(model, chat.WIRE, error)
    assert getattr(protocols.card(model), field) == value
    assert not protocols.learn(model, chat.WIRE, error), "the same lesson helps no more"
    assert getattr(lookup(model), field) != value, "others have learned nothing"


def test_a_model_that_responses_do_not_serve_searches_where_sources_are_told() -> None:
    protocols = Protocols()
    prompt = _prompt(built_in=frozenset({BuiltIn.WEB_SEARCH}))
    error = PromptRefused("Model qwen3.7-plus is not supported by this interface.")

    assert protocols.choose(prompt)[0] is responses.WIRE
    assert protocols.learn("qwen3.7-plus", responses.WIRE, error)
    wire, card = protocols.choose(prompt)
    assert wire is dashscope.MULTIMODAL
    assert wire.encode(prompt, card)["parameters"]["search_options"]["enable_source"] is True


def test_a_wrong_address_turns_the_family_once() -> None:
    protocols = Protocols("dashscope")
    prompt = _prompt(model="mystery")
    error: ModelError = PromptRefused("url error, please check url！")

    assert protocols.choose(prompt)[0] is dashscope.TEXT
    assert protocols.learn("mystery", dashscope.TEXT, error)
    assert protocols.choose(prompt)[0] is dashscope.MULTIMODAL
    assert not protocols.learn("mystery", dashscope.MULTIMODAL, error)


def test_a_newer_generation_is_taken_for_its_elder_sister_without_the_prices() -> None:
    newer, elder = lookup("qwen3.9-max-2027-01-01"), lookup("qwen3.8-max")

    assert (newer.thinking, newer.tools, newer.sees) == (elder.thinking, elder.tools, elder.sees)
    assert (newer.prices, newer.is_known) == ((), False)
    assert not lookup("qwen2.5-max").tools, "older ones are not"
    assert lookup("qvq-72b-preview").thinking == "only"


def test_what_is_put_into_the_cache_and_read_from_it_has_its_price() -> None:
    explicit, implicit = lookup("qwen3.6-plus"), lookup("qwen3.6-flash")
    usage = Usage(input_tokens=200_000, cached_tokens=100_000, cache_writes=100_000)

    assert explicit.cost(usage) == pytest.approx((0.1 * 0.1 + 0.1 * 1.25) * 2.0)
    assert implicit.cost(replace(usage, cache_writes=0)) == pytest.approx((0.1 * 0.2 + 0.1) * 1.2)


def test_the_catalogue_is_of_one_mind() -> None:
    for card in all_cards():
        assert card.max_input <= card.context, card.name
        assert (card.family == "multimodal") == bool(card.sees), card.name
        assert (card.thinking == "none") == (card.cot == 0), card.name
        assert bool(card.prices) == bool(card.currency) == bool(card.source), card.name
        assert all(tier.read <= tier.written for tier in card.prices), card.name
