"""What the rehearsal model answers: made up from the question, always the same for the same prompt."""

import ast
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.playground.model.asked import Asked, Call, Lookup, Message, text_of
from bot.playground.model.mind_json import fill
from bot.playground.model.mind_samples import CHART, CODE, DOCUMENT, TABLE, long_text
from bot.playground.model.mind_senses import perceive
from bot.playground.model.mind_tools import SUM, calls_for, from_results, lookups_for, results

HELP = """\
I am the **rehearsal model** of the playground: I answer from your words alone, so everything around \
me can be tried without a key. Things to ask me:

| say | and see |
|---|---|
| `/long 8000` | a long answer with tables and code |
| `/slow` | an answer that takes its time: press Stop |
| `/wait 5` | the thinking sign |
| `think hard: …`, `/think 2000` | thinking, shown as a step |
| `/length 300` | an answer that is cut and goes on by itself |
| `/table`, `/code` | how they are shown |
| `/chart` | a chart that Slack draws |
| `/document` as a Word file, as slides, as PDF | an answer that becomes a file |
| what time is it in Tokyo, 6*7 | tools at work |
| search the web for … | a web search with its sources |
| `/fail 429`, `/fail cut`, `/fail inspect` | how failures end |
| the word `inspect-me` | a thread that content inspection refuses |
| `/fail 500 once` | that Retry works |
| `/broadcast` | that nobody is pinged |
| a picture, a video, a recording | what I can measure of it |
"""
_LABEL = re.compile(r"^\[[^\]\n]+, \d{1,2} \w{3} \d{2}:\d{2}\]\n", re.MULTILINE)
_SPEAKER = re.compile(r"^\[([^\],\n]+), \d{1,2} \w{3} \d{2}:\d{2}\]\n", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|\s)/([a-z][\w-]*)((?:[ \t]+[\w.-]+)*)")
_COMMANDS = frozenset({"long", "slow", "wait", "think", "tokens", "echo", "fail", "length"})
_MENTION = re.compile(r"@\S+\s*")
_GO_ON = "Go on with your answer exactly where it stops."
"""What models are asked that have no partial mode."""
_REMEMBER = "Write the new summary."
"""How the request ends for a memory of what no longer fits into a prompt."""
_MOST_REMEMBERED = 1_500
_THOUGHT = (
    "The question is “{question}”. First I look at what is known, then at what is asked for, and "
    "then I choose the shortest answer that is right. "
)
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An answer, and how it is given."""

    text: str
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    rate: float = 0.0
    """Tokens a second; 0 for the usual pace."""
    wait: float | None = None
    """Seconds before the first token."""
    fail: str = ""
    fail_after: int | None = None
    once: bool = False
    finish: str = "stop"


def think(asked: Asked, find: Callable[[str], bytes | None]) -> Plan:
    """Plan the answer to a conversation; `find` gives what was uploaded."""
    begun, messages = _begun(asked)
    plan = _plan(asked, messages, find, continues=bool(begun))
    if begun and plan.text.startswith(begun):
        plan = replace(plan, text=plan.text[len(begun) :])
    return _within(plan, asked)


def _begun(asked: Asked) -> tuple[str, list[Message]]:
    """What was already said of this answer, and the conversation before it."""
    messages = asked.messages
    if asked.begun:
        return asked.begun, messages[:-1]
    if (
        len(messages) > 1
        and messages[-2]["role"] == "assistant"
        and _GO_ON in text_of(messages[-1])
    ):
        return text_of(messages[-2]), messages[:-2]
    return "", messages


def _plan(
    asked: Asked, messages: list[Message], find: Callable[[str], bytes | None], *, continues: bool
) -> Plan:
    question = _question(messages)
    if asked.schema is not None or asked.is_json:
        plan = _obey_json(question)
        return plan or Plan(text=_json(asked, messages))
    if question.endswith(_REMEMBER):
        return Plan(text=_memory(text_of(messages[-1]).removesuffix(_REMEMBER)))
    if found := results(messages):
        return _thoughtful(Plan(text=from_results(found)), asked, question)
    found_command = _COMMAND.search(question)
    obeys = found_command is not None and found_command[1] in (_COMMANDS | _SHOWN.keys())
    if not obeys and (calls := calls_for(question, asked)):
        return _thoughtful(Plan(text="", calls=calls, finish="tool_calls"), asked, question)
    plan = _obey(question, messages, find, continues=continues)
    plan = replace(plan, lookups=lookups_for(question, asked))
    return _thoughtful(plan, asked, question)


def _thoughtful(plan: Plan, asked: Asked, question: str) -> Plan:
    if not asked.thinking:
        return replace(plan, reasoning="")
    reasoning = plan.reasoning or _THOUGHT.format(question=question[:100])
    if asked.budget:
        reasoning = reasoning[: asked.budget * _CHARACTERS_A_TOKEN]
    return replace(plan, reasoning=reasoning)


def _within(plan: Plan, asked: Asked) -> Plan:
    """The output limit cuts the visible answer."""
    most = (asked.most or 0) * _CHARACTERS_A_TOKEN
    if not most or len(plan.text) <= most:
        return plan
    return replace(plan, text=plan.text[:most], finish="length")


def _question(messages: list[Message]) -> str:
    """The newest question's own words, without its author's line and the mention."""
    asked = [message for message in messages if message.get("role") == "user"]
    newest = _LABEL.split(text_of(asked[-1]))[-1]
    return _MENTION.sub("", newest).strip()


def _json(asked: Asked, messages: list[Message]) -> str:
    said = "\n".join(text_of(one) for one in messages if one.get("role") == "user")
    schema = asked.schema or _schema_in(messages)
    return json.dumps(fill(schema, said), ensure_ascii=False)


def _schema_in(messages: list[Message]) -> dict[str, object]:
    """The schema that stands in the prompt: JSON mode has no other place for it."""
    system = "\n".join(text_of(one) for one in messages if one.get("role") == "system")
    for start in (match.start() for match in re.finditer(r"\{", system)):
        try:
            found = json.JSONDecoder().raw_decode(system[start:])[0]
        except json.JSONDecodeError:
            continue
        if isinstance(found, dict) and ("properties" in found or "$ref" in found):
            return found
    return {"type": "object", "properties": {"answer": {"type": "string"}}}


def _memory(given: str) -> str:
    """The earlier summary, and a line for each message since then; commands in them are none here."""
    earlier, _, since = given.partition("\n\nMessages since then:\n")
    kept = earlier.removeprefix("Earlier summary:\n").replace("(none)", "").strip()
    said = zip(_SPEAKER.findall(since), _LABEL.split(since)[1:], strict=True)
    lines = [f"- {name}: {' '.join(_MENTION.sub('', words).split())[:60]}" for name, words in said]
    return "\n".join([kept, *lines]).strip()[:_MOST_REMEMBERED]


def _obey_json(question: str) -> Plan | None:
    """Faults can be had of requests for JSON, too."""
    found = _COMMAND.search(question)
    if found is None or found[1] != "fail":
        return None
    return _failing(found[2].split())


def _obey(
    question: str, messages: list[Message], find: Callable[[str], bytes | None], *, continues: bool
) -> Plan:
    found = _COMMAND.search(question)
    if found is None or found[1] not in (_COMMANDS | _SHOWN.keys()):
        return Plan(text=_answer(question, messages, find))
    command, words = found[1], found[2].split()
    rest = question[found.end() :].strip() or "the question"
    number = next((float(word) for word in words if word.replace(".", "", 1).isdigit()), None)
    if command in _SHOWN:
        return Plan(text=_SHOWN[command])
    match command:
        case "long":
            return Plan(text=long_text(int(number or 20_000)), rate=400)
        case "slow":
            return Plan(text=_answer(question, messages, find) + "\n\n" + long_text(1_500), rate=5)
        case "wait":
            return Plan(text=_answer(rest, messages, find), wait=number or 3.0)
        case "think":
            thought = long_text(int(number or 1_000))
            return Plan(text=_answer(rest, messages, find), reasoning=thought)
        case "tokens":
            rate = float(words[1]) if len(words) > 1 else 0.0
            return Plan(text=long_text(int(number or 100) * _CHARACTERS_A_TOKEN), rate=rate)
        case "echo":
            return Plan(text=question.partition("/echo")[2].strip() or "…")
        case "fail":
            return _failing(words)
        case _:
            return _cut(int(number or 400), continues=continues)


def _cut(length: int, *, continues: bool) -> Plan:
    """An answer that reaches the output limit once, and ends when it is continued."""
    whole = long_text(2 * length)
    return Plan(text=whole) if continues else Plan(text=whole[:length], finish="length")


def _failing(words: list[str]) -> Plan:
    after = int(words[-1]) if len(words) > 1 and words[-1].isdigit() else None
    fail = words[0] if words else "500"
    return Plan(text=long_text(1_200), fail=fail, fail_after=after, once="once" in words)


def _answer(question: str, messages: list[Message], find: Callable[[str], bytes | None]) -> str:
    if seen := perceive(messages[-1], find):
        return seen
    lowered = question.lower()
    said = [_LABEL.split(text_of(one)) for one in messages if one.get("role") == "user"]
    earlier = [part.strip() for parts in said for part in parts if part.strip()][:-1]
    if any(word in lowered for word in ("what can you do", "help", "who are you")) or not question:
        return HELP
    if ("first" in lowered or "earlier" in lowered) and earlier:
        return f"The first thing said here was:\n\n> {_MENTION.sub('', earlier[0])[:300]}"
    if "summar" in lowered and earlier:
        names = dict.fromkeys(_SPEAKER.findall("\n".join(text_of(one) for one in messages)))
        points = "\n".join(f"- {_MENTION.sub('', line)[:120]}" for line in earlier[-8:])
        return f"**{len(earlier)} messages** by {', '.join(names)} so far:\n\n{points}"
    if result := _calculate(question):
        return f"That is **{result}**."
    for words, shown in _SAMPLES:
        if any(word in lowered for word in words):
            return shown
    return (
        f"You asked: “{question[:200]}”. As a rehearsal model I know no facts, but I read your "
        f"message whole: {len(question.split())} words, after {len(earlier)} earlier ones in this "
        "thread.\n\n"
        "A real model would go on from here in the same way: **a short answer first**, then\n\n"
        "1. what it rests on,\n2. what is uncertain,\n3. what you could do next.\n\n"
        "Say `/help` to see what I can show you."
    )


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _calculate(question: str) -> str:
    found = SUM.search(question)
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


_SAMPLES = (
    (("chart", "draw", "diagram"), CHART),
    (("word file", "word document", "slides", "as pdf", "report"), DOCUMENT),
    (("table",), TABLE),
    (("code", "python"), CODE),
)
_SHOWN = {
    "table": TABLE,
    "code": CODE,
    "chart": CHART,
    "document": DOCUMENT,
    "help": HELP,
    "broadcast": "Attention <!channel> and <!here>, @everyone, <!subteam^S123|@team>!",
    "image-link": "Look: ![a chart](https://example.com/secret.png?data=stolen) — done.",
}
