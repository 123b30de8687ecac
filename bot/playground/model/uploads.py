"""Where the rehearsal model takes files: the temporary storage behind `oss://` addresses.

As strict as the service ("Upload local files"): a form signed for one folder, the file last, nothing
overwritten, and no key of Model Studio's in sight.
"""

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

POLICY = "/api/v1/uploads"
_HOST = "/playground/oss"
_MOST_MB = 100
_FIELDS = frozenset(
    {
        "OSSAccessKeyId",
        "Signature",
        "policy",
        "x-oss-object-acl",
        "x-oss-forbid-overwrite",
        "key",
        "success_action_status",
        "file",
    }
)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was handed over, for one model."""

    data: bytes
    model: str


class Uploads:
    """All files that were handed over."""

    def __init__(self, *, api_key: str) -> None:
        self._api_key = api_key
        self._folders: dict[str, tuple[str, str]] = {}
        """A signature to its folder and model."""
        self._files: dict[str, Upload] = {}

    @property
    def routes(self) -> list[BaseRoute]:
        """The address that gives leave to upload, the storage's own, and one for the tests."""
        return [
            Route(POLICY, self._policy),
            Route(_HOST, self._take, methods=["POST"]),
            Route("/playground/model/uploads", self._list),
        ]

    def find(self, url: str, model: str) -> bytes | None:
        """What is behind an `oss://` address, for the model it was uploaded for."""
        upload = self._files.get(url.removeprefix("oss://"))
        return upload.data if upload is not None and upload.model == model else None

    async def _list(self, _: Request) -> Response:
        """What was handed over so far."""
        found = [
            {
                "url": f"oss://{key}",
                "model": upload.model,
                "size": len(upload.data),
                "sha256": hashlib.sha256(upload.data).hexdigest(),
            }
            for key, upload in self._files.items()
        ]
        return _json({"uploads": found})

    async def _policy(self, request: Request) -> Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key != self._api_key:
            return _refused(401, "InvalidApiKey", "Invalid API-key provided.")
        model = request.query_params.get("model")
        if request.query_params.get("action") != "getPolicy" or not model:
            return _refused(400, "InvalidParameter", "Required parameter is missing.")
        signature = base64.b64encode(secrets.token_bytes(20)).decode()
        folder = f"dashscope-instant/{uuid.uuid4().hex}/{secrets.token_hex(4)}"
        self._folders[signature] = (folder, model)
        data = {
            "policy": base64.b64encode(orjson.dumps({"folder": folder})).decode(),
            "signature": signature,
            "upload_dir": folder,
            "upload_host": str(request.base_url).rstrip("/") + _HOST,
            "expire_in_seconds": 300,
            "max_file_size_mb": _MOST_MB,
            "capacity_limit_mb": 999_999_999,
            "oss_access_key_id": "LTAIrehearsal",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return _json({"request_id": str(uuid.uuid4()), "data": data})

    async def _take(self, request: Request) -> Response:
        if "authorization" in request.headers:
            return _xml(400, "InvalidArgument", "Only one auth mechanism is allowed")
        if "content-length" not in request.headers:
            return _xml(411, "MissingContentLength", "You must provide the Content-Length header.")
        async with request.form(max_part_size=_MOST_MB * 1024 * 1024) as form:
            return await self._keep(form)

    async def _keep(self, form: FormData) -> Response:
        names = [name for name, _ in form.multi_items()]
        if not set(names) >= _FIELDS or names[-1] != "file":
            return _xml(400, "InvalidArgument", "The form's fields are not those of the policy.")
        folder, model = self._folders.get(str(form["Signature"]), ("", ""))
        key = str(form["key"])
        if not folder or not key.startswith(f"{folder}/"):
            return _xml(403, "AccessDenied", "Invalid according to Policy.")
        if key in self._files:
            return _xml(409, "FileAlreadyExists", "The object you specified already exists.")
        file = form["file"]
        data = await file.read() if isinstance(file, UploadFile) else b""
        if len(data) > _MOST_MB * 1024 * 1024:
            return _xml(400, "EntityTooLarge", "Your proposed upload exceeds the maximum size.")
        self._files[key] = Upload(data=data, model=model)
        return Response(status_code=200)


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _refused(status: int, code: str, message: str) -> Response:
    return _json({"code": code, "message": message, "request_id": str(uuid.uuid4())}, status)


def _xml(status: int, code: str, message: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status_code=status, media_type="application/xml")
