"""What the model may look up in Slack for the person who asks: linked messages, and people."""

import re
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

from bot.conversation.ports import Person
from bot.conversation.thread import Author, ThreadKey, ThreadMessage
from bot.conversation.tools import Asker
from bot.errors import SlackError, ToolFailed
from bot.slack.access import Access
from bot.slack.api import SlackApi
from bot.slack.directory import Directory, person_of
from bot.slack.history import History
from bot.slack.markdown.rendering import plain

_ARCHIVE = re.compile(r"/archives/([CDG][A-Z0-9]+)/p(\d{10})(\d{6})$")
_PAGE = 200
_MOST_PAGES = 25
_KEEP_SECONDS = 600.0
_MOST_FOUND = 10
NOT_A_PERMALINK = "That is not the address of a Slack message."
NOT_READABLE = "I can't read that message: I may not be in its channel, or it is gone."
NO_LIST = "Slack did not give me the list of people."


class SlackColleagues:
    """One workspace. Implements `conversation.first_tools.Colleagues`."""

    def __init__(
        self, api: SlackApi, access: Access, history: History, directory: Directory
    ) -> None:
        self._api = api
        self._access = access
        self._history = history
        self._directory = directory
        self._people: list[Person] = []
        self._read_at = 0.0

    async def behind(self, permalink: str, asker: Asker) -> str:
        """The message behind a permalink, with its thread, if the asker may see it here.

        Raises ToolFailed or NotForYou.
        """
        channel_id, ts, thread_ts = _parsed(permalink)
        await self._access.require(asker.person.id, channel_id, told_in=asker.key.channel_id)
        key = ThreadKey(team_id=asker.key.team_id, channel_id=channel_id, thread_ts=thread_ts)
        messages = (await self._history.earlier(key)).messages
        if not messages:
            raise ToolFailed(NOT_READABLE)
        names = await self._directory.names(messages, channel_id)
        called = {person.id: person.name for person in names.people.values()}

        def line(message: ThreadMessage) -> str:
            author = message.author_name or called.get(message.author_id, message.author_id)
            if message.author is Author.SELF:
                author = "you"
            mark = " (the linked message)" if message.ts == ts else ""
            return f"[{author}]{mark} {plain(message.text, called, names.channels)}"

        place = names.channels.get(channel_id, "")
        head = f"A thread in #{place}:\n" if place else "A thread:\n"
        return head + "\n".join(line(message) for message in messages)

    async def people(self, name: str) -> list[Person]:
        """The members whose name has these words in it. Raises ToolFailed."""
        words = name.casefold().lstrip("@").split()
        return [
            person
            for person in await self._members()
            if words and all(word in person.name.casefold() for word in words)
        ][:_MOST_FOUND]

    async def _members(self) -> list[Person]:
        if time.monotonic() - self._read_at > _KEEP_SECONDS or not self._people:
            try:
                self._people = [person async for person in self._pages()]
            except SlackError as error:
                if not self._people:
                    raise ToolFailed(NO_LIST) from error
            self._read_at = time.monotonic()
        return self._people

    async def _pages(self) -> AsyncIterator[Person]:
        cursor = ""
        for _ in range(_MOST_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = await self._api.read("users.list", limit=_PAGE, **more)
            for user in page.get("members") or ():
                if not user.get("deleted") and not user.get("is_bot"):
                    yield person_of(user, both_names=True)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _parsed(permalink: str) -> tuple[str, str, str]:
    """Channel, ts and thread_ts in a permalink. Raises ToolFailed."""
    parts = urlsplit(permalink.strip().strip("<>").split("|")[0])
    found = _ARCHIVE.search(parts.path)
    if found is None:
        raise ToolFailed(NOT_A_PERMALINK)
    ts = f"{found[2]}.{found[3]}"
    thread_ts = parse_qs(parts.query).get("thread_ts", [ts])[0]
    return found[1], ts, thread_ts
