"""Links to Slack messages in a question are read before the model is asked, with the asker's rights.

A model may or may not call a tool for them; whoever sends such a link means what stands behind it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.conversation.asking import Asking
from bot.conversation.documents.document import Document, Passage
from bot.conversation.first_tools import READ_SLACK_MESSAGE
from bot.conversation.gathering import Gathered
from bot.conversation.messages import ToolCall, ToolSpec
from bot.conversation.thread import Turn
from bot.conversation.tools import Used

MOST_LINKS = 5
"""So many of a turn are read; the model's tool reads what is behind the others."""
EXTENT = "what this link to Slack leads to"
NOT_READ = "it could not be read"
_PERMALINK = re.compile(r"https?://[\w.:-]+/archives/[CDG][A-Z0-9]+/p\d{16}(?:\?[\w.=&%-]*)?")


async def with_linked(gathered: Gathered, asking: Asking, tools: Sequence[ToolSpec]) -> Gathered:
    """The same with what the questions' permalinks lead to, or why they can't be read.

    Without the tool among `tools` nothing is read: an admin has taken it away.
    """
    found = list(dict.fromkeys(_links(gathered.turn)))[:MOST_LINKS]
    if not found or all(tool.name != READ_SLACK_MESSAGE for tool in tools):
        return gathered
    calls = [
        ToolCall(
            id=f"link_{number}",
            name=READ_SLACK_MESSAGE,
            arguments=json.dumps({"permalink": link}),
        )
        for number, (_, link) in enumerate(found)
    ]
    linked: dict[int, tuple[Document, ...]] = {}
    for (message_id, link), used in zip(found, await asking.use(calls), strict=True):
        linked[message_id] = (*linked.get(message_id, ()), _document(link, used))
    return replace(gathered, shown=replace(gathered.shown, linked=linked))


def _links(turn: Turn) -> Iterator[tuple[int, str]]:
    """Each permalink of the questions, with the message it stands in."""
    for question in turn.questions:
        for found in _PERMALINK.finditer(question.text):
            yield question.id, found[0]


def _document(link: str, used: Used) -> Document:
    passage = Passage.of("", used.content)
    note = NOT_READ if used.failed else ""
    return Document(name=link, extent=EXTENT, passages=(passage,), note=note)
