"""Makes shared documents fit into the prompt: whole, in notes of all of it, or what the question is about."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.conversation.desk import Desk
from bot.conversation.documents import showing
from bot.conversation.documents.document import Document
from bot.conversation.documents.fitting import shares
from bot.conversation.documents.whole import WholeReading, wants_all
from bot.conversation.messages import Step, StepState
from bot.conversation.ports import Reply
from bot.conversation.ports_files import Piece, Shown
from bot.conversation.thread import Turn

DOCUMENTS_SHARE = 0.6
"""Of the prompt; the rest is for the thread's words and for pictures."""
PICTURES_SHARE = 0.45
"""Of the prompt, for pictures in documents."""
_BOTH_SHARE = 0.8
"""Of the prompt, for documents and their pictures together."""
READING_ALL = "Reading all of {name}: part {done} of {count}"
HAS_READ_ALL = "Read all of {name}, in {count} parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """Files as the prompt can take them."""

    shown: Shown
    shortened: tuple[Document, ...] = ()
    """Documents, in full, of which the prompt has only a part."""


class Study:
    """The documents of one turn."""

    def __init__(self, turn: Turn, desk: Desk, reply: Reply) -> None:
        self._turn = turn
        self._desk = desk
        self._reply = reply
        self._question = turn.question
        self._shortened: list[Document] = []

    async def fitted(self, shown: Shown) -> Studied:
        """What was shown, with documents as long as there is room for."""
        most = self._desk.frame.context_tokens
        given_pictures = showing.within(shown.by_file, self._question, int(most * PICTURES_SHARE))
        shown = replace(shown, by_file=given_pictures)
        documents = dict(_documents(shown))
        beside_pictures = int(most * _BOTH_SHARE) - showing.cost(shown.by_file)
        room = min(int(most * DOCUMENTS_SHARE), beside_pictures)
        costs = [document.cost for document in documents.values()]
        given = dict(zip(documents, shares(costs, room), strict=True))
        fitting = await asyncio.gather(
            *(self._fit(file_id, one, given[file_id]) for file_id, one in documents.items())
        )
        by_file = _with(shown, dict(zip(documents, fitting, strict=True)))
        return Studied(
            shown=replace(shown, by_file=by_file),
            shortened=tuple(self._shortened),
        )

    async def _fit(self, file_id: str, document: Document, room: int) -> Document:
        if document.cost <= room:
            return document
        self._shortened.append(document)
        if wants_all(self._question):
            notes = await self._notes(file_id, document)
            if notes is not None:
                document = notes
        return await self._desk.finder.excerpt(document, self._question, room)

    async def _notes(self, file_id: str, document: Document) -> Document | None:
        """Notes of all of it; the person sees how the reading comes along."""
        parts = 0

        def watch(done: int, count: int) -> None:
            nonlocal parts
            parts = count
            title = READING_ALL.format(name=document.name, done=done, count=count)
            self._reply.step(Step(id=f"all_{file_id}", title=title))

        reading = WholeReading(
            self._desk.model,
            self._desk.frame.model,
            question=self._question,
            workspace=self._turn.key.team_id,
        )
        notes = await reading.read(document, watch)
        title = HAS_READ_ALL.format(name=document.name, count=parts)
        state = StepState.FAILED if notes is None else StepState.DONE
        self._reply.step(Step(id=f"all_{file_id}", title=title, state=state))
        return notes


def _documents(shown: Shown) -> Iterator[tuple[str, Document]]:
    for file_id, pieces in shown.by_file.items():
        for piece in pieces:
            if isinstance(piece, Document):
                yield file_id, piece


def _with(shown: Shown, documents: Mapping[str, Document]) -> dict[str, tuple[Piece, ...]]:
    return {
        file_id: tuple(
            documents[file_id] if isinstance(piece, Document) else piece for piece in pieces
        )
        for file_id, pieces in shown.by_file.items()
    }
