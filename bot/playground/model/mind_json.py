"""JSON out of the rehearsal model: it walks the schema and fills it from the prompt's own words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(
    r"^[ \t>-]*(?:\[|\(|#|<)?[mM]?(\d{1,6})(?:\]|\)|[.:|>]|\s*[-–—]|\t)+[ \t]*(.+)$", re.MULTILINE
)
_SPEAKER = re.compile(r"^(?:\[[^\]]*\]\s*)?@?([A-Z][\w.'-]*(?: [A-Z][\w.'-]*)?)(?:\s*\([^)]*\))?:")
_CITES = re.compile(r"source|message|index|indices|cite|evidence|line|quote|ref|number|from|^ids?$")
_PEOPLE = re.compile(
    r"owner|who|assignee|author|person|people|speaker|participant|member|^by$|name"
)
_TITLE = re.compile(r"title|headline|topic|subject|label")
_TIME = re.compile(r"when|due|deadline|until")
_DAY = re.compile(
    r"\b(?:(?:by|on|until|before|next) )?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow"
    r"|end of (?:the )?(?:day|week|month))\b",
    re.IGNORECASE,
)
_KINDS = (
    (re.compile(r"question"), re.compile(r"\?|^(?:open )?question\b", re.IGNORECASE)),
    (
        re.compile(r"decision|decided"),
        re.compile(
            r"\b(?:decision|decided?|agreed?|settled|we (?:go|ship|take|use|stay))\b", re.IGNORECASE
        ),
    ),
    (
        re.compile(r"action|todo|task|next_step"),
        re.compile(
            r"\b(?:action|todo|will|i'll|needs? to|has to|please|by \w+day)\b", re.IGNORECASE
        ),
    ),
)
"""What a list is for, by its name, and the lines that belong there."""
_TITLE_WORDS = 5
_MOST_ITEMS = 3
_WORDS = 160
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """A numbered line of talk in the prompt."""

    number: int
    text: str

    @property
    def speaker(self) -> str:
        """Who says it, where the line begins with a name."""
        found = _SPEAKER.match(self.text)
        return found[1] if found else ""

    @property
    def words(self) -> str:
        """What is said, without the name."""
        return _SPEAKER.sub("", self.text).strip()[:_WORDS] or self.text[:_WORDS]


def lines_in(text: str) -> list[Said]:
    """The numbered lines of a prompt; without any, its lines counted from 1."""
    numbered = [Said(int(number), words.strip()) for number, words in _LINE.findall(text)]
    if numbered:
        return numbered
    plain = [line.strip() for line in text.splitlines() if line.strip()]
    return [Said(number, line) for number, line in enumerate(plain, start=1)]


def fill(schema: Schema, text: str) -> Any:
    """A value that fits the schema and speaks of the text; the same for the same prompt."""
    said = lines_in(text) or [Said(1, "nothing")]
    return _Filler(schema, said).value(schema, "", said)


class _Filler:
    """Fills one schema."""

    def __init__(self, root: Schema, said: Sequence[Said]) -> None:
        self._root = root
        self._all = said

    def value(self, schema: Schema, name: str, said: Sequence[Said]) -> Any:
        """A value for the property of that name, about these lines."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"], said)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.value(self._alternative(schema[key], name, said), name, said)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        match kind:
            case "object":
                return self._object(schema, said)
            case "array":
                return self._array(schema, name, said)
            case "integer" | "number":
                return self._number(schema, name, said)
            case "boolean":
                return bool(schema.get("default", False))
            case "null":
                return None
            case _:
                return self._string(schema, name, said)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self._root
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        if len(schema.get("allOf", ())) == 1:
            return self._resolved(schema["allOf"][0])
        return schema

    def _alternative(self, choices: Sequence[Schema], name: str, said: Sequence[Said]) -> Schema:
        """The first that is no null; null where the lines say nothing of it."""
        real = [one for one in choices if one.get("type") != "null"]
        if len(real) == len(choices):
            return real[0]
        knows = _CITES.search(name) or (_PEOPLE.search(name) and said[0].speaker)
        return real[0] if real and knows else {"type": "null"}

    def _object(self, schema: Schema, said: Sequence[Said]) -> dict[str, Any]:
        properties: Schema = schema.get("properties") or {}
        return {name: self.value(one, name, said) for name, one in properties.items()}

    def _array(self, schema: Schema, name: str, said: Sequence[Said]) -> list[Any]:
        item = self._resolved(schema.get("items") or {"type": "string"})
        if schema.get("maxItems") == 0:
            return []
        telling = self._telling(name, said)
        most = min(int(schema.get("maxItems", _MOST_ITEMS)), _MOST_ITEMS)
        chosen = telling[:most] or said[: int(schema.get("minItems", 0))]
        return [self.value(item, name, [one]) for one in chosen]

    @staticmethod
    def _telling(name: str, said: Sequence[Said]) -> Sequence[Said]:
        """The lines that have something to say in a list of that name."""
        for names, belongs in _KINDS:
            if names.search(name):
                return [one for one in said if belongs.search(one.text)]
        return said

    def _number(self, schema: Schema, name: str, said: Sequence[Said]) -> float:
        number: float = said[0].number if _CITES.search(name) else 1
        low = schema.get("minimum", schema.get("exclusiveMinimum", number))
        high = schema.get("maximum", schema.get("exclusiveMaximum", number))
        fitting: float = min(max(number, low), high)
        return fitting

    def _string(self, schema: Schema, name: str, said: Sequence[Said]) -> str:
        if _TIME.search(name):
            found = _DAY.search(said[0].text)
            text = found[0] if found else ""
        elif _PEOPLE.search(name) and said[0].speaker:
            text = said[0].speaker
        elif _TITLE.search(name) and len(said) == 1:
            text = " ".join(said[0].words.split()[:_TITLE_WORDS]).rstrip(".,;:?!")
        elif _CITES.search(name) and len(said) == 1 and "quote" not in name:
            text = str(said[0].number)
        elif len(said) > 1:
            text = f"{len(self._all)} lines, from “{said[0].words}” to “{said[-1].words}”."
        else:
            text = said[0].words
        least = int(schema.get("minLength", 0))
        text = text.ljust(least, ".")
        return text[: int(schema.get("maxLength", len(text)))]

    @staticmethod
    def _choice(choices: Sequence[Any], said: Sequence[Said]) -> Any:
        """The choice that the line names, else the first."""
        text = said[0].text.lower()
        return next((one for one in choices if str(one).lower() in text), choices[0])
