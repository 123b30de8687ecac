"""Text is never lost, doubled or cut in the wrong place on its way into Slack messages."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.markdown.rendering import Draft, SegmentLimits, escape, plain, preview

SMALL = SegmentLimits(soft=120, firm=170, word=210, hard=240)
_FENCE = re.compile(r"^(`{3,}|~{3,})", re.MULTILINE)

words = st.text("abcdefgh ,.ÄÖéß你好世界！🙂*_`~[]()<>|#-", min_size=1, max_size=30)
blocks = st.one_of(
    words,
    st.lists(words.map(lambda w: f"- {w}"), min_size=1, max_size=5).map("\n".join),
    st.lists(words, min_size=1, max_size=8).map(
        lambda lines: "```python\n" + "\n".join(lines) + "\n```"
    ),
    st.lists(words, min_size=1, max_size=8).map(lambda lines: "~~~\n" + "\n".join(lines) + "\n~~~"),
    st.integers(1, 12).map(
        lambda n: "| a | b |\n|---|---|\n" + "".join(f"| r{i} | {i} |\n" for i in range(n))
    ),
    words.map(lambda w: f"## {w}"),
    st.integers(1, 60).map(lambda n: "word " * n),
    st.integers(1, 60).map(lambda n: "无空格的文字" * n),
    st.just("x" * 500),
)
documents = st.lists(blocks, min_size=1, max_size=8).map("\n\n".join)


def _run(text: str, cuts: list[int], limits: SegmentLimits) -> list[str]:
    """Feed the text in pieces, watching what is shown on the way."""
    draft = Draft(limits=limits)
    shown: list[str] = []
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        draft.feed(text[start:end])
        shown = _grown(shown, list(draft.segments))
    draft.finish()
    return _grown(shown, list(draft.segments))


def _grown(before: list[str], now: list[str]) -> list[str]:
    """What was shown stays shown: only the last message grows, at its end."""
    for position, text in enumerate(before):
        if position < len(before) - 1:
            assert now[position] == text
        else:
            assert now[position].startswith(text)
            rest = now[position][len(text) :]
            assert (
                not rest
                or not text
                or not rest[0].isspace()
                or rest.lstrip()[:1] in {"", "`", "~", "|"}
            )
    return now


@settings(max_examples=200, deadline=None)
@given(documents, st.lists(st.integers(0, 5_000), max_size=30))
def test_however_text_arrives_the_messages_are_the_same(text: str, cuts: list[int]) -> None:
    assert _run(text, cuts, SMALL) == _run(text, [], SMALL)


@settings(max_examples=200, deadline=None)
@given(documents)
def test_no_word_is_lost_doubled_or_moved(text: str) -> None:
    joined = "".join(_run(text, [], SMALL))
    letters = re.sub(r"[^a-hA-ZÄÖéß你好世界无空格的文字🙂0-9x]", "", text.replace("python", ""))
    kept = re.sub(r"[^a-hA-ZÄÖéß你好世界无空格的文字🙂0-9x]", "", joined.replace("python", ""))
    if "|---|" in text:
        return  # a long table repeats its head
    assert kept == letters


@settings(max_examples=200, deadline=None)
@given(documents)
def test_every_message_keeps_the_limit_and_closes_its_fences(text: str) -> None:
    for segment in _run(text, [], SMALL):
        assert len(segment) <= SMALL.hard + 40
        assert segment.strip()
        assert not segment.startswith("\n")
    for segment in _run("```js\n" + "let a = 1;\n" * 100 + "```\n", [], SMALL):
        assert segment.startswith("```js\n")
        assert len(_FENCE.findall(segment)) == 2


def test_a_table_goes_on_with_its_head() -> None:
    rows = "".join(f"| {n} | value {n} |\n" for n in range(60))
    first, second, *_ = _run(f"| n | v |\n|---|---|\n{rows}", [], SMALL)

    assert second.startswith("| n | v |\n|---|---|\n")
    assert first.endswith("|\n")


def test_messages_are_cut_between_blocks() -> None:
    text = "\n\n".join(f"Paragraph {n} with some words in it." for n in range(20))

    assert all(one.startswith("Paragraph") for one in _run(text, [], SMALL))


@pytest.mark.parametrize(
    ("fed", "shown"),
    [
        ("Hello", "Hell"),
        ("Hello, th", "Hello, "),
        ("It is **bol", "It is "),
        ("It is **bold** now", "It is **bold** "),
        ("See [the doc](http", "See "),
        ("Run `ls -", "Run "),
        ("<!chan", None),
        ("| a | b", None),
        ("| a | b |\n", None),
        ("```py", None),
        ("答案是：这", "答案是："),
    ],
)
def test_only_what_will_stay_is_shown(fed: str, shown: str | None) -> None:
    draft = Draft()
    draft.feed(fed)

    assert list(draft.segments) == ([] if shown is None else [shown])


@pytest.mark.parametrize(
    ("wrote", "becomes"),
    [
        ("<!channel> a", "@\u200bchannel a"),
        ("<!here|here> a", "@\u200bhere a"),
        ("<!EVERYONE> a", "@\u200beveryone a"),
        ("<!subteam^S1|@the team> a", "@\u200bthe team a"),
        ("<!subteam^S1> a", "@\u200bgroup a"),
        ("@channel and @here", "@\u200bchannel and @\u200bhere"),
        ("mail me@here.com", "mail me@here.com"),
        ("<@U1> and <@U2> a", "<@U1> and @U2 a"),
        ("![pic](http://x/y.png) a", "[pic](http://x/y.png) a"),
        ("![](http://x/y.png) a", "[image](http://x/y.png) a"),
        ('<img src="http://x/y"> a', "http://x/y a"),
        ("`vec![1]` a", "`vec![1]` a"),
        ("```\nif (![1].x) {}\n<!DOCTYPE html>\n```", "```\nif (![1].x) {}\n<!DOCTYPE html>\n```"),
        ("`<!channel>` a", "`@\u200bchannel` a"),
        ("<https://a.b|c> [d](https://e.f)", "<https://a.b|c> [d](https://e.f)"),
    ],
)
def test_nothing_pings_and_nothing_is_fetched(wrote: str, becomes: str) -> None:
    for cuts in ([], list(range(len(wrote)))):
        draft = Draft(people=frozenset({"U1"}))
        edges = sorted({0, len(wrote), *cuts})
        for start, end in itertools.pairwise(edges):
            draft.feed(wrote[start:end])
            _ = draft.segments
        draft.finish()
        assert "".join(draft.segments) == becomes


def test_a_preview_is_plain_and_short() -> None:
    assert (
        preview("## Hi\n**you** & [me](http://x) <!channel>") == "Hi\nyou &amp; me &lt;!channel&gt;"
    )
    assert len(preview("word " * 2_000, limit=100)) <= 100


def test_people_and_channels_have_names() -> None:
    text = "<@U1> <@U9> <#C1|general> <#C2|> <!here> <!subteam^S|@x> <http://a|b> <mailto:a@b|a@b> &lt;&amp;"

    readable = plain(text, {"U1": "Anna"}, {"C2": "secret"})

    assert readable == "@Anna @U9 #general #secret @here @x [b](http://a) a@b <&"
    assert escape("a<b>&c") == "a&lt;b&gt;&amp;c"
