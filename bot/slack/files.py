"""Downloads what people share in Slack: the token goes to Slack's hosts only, sizes are watched.

A missing scope makes Slack answer with its login page and HTTP 200, and a redirect could carry the
token elsewhere: both count as "not allowed" here, while Slack may send us on to another address of
its own ("Working with files").
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx

from bot.conversation.thread import SharedFile
from bot.errors import UnreadableFile

_TRIES = 5
_TRIES_FOR_NOTHING = 3
"""Where Slack says that there is no such file, which may have been deleted long ago."""
_PAUSE = 0.5
_HERE, _NOTHING = 200, 404
_HOPS = 4
"""Addresses that a download leads through at most."""
_LATER = frozenset({404, 409, 423, 425, 429})
"""Slack is still scanning, or still copying, a file that was shared a moment ago; or it is busy."""
_IN_MEMORY = 1024 * 1024
"""So much is collected before it is written to the disk."""
_PAGES = ("html", "vnd.slack-docs")
"""Files of these media types are pages themselves."""
_LOGIN = (b"/signin", b"signin_", b"sign in to ", b"workspace-signin")
_PAGE_HEAD = 65_536

NOT_ALLOWED = "Slack does not let me download it"
NOT_HERE = "it is kept outside Slack"
NOT_THERE = "Slack could not send it"
TOO_LARGE = "it is larger than {limit} MB"


class Files:
    """The files of one workspace."""

    def __init__(
        self, http: httpx.AsyncClient, *, token: str, trusted: Callable[[str], bool]
    ) -> None:
        self._http = http
        self._token = token
        self._trusted = trusted

    async def download(self, file: SharedFile, into: Path, *, most: int) -> None:
        """Write a file's bytes there, `most` bytes at most. Raises UnreadableFile."""
        if file.size > most:
            raise UnreadableFile(_too_large(most))
        if not self._trusted(file.url):
            raise UnreadableFile(NOT_HERE if file.url.startswith("http") else NOT_ALLOWED)
        tries = _TRIES
        for attempt in range(_TRIES):
            if attempt >= tries:
                break
            if attempt:
                await asyncio.sleep(_PAUSE * 2**attempt)
            with suppress(httpx.HTTPError):
                status = await self._fetch(file, into, most)
                if status == _HERE:
                    return
                tries = _TRIES_FOR_NOTHING if status == _NOTHING else _TRIES
        raise UnreadableFile(NOT_THERE)

    async def _fetch(self, file: SharedFile, into: Path, most: int) -> int:
        """The answer's HTTP status: 200 where the file is there now, else trying again may help."""
        headers = {"Authorization": f"Bearer {self._token}"}
        url = file.url
        for _ in range(_HOPS):
            async with self._http.stream(
                "GET", url, headers=headers, follow_redirects=False
            ) as response:
                if response.next_request is None:
                    return await _keep(response, file, into, most)
                url = str(response.next_request.url)
            if not self._trusted(url):
                break
        raise UnreadableFile(NOT_ALLOWED)


async def _keep(response: httpx.Response, file: SharedFile, into: Path, most: int) -> int:
    """The answer's HTTP status. If that is 200, the file is saved now; else it may come later."""
    if response.status_code in _LATER or response.status_code >= 500:
        return response.status_code
    if response.status_code != _HERE or _is_foreign_page(response, file):
        raise UnreadableFile(NOT_ALLOWED)
    with await asyncio.to_thread(into.open, "wb") as target:
        await _save(response, target, file, most)
    return _HERE


async def _save(response: httpx.Response, target: BinaryIO, file: SharedFile, most: int) -> None:
    """Write what comes, piece by piece. Raises UnreadableFile above the limit or at a login."""
    waiting = bytearray()
    received = 0
    async for chunk in response.aiter_bytes():
        if not received and _is_login(chunk, file):
            raise UnreadableFile(NOT_ALLOWED)
        received += len(chunk)
        if received > most:
            raise UnreadableFile(_too_large(most))
        waiting += chunk
        if len(waiting) >= _IN_MEMORY:
            await asyncio.to_thread(target.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(target.write, bytes(waiting))


def _is_foreign_page(response: httpx.Response, file: SharedFile) -> bool:
    """A page in the place of a file that is none."""
    is_page = "text/html" in response.headers.get("content-type", "")
    return is_page and not _may_be_page(file)


def _is_login(beginning: bytes, file: SharedFile) -> bool:
    """Slack's login page, whatever it is declared as. A page of the right length is the file."""
    head = beginning[:_PAGE_HEAD].lower()
    if not head.lstrip().startswith((b"<!doctype html", b"<html")):
        return False
    if not _may_be_page(file) and not file.media_type.startswith("text/"):
        return True
    return any(mark in head for mark in _LOGIN) and len(beginning) != file.size


def _may_be_page(file: SharedFile) -> bool:
    return any(kind in file.media_type for kind in _PAGES)


def _too_large(most: int) -> str:
    return TOO_LARGE.format(limit=most // 1024 // 1024)


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
