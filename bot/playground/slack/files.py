"""files.*: what people have shared, and how the app uploads its own ("Working with files").

An upload has three steps: an address, the bytes, and the completion that shares them. Sharing comes
a moment after the answer: the message's ts is in `files.info`, never in the answer.
"""

import asyncio
import mimetypes
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import check_message_blocks, named
from bot.playground.slack.workspace import Channel, Refusal, StoredFile, Workspace

_SHARING_SECONDS = 0.05
_ALT_TEXT_LIMIT = 1_000
_MOST_CHANNELS = 100


class Files:
    """The methods; `url` is the playground's own address, `posted` hears of the shared message."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self.posted: Callable[[Channel, dict[str, Any]], None] = lambda _, __: None

    @property
    def methods(self) -> Mapping[str, Any]:
        """By name."""
        return {
            "files.info": _info,
            "files.delete": _delete,
            "files.getUploadURLExternal": self.address,
            "files.completeUploadExternal": self.complete,
        }

    def address(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """files.getUploadURLExternal."""
        name, length = arguments["filename"], arguments["length"]
        if length <= 0:
            raise Refusal("invalid_arguments")
        if len(arguments.get("alt_txt") or "") > _ALT_TEXT_LIMIT:
            raise Refusal("alt_txt_too_large")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        stored = new_file(workspace, name, b"", kind, workspace.bot_user_id, self._url())
        stored.expected = length
        if arguments.get("alt_txt"):
            stored.meta["alt_txt"] = arguments["alt_txt"]
        file_id = stored.meta["id"]
        return {"upload_url": f"{self._url()}/upload/{file_id}", "file_id": file_id}

    def receive(self, workspace: Workspace, file_id: str, data: bytes) -> None:
        """The bytes of an upload. Raises Refusal."""
        stored = workspace.files.get(file_id)
        if stored is None or stored.expected is None:
            raise Refusal("file_not_found")
        if len(data) != stored.expected:
            raise Refusal("length_mismatch")
        stored.data = data
        stored.meta |= {"size": len(data), **_size(data)}

    def complete(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """files.completeUploadExternal."""
        uploads = [_uploaded(workspace, one) for one in arguments["files"]]
        if not uploads:
            raise Refusal("invalid_arguments")
        if arguments.get("blocks") and arguments.get("initial_comment"):
            raise Refusal("invalid_arguments")
        if arguments.get("blocks"):
            check_message_blocks(arguments["blocks"])
        channels = _channels(workspace, arguments)
        for channel in channels:
            sharing = self._share(workspace, channel, uploads, arguments)
            task = asyncio.get_running_loop().create_task(sharing, name="file share")
            workspace.tasks.add(task)
            task.add_done_callback(workspace.tasks.discard)
        shown = [{"id": one.meta["id"], "title": one.meta["title"]} for one in uploads]
        return {"files": shown}

    async def _share(
        self,
        workspace: Workspace,
        channel: Channel,
        uploads: list[StoredFile],
        arguments: Arguments,
    ) -> None:
        await asyncio.sleep(_SHARING_SECONDS)
        message: dict[str, Any] = {
            "type": "message",
            "subtype": "file_share",
            "upload": True,
            "user": workspace.bot_user_id,
            "bot_id": workspace.bot_id,
            "app_id": workspace.app_id,
            "team": workspace.team_id,
            "ts": workspace.next_ts(),
            "text": arguments.get("initial_comment") or "",
            "files": [upload.meta for upload in uploads],
        }
        if arguments.get("blocks"):
            message["blocks"] = named(arguments["blocks"])
        if arguments.get("thread_ts"):
            message["thread_ts"] = arguments["thread_ts"]
        for upload in uploads:
            _note_share(upload, channel, message)
        workspace.add(channel, message)
        self.posted(channel, message)


def new_file(
    workspace: Workspace, name: str, data: bytes, media_type: str, user: str, url: str
) -> StoredFile:
    """A file with everything that Slack says about one."""
    file_id = workspace.next_id("F")
    address = f"{url}/files/{file_id}/{name}"
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else "text"
    meta = {
        "id": file_id,
        "created": int(float(workspace.next_ts())),
        "name": name,
        "title": name,
        "mimetype": media_type,
        "filetype": extension,
        "pretty_type": extension.upper(),
        "user": user,
        "user_team": workspace.team_id,
        "editable": False,
        "size": len(data),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "url_private": address,
        "url_private_download": address,
        "permalink": f"https://acme.slack.com/files/{user}/{file_id}/{name}",
        "has_rich_preview": False,
        "file_access": "visible",
        **_size(data),
    }
    stored = StoredFile(meta=meta, data=data)
    workspace.files[file_id] = stored
    return stored


def _note_share(upload: StoredFile, channel: Channel, message: dict[str, Any]) -> None:
    kind = "public" if channel.type == "channel" else "private"
    share = {key: message[key] for key in ("ts", "thread_ts") if key in message}
    shares: dict[str, list[Any]] = upload.meta.setdefault("shares", {}).setdefault(kind, {})
    shares.setdefault(channel.id, []).append({**share, "channel_name": channel.name})


def _channels(workspace: Workspace, arguments: Arguments) -> list[Channel]:
    ids = [arguments.get("channel_id") or ""]
    ids += (arguments.get("channels") or "").split(",")
    wanted = [one for one in ids if one]
    if len(wanted) > _MOST_CHANNELS:
        raise Refusal("channels_limit_exceeded")
    if any(one.startswith(("U", "W")) for one in wanted):
        raise Refusal("invalid_arguments")
    channels = [workspace.bot_channel(one) for one in wanted]
    thread_ts = arguments.get("thread_ts")
    if thread_ts and any(thread_ts not in one.messages for one in channels):
        raise Refusal("invalid_thread_ts")
    return channels


def _uploaded(workspace: Workspace, named_file: Any) -> StoredFile:
    if not isinstance(named_file, dict):
        raise Refusal("invalid_arguments")
    stored = _file(workspace, named_file.get("id"))
    if stored.expected is None or not stored.data:
        raise Refusal("file_not_found")
    stored.meta["title"] = named_file.get("title") or stored.meta["name"]
    return stored


def _info(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    return {"file": _file(workspace, arguments["file"]).meta, "comments": []}


def _delete(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    stored = _file(workspace, arguments["file"])
    if stored.meta["user"] != workspace.bot_user_id:
        raise Refusal("cant_delete_file")
    del workspace.files[stored.meta["id"]]
    return {}


def _file(workspace: Workspace, file_id: Any) -> StoredFile:
    found = workspace.files.get(str(file_id))
    if found is None:
        raise Refusal("file_not_found")
    return found


def _size(data: bytes) -> dict[str, int]:
    try:
        with Image.open(BytesIO(data)) as picture:
            return {"original_w": picture.width, "original_h": picture.height}
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return {}
