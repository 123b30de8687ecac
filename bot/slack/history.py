"""What Slack knows of a thread and we do not: earlier messages, files, our own orphaned replies."""

from collections.abc import Mapping
from typing import Any

from bot.conversation.ports import Earlier
from bot.conversation.ports_files import OtherForms
from bot.conversation.thread import SharedFile, ThreadKey, ThreadMessage
from bot.errors import SlackError
from bot.slack.api import SlackApi
from bot.slack.inbound import Identity, other_forms, shared_file, stubs, thread_message
from bot.telemetry.log import get_logger

log = get_logger("slack")

_PAGE = 200
"""Slack advises no more than 200 messages a page ("conversations.replies")."""
_MOST_PAGES = 15


class History:
    """Reads threads of one workspace."""

    def __init__(self, api: SlackApi, identity: Identity) -> None:
        self._api = api
        self._identity = identity

    async def earlier(self, key: ThreadKey) -> Earlier:
        """A thread's messages, as far as Slack shows them now."""
        found: dict[str, ThreadMessage] = {}  # the first message may come with every page
        cursor = ""
        for _ in range(_MOST_PAGES):
            try:
                page = await self._page(key, limit=_PAGE, **({"cursor": cursor} if cursor else {}))
            except SlackError as error:
                log.info("history not read to its end", reason=str(error), read=len(found))
                break
            for raw in page.get("messages", []):
                if (message := thread_message(raw, self._identity)) is not None:
                    found[message.ts] = message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return Earlier(messages=tuple(found.values()), is_whole=True)
        return Earlier(messages=tuple(found.values()))

    async def files_of(self, key: ThreadKey, ts: str) -> tuple[SharedFile, ...]:
        """The files of one message; none where Slack does not show it now."""
        try:
            page = await self._page(key, oldest=ts, latest=ts, inclusive="true", limit=5)
        except SlackError:
            return ()
        for raw in page.get("messages", []):
            if raw.get("ts") == ts:
                message = thread_message(raw, self._identity)
                shown = message.files if message else ()
                return (*shown, *[await self._info(stub) for stub in stubs(raw)])
        return ()

    async def _info(self, file_id: str) -> SharedFile:
        """The whole of a file that came as a stub ("Slack Connect: check_file_info").

        One that Slack does not show has no address: it is named as unreadable.
        """
        try:
            return shared_file((await self._api.read("files.info", file=file_id))["file"])
        except (SlackError, KeyError):
            return shared_file({"id": file_id})

    async def other_forms(self, file_id: str) -> OtherForms:
        """What Slack has made of a file by now: it takes a while after the upload ("files.info")."""
        try:
            file = (await self._api.read("files.info", file=file_id))["file"]
        except (SlackError, KeyError):
            return OtherForms()
        return other_forms(file)

    async def own_files(self, key: ThreadKey, after: str) -> set[str]:
        """The names of the files that we have shared in a thread behind a moment. Raises SlackError."""
        found = await self.own_messages(key, after)
        return {str(file.get("name")) for raw in found for file in raw.get("files") or []}

    async def own_messages(self, key: ThreadKey, after: str) -> list[Mapping[str, Any]]:
        """Our own messages in a thread behind a moment, as Slack has them, oldest first.

        Raises SlackError.
        """
        page = await self._page(key, oldest=after, limit=_PAGE, include_all_metadata="true")
        return [
            raw
            for raw in page.get("messages", [])
            if raw.get("ts", "") > after and self._identity.is_ours(raw)
        ]

    async def _page(self, key: ThreadKey, **arguments: Any) -> Mapping[str, Any]:
        return await self._api.read(
            "conversations.replies", channel=key.channel_id, ts=key.thread_ts, **arguments
        )
