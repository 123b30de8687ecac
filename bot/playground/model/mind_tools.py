"""Which tools the rehearsal model uses: those that the words of the question ask for."""

import json
import re
from collections.abc import Iterator, Sequence

from bot.playground.model.asked import Asked, Call, Lookup, Message, text_of

SUM = re.compile(r"\d[\d\s.,()+*/-]*[+*/-][\d\s.,()+*/-]*\d")
_PERMALINK = re.compile(r"https?://[\w.:-]+/archives/[A-Z0-9]+/p\d+[^\s>|)]*")
_ADDRESS = re.compile(r"https?://[^\s>|)\"'*]+")
_TIME = re.compile(
    r"\bwhat(?:'s| is) the (?:time|date)|\bwhat time\b|\bhow late is it\b", re.IGNORECASE
)
_WHO = re.compile(r"\bwho is (?!it\b|that\b|this\b)@?([A-Z][\w-]+)")
_CALL = re.compile(r"/call[ \t]+(\w+)[ \t]*(.*)")
_PLACES = {
    "tokyo": "Asia/Tokyo",
    "london": "Europe/London",
    "berlin": "Europe/Berlin",
    "new york": "America/New_York",
    "beijing": "Asia/Shanghai",
    "shanghai": "Asia/Shanghai",
    "singapore": "Asia/Singapore",
    "sydney": "Australia/Sydney",
}
_OWN = {"read_web_page": "web_extractor", "calculate": "code_interpreter"}
"""The service's own tools are preferred to those that do the same."""
_LONGEST_RESULT = 600


def calls_for(question: str, asked: Asked) -> tuple[Call, ...]:
    """The calls that the question asks for, among the tools that are offered."""
    wanted = [
        Call(id=f"call_{asked.model.encode().hex()[:8]}{number}", name=name, arguments=arguments)
        for number, (name, arguments) in enumerate(_wanted(question))
        if (asked.offers(name) and _OWN.get(name) not in asked.built_in) or "/call" in question
    ]
    return tuple(wanted if asked.parallel else wanted[:1])


def _wanted(question: str) -> Iterator[tuple[str, str]]:
    for forced in _CALL.finditer(question):
        yield forced[1], forced[2].strip()
        return
    if _TIME.search(question):
        places = [zone for place, zone in _PLACES.items() if place in question.lower()]
        for zone in places or [""]:
            yield "current_time", json.dumps({"time_zone": zone})
    permalinks = _PERMALINK.findall(question)
    for link in permalinks:
        yield "read_slack_message", json.dumps({"permalink": link})
    addresses = [one for one in _ADDRESS.findall(question) if one not in permalinks]
    for address in addresses:
        yield "read_web_page", json.dumps({"url": address.rstrip(".,!?")})
    if not addresses and not permalinks and (found := SUM.search(question)):
        yield "calculate", json.dumps({"expression": found[0].replace(",", "").strip()})
    if names := _WHO.findall(question):
        yield "find_people", json.dumps({"names": names})


def results(messages: Sequence[Message]) -> list[str]:
    """What the tools gave, if the newest messages are their results."""
    found: list[str] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        found.append(text_of(message))
    return found[::-1]


def from_results(found: Sequence[str]) -> str:
    """An answer that rests on the tools' results."""
    if len(found) == 1:
        return _told(found[0])
    return "\n".join(f"- {_told(one)}" for one in found)


def _told(result: str) -> str:
    if result.startswith("Error:"):
        return f"The tool could not do it: {result.removeprefix('Error:').strip()}"
    head, equals, value = result.rpartition(" = ")
    if equals and "\n" not in head:
        return f"That is **{value}**."
    if "\n" not in result and len(result) < _LONGEST_RESULT:
        return f"It is {result}."
    cut = result[:_LONGEST_RESULT].rstrip()
    return "I read this:\n\n> " + cut.replace("\n", "\n> ")


def lookups_for(question: str, asked: Asked) -> tuple[Lookup, ...]:
    """How the service's own tools would be used, with pages nobody has to reach."""
    used: list[Lookup] = []
    words = " ".join(question.split())[:80]
    if "web_search" in asked.built_in:
        pages = (
            ("https://example.com/first", "The first page found"),
            ("https://example.org/second", "The second page found"),
        )
        used.append(Lookup(kind="web_search", subject=words, urls=pages))
    if "web_extractor" in asked.built_in and (addresses := _ADDRESS.findall(question)):
        urls = tuple((address, "") for address in addresses)
        text = f"What stands at {addresses[0]}."
        used.append(Lookup(kind="web_extractor", subject=words, urls=urls, output=text))
    if "code_interpreter" in asked.built_in:
        used.append(Lookup(kind="code_interpreter", subject="print(6 * 7)", output="42\n"))
    return tuple(used)
