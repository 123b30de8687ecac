"""What the rehearsal model answers: made up from the question, always the same for the same prompt."""

import ast
import operator
import re
from dataclasses import dataclass, replace
from typing import Any

from bot.playground.strictness import picture_of

HELP = """\
I am the **rehearsal model** of the playground: I answer from your words alone, so everything around \
me can be tried without a key. Things to ask me:

| say | and see |
|---|---|
| `/long 8000` | a long answer with tables and code |
| `/slow` | an answer that takes its time: press Stop |
| `/wait 5` | the thinking sign |
| `/table`, `/code` | how they are shown |
| `/fail 429`, `/fail cut`, `/fail inspect` | how failures end |
| `/fail 500 once` | that Retry works |
| `/broadcast` | that nobody is pinged |
| a picture | what I can measure of it |
"""
_LABEL = re.compile(r"^\[[^\]\n]+, \d{1,2} \w{3} \d{2}:\d{2}\]\n", re.MULTILINE)
_SPEAKER = re.compile(r"^\[([^\],\n]+), \d{1,2} \w{3} \d{2}:\d{2}\]\n", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|\s)/(\w[\w-]*)((?:[ \t]+[\w.-]+)*)")
_SUM = re.compile(r"\d[\d\s.,()+*/-]*[+*/-][\d\s.,()+*/-]*\d")
_MENTION = re.compile(r"@\S+\s*")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An answer, and how it is given."""

    text: str
    rate: float = 0.0
    """Tokens a second; 0 for the usual pace."""
    wait: float | None = None
    """Seconds before the first token."""
    fail: str = ""
    fail_after: int | None = None
    once: bool = False
    finish: str = "stop"


def think(messages: list[dict[str, Any]]) -> Plan:
    """Plan the answer to a conversation."""
    begun = ""
    if messages[-1].get("partial"):
        begun = str(messages[-1]["content"])
        messages = messages[:-1]
    question = _question(messages)
    plan = _obey(question, messages)
    if begun and plan.text.startswith(begun):
        return replace(plan, text=plan.text[len(begun) :])
    return plan


def _question(messages: list[dict[str, Any]]) -> str:
    """The newest message's own words, without its author's line and the mention."""
    text = _text(messages[-1])
    newest = _LABEL.split(text)[-1]
    return _MENTION.sub("", newest).strip()


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return str(content or "")


def _obey(question: str, messages: list[dict[str, Any]]) -> Plan:
    found = _COMMAND.search(question)
    if found is None:
        return Plan(text=_answer(question, messages))
    command, words = found[1], found[2].split()
    rest = question[found.end() :].strip() or "the question"
    number = next((float(word) for word in words if word.replace(".", "", 1).isdigit()), None)
    if command in _SHOWN:
        return Plan(text=_SHOWN[command])
    match command:
        case "long":
            return Plan(text=long_text(int(number or 20_000)), rate=400)
        case "slow":
            return Plan(text=_answer(question, messages) + "\n\n" + long_text(1_500), rate=5)
        case "wait":
            return Plan(text=_answer(rest, messages), wait=number or 3.0)
        case "tokens":
            rate = float(words[1]) if len(words) > 1 else 0.0
            return Plan(text=long_text(int(number or 100) * 4), rate=rate)
        case "echo":
            return Plan(text=question.partition("/echo")[2].strip() or "…")
        case "fail":
            return _failing(words)
        case "length":
            return Plan(text=long_text(400), finish="length")
        case _:
            return Plan(text=_answer(question, messages))


def _failing(words: list[str]) -> Plan:
    after = int(words[-1]) if len(words) > 1 and words[-1].isdigit() else None
    fail = words[0] if words else "500"
    return Plan(text=long_text(1_200), fail=fail, fail_after=after, once="once" in words)


def _answer(question: str, messages: list[dict[str, Any]]) -> str:
    pictures = _pictures(messages[-1])
    if pictures:
        return f"I see {len(pictures)} picture{'s' * (len(pictures) > 1)}:\n\n" + "\n".join(
            pictures
        )
    lowered = question.lower()
    said = [_LABEL.split(_text(one)) for one in messages if one.get("role") == "user"]
    earlier = [part.strip() for parts in said for part in parts if part.strip()][:-1]
    if any(word in lowered for word in ("what can you do", "help", "who are you")) or not question:
        return HELP
    if ("first" in lowered or "earlier" in lowered) and earlier:
        return f"The first thing said here was:\n\n> {_MENTION.sub('', earlier[0])[:300]}"
    if "summar" in lowered and earlier:
        names = dict.fromkeys(_SPEAKER.findall("\n".join(_text(one) for one in messages)))
        points = "\n".join(f"- {_MENTION.sub('', line)[:120]}" for line in earlier[-8:])
        return f"**{len(earlier)} messages** by {', '.join(names)} so far:\n\n{points}"
    if result := _calculate(question):
        return f"That is **{result}**."
    if "table" in lowered:
        return _TABLE
    if "code" in lowered or "python" in lowered:
        return _CODE
    return (
        f"You asked: “{question[:200]}”. As a rehearsal model I know no facts, but I read your "
        f"message whole: {len(question.split())} words, after {len(earlier)} earlier ones in this "
        "thread.\n\n"
        "A real model would go on from here in the same way: **a short answer first**, then\n\n"
        "1. what it rests on,\n2. what is uncertain,\n3. what you could do next.\n\n"
        "Say `/help` to see what I can show you."
    )


def _pictures(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    if not isinstance(content, list):
        return []
    found = []
    name = "picture"
    for part in content:
        if part.get("type") == "text":
            names = re.findall(r"\[picture '([^']+)'", part["text"])
            name = names[-1] if names else name
            continue
        picture = picture_of(part["image_url"]["url"])
        if picture is None:
            continue
        small = picture.convert("RGB").resize((1, 1))
        red, green, blue = small.getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel
        light = (
            "bright"
            if red + green + blue > 480
            else "dark"
            if red + green + blue < 240
            else "medium"
        )
        found.append(
            f"- **{name}**: {picture.format}, {picture.width} × {picture.height} pixels, "
            f"{light}, on average #{red:02x}{green:02x}{blue:02x}"
        )
    return found


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _calculate(question: str) -> str:
    found = _SUM.search(question)
    if found is None:
        return ""
    try:
        return f"{_value(ast.parse(found[0].replace(',', ''), mode='eval').body):,g}"
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
        return ""


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return float(_OPERATORS[type(op)](_value(left), _value(right)))
        case _:
            raise ValueError


_TABLE = """\
Here is a table:

| fruit | count | price |
|---|---:|---:|
| apples | 12 | 3.50 |
| pears | 7 | 2.10 |
| plums | 31 | 5.00 |

Three rows, three columns."""
_CODE = """\
A function that counts words:

```python
def count(text: str) -> dict[str, int]:
    words = {}
    for word in text.split():
        words[word] = words.get(word, 0) + 1
    return words
```

Call it with any text."""


def long_text(length: int) -> str:
    """Numbered lines with headings, lists, tables and code, as long as asked."""
    parts: list[str] = ["This answer is as long as it was asked to be.\n\n"]
    size = number = 0
    while size < length:
        number += 1
        part = _section(number)
        parts.append(part)
        size += len(part)
    return "".join(parts)[:length].rstrip()


def _section(number: int) -> str:
    first = number * 100
    match number % 4:
        case 1:
            lines = "".join(f"Line {first + n} of the answer goes on. " for n in range(8))
            return f"## Part {number}\n\n{lines.strip()}\n\n"
        case 2:
            return "".join(f"- item {first + n} with **bold** words\n" for n in range(8)) + "\n"
        case 3:
            rows = "".join(f"| row {first + n} | {n} | value {n * 7} |\n" for n in range(8))
            return f"| name | n | value |\n|---|---|---|\n{rows}\n"
        case _:
            body = "".join(f"    step_{first + n}()  # {n}\n" for n in range(8))
            return f"```python\ndef part_{number}():\n{body}```\n\n"


_SHOWN = {
    "table": _TABLE,
    "code": _CODE,
    "help": HELP,
    "broadcast": "Attention <!channel> and <!here>, @everyone, <!subteam^S123|@team>!",
    "image-link": "Look: ![a chart](https://example.com/secret.png?data=stolen) — done.",
}
