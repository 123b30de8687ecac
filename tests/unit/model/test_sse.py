"""Events come out the same, however their bytes arrive."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.model.sse import SseDecoder, SseEvent

STREAM = (
    'data: {"a":"x\u2028y\x85z"}\n\n'
    ":keep-alive\n\n"
    'id:1\nevent:result\n:HTTP_STATUS/400\ndata:{"b":1}\n\n'
    "event: two\r\ndata: first\r\ndata: second\r\n\r\n"
    "data:old\rdata:mac\r\r"
    "data: [DONE]\n\n"
).encode()
EVENTS = [
    SseEvent("", '{"a":"x\u2028y\x85z"}'.encode()),
    SseEvent("result", b'{"b":1}', 400),
    SseEvent("two", b"first\nsecond"),
    SseEvent("", b"old\nmac"),
    SseEvent("", b"[DONE]"),
]


def test_all_shapes_of_the_services_are_read() -> None:
    assert SseDecoder().feed(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    decoder = SseDecoder()
    edges = sorted({0, len(STREAM), *cuts})
    found: list[SseEvent] = []
    for start, end in itertools.pairwise(edges):
        found += decoder.feed(STREAM[start:end])

    assert found + decoder.end() == EVENTS


def test_an_event_without_its_last_blank_line_still_counts() -> None:
    decoder = SseDecoder()

    assert decoder.feed(b"data: x") == []
    assert decoder.end() == [SseEvent("", b"x")]
