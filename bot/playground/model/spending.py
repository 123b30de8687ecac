"""What a request to the rehearsal model costs, in estimated tokens; and requests made fit to be kept."""

import hashlib
from typing import Any

import orjson

from bot.playground.model.asked import Asked, Spent
from bot.playground.model.mind import Plan

_CHARACTERS_A_TOKEN = 4
_A_PICTURE = 1_000
_LEAST_CACHED = 1_024
_LONG = 200


def spent_on(asked: Asked, plan: Plan, cache: set[str]) -> Spent:
    """The figures of one answer. `cache` keeps what was marked to be kept ("Context cache")."""
    messages = without_media(asked.messages)
    pictures = sum(
        part.get("type") != "text"
        for message in asked.messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )
    read = len(orjson.dumps(messages)) // _CHARACTERS_A_TOKEN + pictures * _A_PICTURE
    reasoned = -(-len(plan.reasoning) // _CHARACTERS_A_TOKEN)
    arguments = sum(len(call.arguments) + len(call.name) for call in plan.calls)
    said = -(-(len(plan.text) + arguments) // _CHARACTERS_A_TOKEN)
    cached, kept = _cached(asked, cache)
    return Spent(
        read=read,
        written=reasoned + said,
        reasoned=reasoned,
        cached=min(cached, read),
        kept=kept,
        images=pictures * _A_PICTURE,
        searches=sum(lookup.kind == "web_search" for lookup in plan.lookups),
    )


def _cached(asked: Asked, cache: set[str]) -> tuple[int, int]:
    """The tokens read from the cache, and those put into it: up to each marked part."""
    before = b""
    cached = kept = 0
    for message in asked.messages:
        before += orjson.dumps({**message, "content": _unmarked(message.get("content"))})
        content = message.get("content")
        marked = isinstance(content, list) and any(part.get("cache_control") for part in content)
        tokens = len(before) // _CHARACTERS_A_TOKEN
        key = f"{asked.model} {hashlib.sha256(before).hexdigest()}"
        if key in cache:
            cached = tokens
        elif marked and tokens >= _LEAST_CACHED:
            cache.add(key)
            kept = tokens
    return cached, max(0, kept - cached) if kept else 0


def _unmarked(content: object) -> object:
    """The same content, marked or not, a list or a string, is the same to the cache."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return content
    return [
        {name: value for name, value in one.items() if name != "cache_control"} for one in content
    ]


def without_media(given: Any) -> Any:
    """A request with each long data URL replaced by its size."""
    if isinstance(given, dict):
        return {name: without_media(value) for name, value in given.items()}
    if isinstance(given, list):
        return [without_media(value) for value in given]
    if isinstance(given, str) and given.startswith("data:") and len(given) > _LONG:
        return f"{given.partition(',')[0]},… ({len(given)} characters)"
    return given
