"""Lets the model look up what a prompt had no room for: other pages of a shared document."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from bot.conversation.documents.document import Document, Passage
from bot.conversation.documents.finding import Finder
from bot.conversation.tools import Asker, Found, Tool
from bot.errors import ToolFailed

READ_DOCUMENT = "read_document"
_ROOM = 8_000
_NUMBERS = re.compile(r"(\d+)(?:\s*(?:-|–|to|bis|到)\s*(\d+))?")
_FURTHEST = 200
"""Numbers named by one range at most."""


class _Wanted(BaseModel):
    name: Annotated[str, Field(description="The document's file name")]
    places: Annotated[
        str, Field(description="Pages, slides or a sheet, e.g. 12-14 or 'Costs'; empty: anywhere")
    ] = ""
    words: Annotated[str, Field(description="What to look for in it")] = ""


def document_tool(finder: Finder) -> Tool[Any]:
    """The tool; it is offered where a document was too long for the prompt."""
    return Tool(
        name=READ_DOCUMENT,
        description=(
            "Other parts of a document shared in this thread, for where the text above says that "
            "something was left out."
        ),
        arguments=_Wanted,
        run=_reader(finder),
        title=lambda given: f"Looking into {given.name[:100]}",
    )


def _reader(finder: Finder) -> Any:
    async def read(given: _Wanted, asker: Asker) -> Found:
        document = _named(given.name, asker.documents)
        passages = _at(given.places, document.passages) if given.places else document.passages
        if not passages:
            raise ToolFailed(f"There is no such place in it. It has {document.extent}.")
        only = Document(name=document.name, extent=document.extent, passages=tuple(passages))
        if only.cost > _ROOM:
            only = await finder.excerpt(only, given.words or given.places, _ROOM)
        return Found(text=only.markdown)

    return read


def _named(name: str, documents: Sequence[Document]) -> Document:
    wanted = name.casefold().strip()
    for document in documents:
        if wanted and (wanted in document.name.casefold() or document.name.casefold() in wanted):
            return document
    known = ", ".join(document.name for document in documents) or "none"
    raise ToolFailed(f"There is no such document here. There are: {known}")


def _at(places: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages at these places, by their numbers or by their names."""
    numbers: set[int] = set()
    for first, last in _NUMBERS.findall(places):
        end = min(int(last or first), int(first) + _FURTHEST)
        numbers.update(range(int(first), end + 1))
    by_number = [
        passage
        for passage in passages
        if numbers.intersection(int(number) for number in re.findall(r"\d+", passage.place)[:1])
    ]
    wanted = places.casefold().strip("'\" ")
    by_name = [passage for passage in passages if wanted in passage.place.casefold()]
    return by_name or by_number
