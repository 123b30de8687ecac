"""How an answer is made: its scenario, whether the model thinks first, what it may search. Pure.

A message's own words win over the channel's settings, and those over the team's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.conversation.files import FileFormat
from bot.conversation.messages import BuiltIn
from bot.conversation.wishes import wanted_formats, wants_chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A scenario and its sampling (Model Studio's overview, "Text generation", parameters)."""

    name: str
    temperature: float | None
    top_p: float | None
    instructions: str = ""


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="balanced", temperature=None, top_p=None),
        Preset(
            name="creative",
            temperature=0.9,
            top_p=0.95,
            instructions="Write with imagination: fresh images, a voice of its own, no platitudes.",
        ),
        Preset(
            name="code",
            temperature=0.2,
            top_p=0.8,
            instructions="Give working code first, then the shortest explanation that helps.",
        ),
        Preset(
            name="factual",
            temperature=0.1,
            top_p=0.7,
            instructions="Say only what you know; say plainly what is uncertain or unknown.",
        ),
        Preset(
            name="translation",
            temperature=0.3,
            top_p=0.8,
            instructions=(
                "Translate what is given, with its tone, names, numbers and formatting. "
                "Without a target language: into English, and English into the asker's language. "
                "Answer with the translation alone."
            ),
        ),
    )
}


class Thinking(StrEnum):
    """Whether the model thinks before it answers."""

    AUTO = "auto"
    """When the question asks for it, or looks hard."""
    ON = "on"
    OFF = "off"
    """Only when a message asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What people have set for one channel; empty where the team's settings hold."""

    preset: str = ""
    thinking: str = ""
    reply_in_threads: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The team's settings for how answers are made."""

    preset: str = "balanced"
    thinking: Thinking = Thinking.AUTO
    thinking_budget: int = 4_096
    """Tokens to think for at most."""
    search: bool = True
    """Whether a person may ask for a web search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How one answer is made."""

    preset: Preset
    thinking: bool = False
    thinking_budget: int | None = None
    built_in: frozenset[BuiltIn] = frozenset()
    files: tuple[FileFormat, ...] = ()
    """What the answer is made into."""
    has_charts: bool = False
    """Whether the model is told how to draw."""
    lacks_search: bool = False
    """Whether a search was asked for that the model can't do."""

    def within(self, *, thinking: bool, search: bool) -> "Mode":
        """The same for a model that can do only this."""
        return replace(
            self,
            thinking=self.thinking and thinking,
            built_in=self.built_in if search else frozenset(),
            lacks_search=BuiltIn.WEB_SEARCH in self.built_in and not search,
        )


_WORD = "|".join(PRESETS)
_NAMED = re.compile(
    rf"\b(?:preset|mode|style|scenario)\s*[:=]?\s*({_WORD})\b|\b({_WORD})\s+(?:preset|mode)\b",
    re.IGNORECASE,
)
_THINK = re.compile(
    r"\b(?:think (?:\w+ )?(?:hard|deep|deeply|carefully|twice|step by step|it through|longer|first)"
    r"|think about (?:it|this)|take your time|reason (?:carefully|step by step)|ultrathink)\b"
    r"|denk(?:e|en)? (?:\w+ )?(?:genau|gründlich|gut) nach|深入思考|仔细想|好好想想|認真思考",
    re.IGNORECASE,
)
_HARDER = re.compile(r"\b(?:very hard|really hard|as hard as|harder|ultrathink)\b", re.IGNORECASE)
_NO_THINKING = re.compile(
    r"\b(?:(?:don'?t|do not|without) think(?:ing)?|quick(?:ly)? answer|just answer|no thinking)\b",
    re.IGNORECASE,
)
_HARD = re.compile(
    r"\b(?:prove|derive|proof|root cause|trade-?offs?|race condition|deadlock|complexity of"
    r"|optimi[sz]e|debug|why does|step by step|puzzle|riddle|how many ways|probability)\b",
    re.IGNORECASE,
)
_LONG_QUESTION = 2_500
_SEARCH = re.compile(
    r"\b(?:search (?:the )?(?:web|internet|online)|web ?search|look (?:it|this|that)? ?up online"
    r"|google (?:it|this|that|for)|on the (?:web|internet)\b|search for the latest"
    r"|latest news|news about|im (?:internet|web) (?:suchen|nach))"
    r"|(?:such\w* im (?:internet|web))|上网(?:查|搜)|搜索(?:网络|一下)|联网",
    re.IGNORECASE,
)
_RUN_CODE = re.compile(
    r"\b(?:run|execute) (?:the|this|that|some|your|python)? ?(?:code|script|python)\b"
    r"|\bcode interpreter\b",
    re.IGNORECASE,
)
_THOUGHTFUL = frozenset({BuiltIn.WEB_EXTRACTOR, BuiltIn.CODE_INTERPRETER})
"""The service runs these only while the model thinks ("OpenAI compatible: Responses")."""
_ADDRESS = re.compile(r"https?://")


def mode_for(question: str, channel: ChannelSettings, habits: Habits) -> Mode:
    """How the answer to these words is to be made."""
    named = _NAMED.search(question)
    name = (named[1] or named[2]).lower() if named else channel.preset or habits.preset
    thinking = _thinks(question, Thinking(channel.thinking or habits.thinking))
    budget = habits.thinking_budget * (4 if _HARDER.search(question) else 1)
    built_in = _built_in(question) if habits.search else frozenset[BuiltIn]()
    return Mode(
        preset=PRESETS.get(name, PRESETS["balanced"]),
        thinking=thinking or bool(built_in & _THOUGHTFUL),
        thinking_budget=budget,
        built_in=built_in,
        files=wanted_formats(question),
        has_charts=wants_chart(question),
    )


def _thinks(question: str, setting: Thinking) -> bool:
    if _NO_THINKING.search(question):
        return False
    if _THINK.search(question) or setting is Thinking.ON:
        return True
    if setting is Thinking.OFF:
        return False
    return bool(_HARD.search(question)) or len(question) > _LONG_QUESTION


def _built_in(question: str) -> frozenset[BuiltIn]:
    found = set()
    if _SEARCH.search(question):
        found.add(BuiltIn.WEB_SEARCH)
        if _ADDRESS.search(question):
            found.add(BuiltIn.WEB_EXTRACTOR)
    if _RUN_CODE.search(question):
        found.add(BuiltIn.CODE_INTERPRETER)
    return frozenset(found)
