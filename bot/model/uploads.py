"""Files handed over to a model, for those too large to be sent inline ("Upload local files").

The service keeps an upload for two days, for the same account and the same model. Only DashScope's
own protocol finds it: `Protocols.choose` sees to that.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from bot.conversation.messages import UPLOADED
from bot.errors import ModelError, ModelUnavailable, PromptTooLong
from bot.model.connection import mapped, refusal
from bot.model.service import Service
from bot.telemetry.log import get_logger

log = get_logger(__name__)
PATH = "/api/v1/uploads"
_MIB = 1024 * 1024
_PIECE = 256 * 1024
_SECONDS = 60.0
"""Longer than this nobody should wait for an answer because of an upload."""


class Uploads:
    """Implements `conversation.ports.Uploader`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def upload(self, file: bytes | Path, *, name: str, model: str) -> str:
        """Hand a file over for that model; returns its `oss://…` address.

        A path is read piece by piece. Raises ModelError; PromptTooLong above the service's limit.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._upload(file, name=name, model=model)
        except TimeoutError as error:
            log.info("not uploaded", model=model, error=f"not within {_SECONDS:g} s")
            raise ModelUnavailable(f"the upload took longer than {_SECONDS:g} s") from error
        except ModelError as error:
            log.info("not uploaded", model=model, error=str(error))
            raise

    async def _upload(self, file: bytes | Path, *, name: str, model: str) -> str:
        answer = await self._service.get(PATH, action="getPolicy", model=model)
        policy = answer.get("data")
        if not isinstance(policy, Mapping) or not policy.keys() >= {"upload_host", "upload_dir"}:
            raise ModelUnavailable("the service gave no leave to upload")
        size = len(file) if isinstance(file, bytes) else (await _stat(file))
        if size > float(policy.get("max_file_size_mb") or 100) * _MIB:
            raise PromptTooLong(f"{size} bytes, more than {policy.get('max_file_size_mb')} MB")
        key = f"{policy['upload_dir']}/{secrets.token_hex(8)}-{_plain(name)}"
        await self._send(file, size, policy, key)
        return UPLOADED + key

    async def _send(
        self, file: bytes | Path, size: int, policy: Mapping[str, Any], key: str
    ) -> None:
        """The storage takes a form whose last field is the file. It gets no key of ours."""
        boundary = secrets.token_hex(16)
        head, tail = _form(policy, key, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + size + len(tail)),
        }
        body = _body(head, file, tail)
        try:
            response = await self._service.http.post(
                str(policy["upload_host"]), content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise mapped(error) from error
        if response.status_code not in {200, 204}:
            raise refusal(response, response.content)


def _form(policy: Mapping[str, Any], key: str, boundary: str) -> tuple[bytes, bytes]:
    fields = {
        "OSSAccessKeyId": policy.get("oss_access_key_id"),
        "Signature": policy.get("signature"),
        "policy": policy.get("policy"),
        "x-oss-object-acl": policy.get("x_oss_object_acl"),
        "x-oss-forbid-overwrite": policy.get("x_oss_forbid_overwrite"),
        "key": key,
        "success_action_status": "200",
    }
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    file_name = key.rpartition("/")[2]
    lines.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return "".join(lines).encode(), f"\r\n--{boundary}--\r\n".encode()


async def _body(head: bytes, file: bytes | Path, tail: bytes) -> AsyncIterator[bytes]:
    yield head
    if isinstance(file, bytes):
        yield file
    else:
        with await asyncio.to_thread(file.open, "rb") as opened:
            while piece := await asyncio.to_thread(opened.read, _PIECE):
                yield piece
    yield tail


async def _stat(path: Path) -> int:
    return (await asyncio.to_thread(path.stat)).st_size


def _plain(name: str) -> str:
    """A name without anything that a form or an address could take amiss; its ending stays."""
    kept = "".join(
        one if one.isascii() and (one.isalnum() or one in ".-_") else "_" for one in name
    )
    return kept[-80:] or "file"
