"""Downloads: the token goes to Slack only, and what comes is the file or a sentence."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.conversation.thread import SharedFile
from bot.errors import UnreadableFile
from bot.slack.files import Files, slack_hosts

LOGIN = b'<!DOCTYPE html><html><title>Slack</title><form action="/signin" id="signin_form"></form>'
PAGE = b"<!doctype html><html><body><p>How to sign in to our harbour</p></body></html>"


def _response(body: bytes, media_type: str, status: int = 200, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nConnection: close\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Slack:
    """A server that gives its answers one after another, and remembers what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Files]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, httpx.AsyncClient() as http:
            yield Files(http, token="xoxb-1", trusted=slack_hosts(f"{self.url}/api/"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        writer.write(answer)
        await writer.drain()
        writer.close()

    def file(self, media_type: str = "image/png", size: int = 0) -> SharedFile:
        url = f"{self.url}/files/a"
        return SharedFile(file_id="F1", name="a", media_type=media_type, size=size, url=url)


async def _refused(files: Files, file: SharedFile, into: Path, most: int = 10_000_000) -> str:
    with pytest.raises(UnreadableFile) as caught:
        await files.download(file, into / "got", most=most)
    return caught.value.reason


async def test_a_file_arrives_whole_with_the_token_shown(tmp_path: Path) -> None:
    body = bytes(range(256)) * 12_000
    slack = _Slack(_response(body, "image/png"))
    async with slack.running() as files:
        await files.download(slack.file(), tmp_path / "got", most=10_000_000)

    assert (tmp_path / "got").read_bytes() == body
    assert "authorization: bearer xoxb-1" in slack.asked[0].lower()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/png"])
async def test_the_login_page_is_no_file(kind: str, tmp_path: Path) -> None:
    slack = _Slack(_response(LOGIN, kind))
    async with slack.running() as files:
        assert "does not let me" in await _refused(files, slack.file(), tmp_path)
        page = slack.file(media_type="text/html", size=9_000)
        assert "does not let me" in await _refused(files, page, tmp_path)


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
async def test_a_shared_page_that_speaks_of_signing_in_is_a_file(kind: str, tmp_path: Path) -> None:
    slack = _Slack(_response(PAGE, kind))
    async with slack.running() as files:
        file = slack.file(media_type="text/html", size=len(PAGE))
        await files.download(file, tmp_path / "got", most=10_000)

    assert (tmp_path / "got").read_bytes() == PAGE


async def test_a_redirect_is_not_followed_with_the_token(tmp_path: Path) -> None:
    away = _response(b"", "text/plain", 302, "Location: http://127.0.0.1:1/elsewhere\r\n")
    slack = _Slack(away)
    async with slack.running() as files:
        assert "does not let me" in await _refused(files, slack.file(), tmp_path)

    assert len(slack.asked) == 1


async def test_a_redirect_inside_slack_leads_to_the_file(tmp_path: Path) -> None:
    on = _response(b"", "text/plain", 302, "Location: /files/b\r\n")
    slack = _Slack(on, _response(b"whole", "image/png"))
    async with slack.running() as files:
        await files.download(slack.file(), tmp_path / "got", most=10_000_000)

    assert (tmp_path / "got").read_bytes() == b"whole"
    assert slack.asked[1].startswith("GET /files/b ")


async def test_redirects_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    slack = _Slack(_response(b"", "text/plain", 302, "Location: /files/a\r\n"))
    async with slack.running() as files:
        assert "does not let me" in await _refused(files, slack.file(), tmp_path)


async def test_files_kept_elsewhere_are_not_asked_for(tmp_path: Path) -> None:
    slack = _Slack(_response(b"x", "image/png"))
    async with slack.running() as files:
        url = "https://docs.google.com/document/d/1"
        outside = SharedFile(file_id="F1", name="a", media_type="x", size=1, url=url)
        assert "outside Slack" in await _refused(files, outside, tmp_path)

    assert slack.asked == []


@pytest.mark.parametrize("size", [5_000_000, 0])
async def test_a_file_over_the_limit_is_not_kept(size: int, tmp_path: Path) -> None:
    slack = _Slack(_response(b"x" * 5_000_000, "image/png"))
    async with slack.running() as files:
        reason = await _refused(files, slack.file(size=size), tmp_path, most=2 * 1024 * 1024)

    assert reason == "it is larger than 2 MB"
    assert len(slack.asked) == (0 if size else 1)


@pytest.mark.parametrize(("busy", "times"), [(404, 2), (423, 4), (429, 4), (503, 4)])
async def test_a_file_that_is_still_scanned_is_asked_for_again(
    busy: int, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.files._PAUSE", 0.001)
    waiting = [_response(b"", "text/plain", busy)] * times
    slack = _Slack(*waiting, _response(b"it", "image/png"))
    async with slack.running() as files:
        await files.download(slack.file(), tmp_path / "got", most=100)

    assert (tmp_path / "got").read_bytes() == b"it"


async def test_a_file_that_is_gone_keeps_nobody_waiting_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.files._PAUSE", 0.001)
    slack = _Slack(_response(b"", "text/plain", 404))
    async with slack.running() as files:
        assert await _refused(files, slack.file(), tmp_path) == "Slack could not send it"

    assert len(slack.asked) == 3


@pytest.mark.parametrize(
    ("url", "is_slack"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("https://slack-files.com/a", True),
        ("http://files.slack.com/a", False),
        ("https://files.slack.com.evil.example/a", False),
        ("https://evilslack.com/a", False),
        ("https://files.slack.com@evil.example/a", False),
        ("ftp://slack.com/a", False),
        ("", False),
    ],
)
def test_the_token_is_for_slack_only(url: str, is_slack: bool) -> None:
    trusted: Callable[[str], bool] = slack_hosts("https://slack.com/api/")

    assert trusted(url) is is_slack
