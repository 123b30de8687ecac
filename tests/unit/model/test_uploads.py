"""Files are handed over as the service wants them, and the storage never sees our key."""

import hashlib
from pathlib import Path

import pytest

from bot.errors import ModelMisconfigured
from bot.model.connection import make_http
from bot.model.service import Service
from bot.model.uploads import Uploads
from tests.playground import RunningPlayground

MODEL = "qwen3.7-plus"


async def _upload(playground: RunningPlayground, file: bytes | Path, key: str) -> str:
    async with make_http() as http:
        uploads = Uploads(Service(http, base_url=playground.url, api_key=key))
        return await uploads.upload(file, name='my "clip"/ü.mp4', model=MODEL)


async def test_bytes_and_files_are_handed_over_whole(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 4_096
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    key = playground.settings.model.api_key

    first = await _upload(playground, data, key)
    second = await _upload(playground, path, key)

    found = playground.http.get("/playground/model/uploads").json()["uploads"]
    digest = hashlib.sha256(data).hexdigest()
    assert [one["sha256"] for one in found] == [digest, digest]
    assert [one["url"] for one in found] == [first, second]
    assert first != second
    assert first.endswith("-my__clip___.mp4")


async def test_a_wrong_key_gets_no_leave(playground: RunningPlayground) -> None:
    with pytest.raises(ModelMisconfigured):
        await _upload(playground, b"x", "sk-wrong")
