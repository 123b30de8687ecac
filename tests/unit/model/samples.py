"""Streams as the service sends them, one for each protocol (Model Studio, "Streaming output")."""

from bot.conversation.messages import (
    Delta,
    Finished,
    FinishReason,
    ReasoningDelta,
    Source,
    Step,
    StepState,
    TextDelta,
    ToolCall,
    Usage,
)

CHAT = (
    'data: {"choices":[{"delta":{"content":null,"role":"assistant","reasoning_content":""},'
    '"index":0,"logprobs":null,"finish_reason":null}],"object":"chat.completion.chunk",'
    '"usage":null,"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[{"delta":{"content":null,"reasoning_content":"想"},"index":0,'
    '"finish_reason":null}],"usage":null,"id":"chatcmpl-r1"}\n\n'
    ": keep-alive\n\n"
    'data: {"choices":[{"delta":{"content":"Hi\u2028你","reasoning_content":null},"index":0,'
    '"finish_reason":null}],"usage":null,"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[{"delta":{"content":null,"tool_calls":[{"index":0,"id":"call_a",'
    '"type":"function","function":{"name":"f","arguments":"{\\"x\\":"}}]},"finish_reason":null}],'
    '"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[{"delta":{"content":null,"tool_calls":[{"index":1,"id":"call_b",'
    '"type":"function","function":{"name":"g","arguments":""}}]},"finish_reason":null}],'
    '"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[{"delta":{"content":null,"tool_calls":[{"index":0,"id":"",'
    '"type":"function","function":{"name":null,"arguments":" 1}"}}]},"finish_reason":null}],'
    '"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[{"delta":{"content":"","tool_calls":null},"finish_reason":"tool_calls",'
    '"index":0}],"usage":null,"id":"chatcmpl-r1"}\n\n'
    'data: {"choices":[],"object":"chat.completion.chunk","usage":{"prompt_tokens":10,'
    '"completion_tokens":360,"total_tokens":370,"completion_tokens_details":'
    '{"reasoning_tokens":258},"prompt_tokens_details":{"cached_tokens":4}},"id":"chatcmpl-r1"}\n\n'
    "data: [DONE]\n\n"
).encode()
CHAT_DELTAS: list[Delta] = [
    ReasoningDelta("想"),
    TextDelta("Hi\u2028你"),
    ToolCall(id="call_a", name="f", arguments='{"x": 1}'),
    ToolCall(id="call_b", name="g", arguments=""),
    Usage(input_tokens=10, output_tokens=360, cached_tokens=4, reasoning_tokens=258),
    Finished(reason=FinishReason.TOOL_CALLS, request_id="r1"),
]


def _event(number: int, kind: str, data: str) -> str:
    body = f'{{"sequence_number":{number - 1},{data},"type":"{kind}"}}'
    return f"id:{number}\nevent:{kind}\n:HTTP_STATUS/200\ndata:{body}\n\n"


_SEARCH = (
    '"item":{"id":"ws_1","type":"web_search_call","status":"completed","action":{"query":"cats",'
    '"type":"search","sources":[{"type":"url","url":"https://a.example/1"}]}},"output_index":1'
)
_CALL = (
    '"item":{"id":"fc_1","type":"function_call","name":"f","call_id":"call_a",'
    '"arguments":"{\\"x\\": 1}","status":"completed"},"output_index":2'
)
_MESSAGE = (
    '"item":{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":'
    '[{"type":"output_text","text":"Hi 你","annotations":[{"type":"url_citation",'
    '"url":"https://b.example/2","title":"Two"}]}]},"output_index":3'
)
_END = (
    '"response":{"id":"resp_r2","object":"response","status":"completed","output":[],"usage":'
    '{"input_tokens":252,"input_tokens_details":{"cached_tokens":8},"output_tokens":6,'
    '"output_tokens_details":{"reasoning_tokens":2},"total_tokens":258,'
    '"x_tools":{"web_search":{"count":1}}}}'
)
RESPONSES = "".join(
    _event(number, kind, data)
    for number, (kind, data) in enumerate(
        [
            ("response.created", '"response":{"id":"resp_r2","status":"queued","output":[]}'),
            ("response.in_progress", '"response":{"id":"resp_r2","status":"in_progress"}'),
            ("response.output_item.added", '"item":{"id":"rs_1","type":"reasoning"}'),
            ("response.reasoning_text.delta", '"item_id":"rs_1","delta":"想"'),
            ("response.reasoning_summary_text.delta", '"item_id":"rs_1","delta":"…"'),
            (
                "response.output_item.added",
                '"item":{"id":"ws_1","type":"web_search_call","status":"in_progress"}',
            ),
            ("response.web_search_call.searching", '"item_id":"ws_1","output_index":1'),
            ("response.output_item.done", _SEARCH),
            ("response.function_call_arguments.delta", '"item_id":"fc_1","delta":"{"'),
            ("response.output_item.done", _CALL),
            ("response.output_text.delta", '"item_id":"msg_1","delta":"Hi 你"'),
            ("response.output_text.delta", '"item_id":"msg_1","delta":""'),
            ("response.output_item.done", _MESSAGE),
            ("response.completed", _END),
        ],
        start=1,
    )
).encode()
RESPONSES_DELTAS: list[Delta] = [
    ReasoningDelta("想"),
    ReasoningDelta("…"),
    Step(id="ws_1", title="Searching the web"),
    Step(
        id="ws_1",
        title="Searching the web: cats",
        state=StepState.DONE,
        sources=(Source(url="https://a.example/1"),),
    ),
    TextDelta("Hi 你"),
    Step(
        id="msg_1",
        title="Sources",
        state=StepState.DONE,
        sources=(Source(url="https://b.example/2", title="Two"),),
    ),
    ToolCall(id="call_a", name="f", arguments='{"x": 1}'),
    Usage(input_tokens=252, output_tokens=6, cached_tokens=8, reasoning_tokens=2, searches=1),
    Finished(reason=FinishReason.TOOL_CALLS, request_id="r2"),
]


def _frame(number: int, output: str, usage: str) -> str:
    body = f'{{"output":{output},"usage":{usage},"request_id":"r3"}}'
    return f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{body}\n\n"


def _choice(message: str, finish: str = "null") -> str:
    return f'{{"choices":[{{"message":{message},"finish_reason":"{finish}"}}]}}'


_FOUND = '"search_info":{"search_results":[{"index":1,"title":"One","url":"https://a.example/1"}]}'
_SO_FAR = '{"total_tokens":27,"output_tokens":1,"input_tokens":26}'
_ALL = (
    '{"total_tokens":92,"output_tokens":66,"input_tokens":26,"output_tokens_details":'
    '{"reasoning_tokens":40},"prompt_tokens_details":{"cached_tokens":5},'
    '"plugins":{"search":{"count":1}}}'
)
TEXT = (
    _frame(1, _choice('{"content":"","reasoning_content":"想","role":"assistant"}'), _SO_FAR)
    + _frame(
        2,
        _choice('{"content":"Hi 你","reasoning_content":"","role":"assistant"}')[:-1]
        + f",{_FOUND}}}",
        _SO_FAR,
    )
    + _frame(
        3,
        _choice(
            '{"content":"","tool_calls":[{"index":0,"id":"call_a","type":"function",'
            '"function":{"name":"f","arguments":"{\\"x\\":"}}],"role":"assistant"}'
        ),
        _SO_FAR,
    )
    + _frame(
        4,
        _choice(
            '{"content":"","tool_calls":[{"index":0,"id":"","type":"function",'
            '"function":{"arguments":" 1}"}}],"role":"assistant"}',
            "tool_calls",
        ),
        _ALL,
    )
).encode()
MULTIMODAL = TEXT.replace(b'"content":""', b'"content":[]').replace(
    '"content":"Hi 你"'.encode(), '"content":[{"text":"Hi "},{"text":"你"}]'.encode()
)
NATIVE_DELTAS: list[Delta] = [
    ReasoningDelta("想"),
    Step(
        id="web_search",
        title="Searching the web",
        state=StepState.DONE,
        sources=(Source(url="https://a.example/1", title="One"),),
    ),
    TextDelta("Hi 你"),
    ToolCall(id="call_a", name="f", arguments='{"x": 1}'),
    Usage(input_tokens=26, output_tokens=66, cached_tokens=5, reasoning_tokens=40, searches=1),
    Finished(reason=FinishReason.TOOL_CALLS, request_id="r3"),
]
