"""The rehearsal model's lists: its models, and the files kept for it ("Files", purpose `file-extract`)."""

import time
import uuid
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.playground.model.cards import NAMES
from bot.playground.model.chat import refuse
from bot.playground.model.faults import Fault, fault_of, invalid
from bot.playground.model.voice import json_response

MODELS = "/compatible-mode/v1/models"
FILES = "/compatible-mode/v1/files"
_PURPOSES = frozenset({"file-extract", "batch"})


class Shelf:
    """What can be listed."""

    def __init__(self, *, api_key: str) -> None:
        self._api_key = api_key
        self._files: dict[str, dict[str, Any]] = {}

    @property
    def routes(self) -> list[BaseRoute]:
        """The service's own addresses."""
        return [
            Route(MODELS, self._models),
            Route(FILES, self._keep, methods=["POST"]),
            Route(FILES, self._list),
            Route(FILES + "/{file_id}", self._one, methods=["GET", "DELETE"]),
        ]

    def _is_known(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._api_key}"

    async def _models(self, request: Request) -> Response:
        if not self._is_known(request):
            return refuse(fault_of("401"), stream=False)
        data = [
            {"id": name, "object": "model", "created": 1_735_689_600, "owned_by": "system"}
            for name in NAMES
        ]
        return json_response({"object": "list", "data": data})

    async def _keep(self, request: Request) -> Response:
        if not self._is_known(request):
            return refuse(fault_of("401"), stream=False)
        async with request.form() as form:
            file, purpose = form.get("file"), form.get("purpose")
            if not isinstance(file, UploadFile) or purpose not in _PURPOSES:
                words = "'purpose' should be file-extract or batch, and 'file' a file"
                return refuse(invalid(words), stream=False)
            size, name = len(await file.read()), file.filename
        prefix = "file-fe-" if purpose == "file-extract" else "file-batch-"
        file_id = prefix + uuid.uuid4().hex
        self._files[file_id] = {
            "id": file_id,
            "bytes": size,
            "created_at": int(time.time()),
            "filename": name,
            "object": "file",
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }
        return json_response(self._files[file_id])

    async def _list(self, request: Request) -> Response:
        if not self._is_known(request):
            return refuse(fault_of("401"), stream=False)
        data = list(self._files.values())
        return json_response({"object": "list", "has_more": False, "data": data})

    async def _one(self, request: Request) -> Response:
        if not self._is_known(request):
            return refuse(fault_of("401"), stream=False)
        file_id = request.path_params["file_id"]
        if file_id not in self._files:
            fault = Fault(404, "NotFound", "not_found", f"No such file object: {file_id}")
            return refuse(fault, stream=False)
        if request.method == "DELETE":
            del self._files[file_id]
            return json_response({"id": file_id, "object": "file", "deleted": True})
        return json_response(self._files[file_id])
