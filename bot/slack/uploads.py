"""Shares files in threads: an address from Slack, the bytes to it, then the sharing itself.

Each step may be repeated without a second file appearing: until the last one nobody sees anything,
and before the last one is repeated Slack is asked whether it was done ("Working with files").
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.conversation.files import MadeFile
from bot.conversation.thread import Turn
from bot.errors import FileFailed, SlackError, SlackLimited, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.history import History

NOT_TAKEN = "Slack did not take the file."
SENTENCES = {
    "file_uploads_disabled": "This workspace has uploading files switched off.",
    "file_type_not_allowed": "This workspace does not allow files of this kind.",
    "file_upload_size_restricted": "This workspace does not allow files of this size.",
    "storage_limit_reached": "This workspace has no room left for files.",
    "missing_scope": "I'm not allowed to share files here: an admin can give me `files:write`.",
    "not_in_channel": "I can't share files in this channel: I'm not a member of it.",
    "posting_to_channel_denied": "I'm not allowed to share files in this channel.",
}
"""Slack's word ("files.completeUploadExternal", errors) to the sentence a person sees."""
_TRIES = 4
_PAUSE = 1.0
_LONGEST_WAIT = 60.0
_UPLOAD = aiohttp.ClientTimeout(total=120)

Begun = Callable[[str], Awaitable[None]]


class Uploads:
    """Implements `conversation.ports_files.Publisher` for one workspace."""

    def __init__(
        self,
        api: SlackApi,
        history: History,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._history = history
        self._sleep = sleep

    async def publish(self, turn: Turn, file: MadeFile) -> None:
        """Share a file in the turn's thread, once. Raises FileFailed."""
        try:
            if turn.is_takeover and await self._is_shared(turn, file.name):
                return
        except SlackError as error:
            raise FileFailed(NOT_TAKEN) from error
        await self.hand_over(file, channel_id=turn.key.channel_id, thread_ts=turn.key.thread_ts)

    async def hand_over(
        self,
        file: MadeFile,
        *,
        channel_id: str,
        thread_ts: str = "",
        begun: str = "",
        on_begin: Begun | None = None,
    ) -> None:
        """Share a file in a conversation, in a thread of it where one is named. Raises FileFailed.

        `on_begin` is told Slack's id of it before anybody can see it; whoever takes over gives it
        back as `begun`, and the file is shared once.
        """
        try:
            if begun and await self._patiently(lambda: self._is_visible(begun)):
                return
            await self._share(file, channel_id, thread_ts, on_begin)
        except SlackRefused as refusal:
            raise FileFailed(SENTENCES.get(refusal.code, NOT_TAKEN)) from refusal
        except SlackError as error:
            raise FileFailed(NOT_TAKEN) from error

    async def _is_shared(self, turn: Turn, name: str) -> bool:
        """Whether the process before us came so far as to share it."""
        after = turn.asker.ts if turn.questions else turn.key.thread_ts
        return name in await self._patiently(lambda: self._history.own_files(turn.key, after))

    async def _share(
        self, file: MadeFile, channel_id: str, thread_ts: str, on_begin: Begun | None
    ) -> None:
        given = await self._patiently(lambda: self._address(file))
        file_id = str(given["file_id"])
        await self._patiently(lambda: self._send(str(given["upload_url"]), file))
        if on_begin is not None:
            await on_begin(file_id)
        begun = False

        async def complete() -> None:
            nonlocal begun
            if begun and await self._is_visible(file_id):
                return
            begun = True
            await self._complete(file, file_id, channel_id, thread_ts)

        await self._patiently(complete)

    async def _address(self, file: MadeFile) -> Mapping[str, Any]:
        described = {"alt_txt": file.alt_text} if file.alt_text else {}
        return await self._api.read(
            "files.getUploadURLExternal", filename=file.name, length=len(file.data), **described
        )

    async def _send(self, address: str, file: MadeFile) -> None:
        """The bytes, without the token: the address alone admits them."""
        try:
            async with self._api.session.post(
                address, data=file.data, timeout=_UPLOAD, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise SlackUnreachable("upload", f"HTTP {response.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SlackUnreachable("upload", type(error).__name__) from error

    async def _complete(
        self, file: MadeFile, file_id: str, channel_id: str, thread_ts: str
    ) -> None:
        await self._api.post(
            "files.completeUploadExternal",
            files=json.dumps([{"id": file_id, "title": file.name}]),
            channel_id=channel_id,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )

    async def _is_visible(self, file_id: str) -> bool:
        """Whether a sharing that gave no answer was done all the same."""
        try:
            found = await self._api.read("files.info", file=file_id)
        except SlackRefused:
            return False
        return bool((found.get("file") or {}).get("shares"))

    async def _patiently(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Try a step again where nobody knows whether it was done, or when Slack asks to wait."""
        for _ in range(_TRIES - 1):
            try:
                return await call()
            except SlackLimited as limit:
                await self._sleep(min(limit.retry_after, _LONGEST_WAIT))
            except SlackUnreachable:
                await self._sleep(_PAUSE)
        return await call()
