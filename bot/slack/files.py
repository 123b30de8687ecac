"""Downloads what people share in Slack: the token goes to Slack's hosts only, sizes are watched.

A missing scope makes Slack answer with its login page and HTTP 200; a redirect would carry the
token elsewhere. Both count as "not allowed" here ("Working with files").
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from urllib.parse import urlsplit

import httpx

from bot.conversation.messages import Image
from bot.conversation.ports import Pictures
from bot.conversation.thread import SharedFile
from bot.reading.pictures import BrokenPicture, PictureLimits, prepare

MOST_BYTES = 50 * 1024 * 1024
"""The largest picture that is downloaded."""
_KEPT_BYTES = 64 * 1024 * 1024
"""Prepared pictures kept in memory for the next question about them."""
_TRIES = 3
_SCANNING = frozenset({404, 409, 423, 425, 503})
"""Slack is still scanning, or still copying, a file that was shared a moment ago."""
_AT_ONCE = 4

NOT_ALLOWED = "Slack does not let me download it"
NOT_THERE = "Slack could not send it"
TOO_LARGE = "it is larger than {limit} MB"
TOO_MANY = "there is no room for more pictures in one question"


class Unavailable(Exception):
    """A file can't be had; its text is the reason in words."""


class Files:
    """The files of one workspace."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        token: str,
        trusted: Callable[[str], bool],
        limits: PictureLimits,
        request_bytes: int,
        executor: Executor,
    ) -> None:
        self._http = http
        self._token = token
        self._trusted = trusted
        self._limits = limits
        self._request_bytes = request_bytes
        self._executor = executor
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._kept: OrderedDict[str, Image] = OrderedDict()
        self._kept_bytes = 0

    async def pictures(self, files: Sequence[SharedFile]) -> Pictures:
        """Prepare these pictures for the model, as many as one request takes, the first first."""
        results = await asyncio.gather(*(self._picture(file) for file in files))
        by_file: dict[str, Image] = {}
        unreadable: dict[str, str] = {}
        room = self._request_bytes
        for file, result in zip(files, results, strict=True):
            if isinstance(result, str):
                unreadable[file.file_id] = result
            elif len(result.data) > room:
                unreadable[file.file_id] = TOO_MANY
            else:
                by_file[file.file_id] = result
                room -= len(result.data)
        return Pictures(by_file=by_file, unreadable=unreadable)

    async def _picture(self, file: SharedFile) -> Image | str:
        kept = self._kept.get(file.file_id)
        if kept is not None:
            self._kept.move_to_end(file.file_id)
            return kept
        try:
            async with self._at_once:
                data = await self.download(file, most=MOST_BYTES)
                image = await asyncio.get_running_loop().run_in_executor(
                    self._executor, _prepare, data, file.name, self._limits
                )
        except (Unavailable, BrokenPicture) as reason:
            return str(reason)
        self._keep(file.file_id, image)
        return image

    def _keep(self, file_id: str, image: Image) -> None:
        self._kept[file_id] = image
        self._kept_bytes += len(image.data)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.data)

    async def download(self, file: SharedFile, *, most: int) -> bytes:
        """A file's bytes. Raises Unavailable with the reason."""
        if file.size > most:
            raise Unavailable(TOO_LARGE.format(limit=most // 1024 // 1024))
        if not self._trusted(file.url):
            raise Unavailable(NOT_ALLOWED)
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(0.5 * 2**attempt)
            try:
                data = await self._get(file, most)
            except httpx.HTTPError:
                continue
            if data is not None:
                return data
        raise Unavailable(NOT_THERE)

    async def _get(self, file: SharedFile, most: int) -> bytes | None:
        """The bytes, or None where trying again may help."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._http.stream(
            "GET", file.url, headers=headers, follow_redirects=False
        ) as response:
            if response.status_code in _SCANNING or response.status_code >= 500:
                return None
            is_page = "text/html" in response.headers.get("content-type", "")
            if response.status_code != 200 or (is_page and "html" not in file.media_type):
                raise Unavailable(NOT_ALLOWED)
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > most:
                    raise Unavailable(TOO_LARGE.format(limit=most // 1024 // 1024))
            return bytes(received)


def _prepare(data: bytes, name: str, limits: PictureLimits) -> Image:
    return prepare(data, name=name, limits=limits)


def slack_hosts(api_url: str) -> Callable[[str], bool]:
    """Which addresses may be given the bot token: Slack's, and those of the configured API."""
    api = urlsplit(api_url)

    def trusted(url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if (parts.scheme, parts.hostname, parts.port) == (api.scheme, api.hostname, api.port):
            return True
        return parts.scheme == "https" and (
            host in {"slack.com", "slack-files.com"}
            or host.endswith((".slack.com", ".slack-edge.com", ".slack-files.com"))
        )

    return trusted
