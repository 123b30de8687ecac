"""chat.*: messages, streams and what Slack refuses about them."""

import time
from typing import Any

from bot.playground.web_api import Arguments, Method
from bot.playground.workspace import Channel, Message, Refusal, Workspace

_MARKDOWN_LIMIT = 12_000
_TEXT_LIMIT = 40_000
_UPDATE_TEXT_LIMIT = 4_000
_MOST_BLOCKS = 50
_BLOCK_TYPES = frozenset(
    [
        "actions",
        "alert",
        "call",
        "card",
        "carousel",
        "container",
        "context",
        "context_actions",
        "data_table",
        "data_visualization",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "markdown",
        "plan",
        "rich_text",
        "section",
        "table",
        "task_card",
        "video",
    ]
)
_SECTION_LIMIT = 3_000


class Chat:
    """The methods of chat.*; `stream_seconds` is how long a stream may live."""

    def __init__(self, *, stream_seconds: float) -> None:
        self._stream_seconds = stream_seconds
        self._streams: dict[str, dict[str, Any]] = {}

    @property
    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "chat.postMessage": self.post,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": self.permalink,
            "chat.startStream": self.start,
            "chat.appendStream": self.append,
            "chat.stopStream": self.stop,
        }

    def post(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.postMessage."""
        channel = _target(workspace, arguments)
        message = _bot_message(workspace, **_content(arguments))
        thread_ts = arguments.get("thread_ts")
        if thread_ts:
            _check_thread(channel, thread_ts)
            message["thread_ts"] = thread_ts
        if arguments.get("metadata"):
            message["metadata"] = arguments["metadata"]
        workspace.add(channel, message)
        _clear_status(workspace, channel, thread_ts)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def post_ephemeral(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.postEphemeral."""
        channel = _target(workspace, arguments)
        user = str(arguments.get("user") or "")
        if user not in channel.members:
            raise Refusal("user_not_in_channel")
        message = _bot_message(workspace, **_content(arguments))
        if arguments.get("thread_ts"):
            message["thread_ts"] = arguments["thread_ts"]
        show_ephemeral(workspace, channel, user, message)
        return {"message_ts": message["ts"]}

    def update(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.update."""
        channel, message = self._own(workspace, arguments, "cant_update_message")
        if message.get("streaming_state") == "in_progress" and self._is_live(message["ts"]):
            raise Refusal("streaming_state_conflict")
        if len(str(arguments.get("text") or "")) > _UPDATE_TEXT_LIMIT:
            raise Refusal("msg_too_long")
        content = _content(arguments)
        message.pop("blocks", None)
        message.pop("streaming_state", None)
        message.update(content)
        if "metadata" in arguments:
            message["metadata"] = arguments["metadata"]
        workspace.changed(channel, message)
        return {
            "channel": channel.id,
            "ts": message["ts"],
            "text": message["text"],
            "message": message,
        }

    def delete(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.delete."""
        channel, message = self._own(workspace, arguments, "cant_delete_message")
        if message.get("streaming_state") == "in_progress" and self._is_live(message["ts"]):
            raise Refusal("streaming_state_conflict")
        workspace.remove(channel, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def permalink(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.getPermalink."""
        channel = workspace.channel(arguments.get("channel"))
        ts = str(arguments.get("message_ts") or "")
        if ts not in channel.messages:
            raise Refusal("message_not_found")
        link = f"https://acme.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    def start(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.startStream."""
        channel = _target(workspace, arguments)
        thread_ts = arguments.get("thread_ts")
        if not thread_ts or thread_ts == "0":
            raise Refusal("invalid_thread_ts")
        _check_thread(channel, thread_ts)
        if channel.type != "im":
            for name in ("recipient_user_id", "recipient_team_id"):
                if not arguments.get(name):
                    raise Refusal(f"missing_{name}")
        recipient = arguments.get("recipient_user_id")
        if recipient and recipient not in workspace.people:
            raise Refusal("user_not_found")
        if arguments.get("task_display_mode", "timeline") not in {"timeline", "plan"}:
            raise Refusal("invalid_arguments")
        message = _bot_message(workspace, text="", blocks=[])
        message.update(thread_ts=thread_ts, streaming_state="in_progress")
        stream = {"started": time.monotonic(), "mode": None, "stopped_by": None}
        _grow(message, stream, arguments)
        self._streams[message["ts"]] = stream
        workspace.add(channel, message)
        set_session(workspace, channel, thread_ts, "processing")
        return {"channel": channel.id, "ts": message["ts"]}

    def append(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.appendStream."""
        channel, message, stream = self._stream(workspace, arguments)
        if not arguments.get("markdown_text") and not arguments.get("chunks"):
            raise Refusal("no_text")
        _grow(message, stream, arguments)
        workspace.changed(channel, message)
        return {"channel": channel.id, "ts": message["ts"]}

    def stop(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.stopStream."""
        channel, message, stream = self._stream(workspace, arguments)
        _grow(message, stream, arguments)
        blocks = arguments.get("blocks") or []
        _check_blocks(blocks)
        message["blocks"] = [*message["blocks"], *blocks]
        if arguments.get("metadata"):
            message["metadata"] = arguments["metadata"]
        message["streaming_state"] = "completed"
        del self._streams[message["ts"]]
        workspace.changed(channel, message)
        state = str(arguments.get("session_status") or "active")
        set_session(workspace, channel, message["thread_ts"], state)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def stop_by(
        self, workspace: Workspace, channel: Channel, thread_ts: str, user: str
    ) -> list[str]:
        """A reader stops what is being written in a thread; returns the messages it hits."""
        stopped = []
        for message in workspace.thread(channel, thread_ts):
            stream = self._streams.get(message["ts"])
            if stream is not None and message.get("streaming_state") == "in_progress":
                stream["stopped_by"] = user
                stopped.append(message["ts"])
        return stopped

    def _stream(
        self, workspace: Workspace, arguments: Arguments
    ) -> tuple[Channel, Message, dict[str, Any]]:
        channel, message = self._own(workspace, arguments, "message_not_owned_by_app")
        stream = self._streams.get(message["ts"])
        if stream is None or not self._is_live(message["ts"]):
            raise Refusal("message_not_in_streaming_state")
        if stream["stopped_by"]:
            message["streaming_state"] = "completed"
            del self._streams[message["ts"]]
            workspace.changed(channel, message)
            raise Refusal("stopped_by_user")
        return channel, message, stream

    def _is_live(self, ts: str) -> bool:
        stream = self._streams.get(ts)
        if stream is None:
            return False
        age: float = time.monotonic() - stream["started"]
        return age < self._stream_seconds

    @staticmethod
    def _own(workspace: Workspace, arguments: Arguments, refused: str) -> tuple[Channel, Message]:
        channel = workspace.bot_channel(arguments.get("channel"))
        message = channel.messages.get(str(arguments.get("ts") or ""))
        if message is None:
            raise Refusal("message_not_found")
        if message.get("bot_id") != workspace.bot_id:
            raise Refusal(refused)
        return channel, message


def show_ephemeral(workspace: Workspace, channel: Channel, user: str, message: Message) -> None:
    """Show a message to one person only."""
    message["ephemeral"] = True
    workspace.ephemeral.setdefault(user, []).append({**message, "channel": channel.id})
    frame = {"type": "message", "channel": channel.id, "message": message}
    workspace.tell(channel, frame, only=user)


def set_session(workspace: Workspace, channel: Channel, thread_ts: str, status: str) -> None:
    """An agent session's status, as people see it."""
    session = workspace.sessions.setdefault((channel.id, thread_ts), {})
    session["status"] = status
    workspace.tell(
        channel,
        {"type": "status", "channel": channel.id, "thread_ts": thread_ts, "status": status},
    )


def _clear_status(workspace: Workspace, channel: Channel, thread_ts: str | None) -> None:
    """The assistant status ends with the reply; a session's does not."""
    session = workspace.sessions.get((channel.id, thread_ts or ""))
    if thread_ts and session and session.get("status") == "assistant":
        set_session(workspace, channel, thread_ts, "active")


def _target(workspace: Workspace, arguments: Arguments) -> Channel:
    channel_id = str(arguments.get("channel") or "")
    if channel_id.startswith("U"):
        name = workspace.people[channel_id].name.upper() if channel_id in workspace.people else ""
        channel_id = f"D0{name}"
    return workspace.bot_channel(channel_id)


def _check_thread(channel: Channel, thread_ts: Any) -> None:
    message = channel.messages.get(str(thread_ts))
    if message is None:
        raise Refusal("thread_not_found")
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        raise Refusal("invalid_thread_ts")


def _bot_message(workspace: Workspace, **content: Any) -> Message:
    return {
        "type": "message",
        "user": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "app_id": workspace.app_id,
        "team": workspace.team_id,
        "ts": workspace.next_ts(),
        **content,
    }


def _content(arguments: Arguments) -> dict[str, Any]:
    """The text and blocks of a message. Raises Refusal."""
    markdown = arguments.get("markdown_text")
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if markdown:
        if text or blocks:
            raise Refusal("markdown_text_conflict")
        if len(markdown) > _MARKDOWN_LIMIT:
            raise Refusal("msg_too_long")
        return {"text": markdown, "blocks": [{"type": "markdown", "text": markdown}]}
    if not text and not blocks and not arguments.get("attachments"):
        raise Refusal("no_text")
    _check_blocks(blocks or [])
    content: dict[str, Any] = {"text": str(text or "")[:_TEXT_LIMIT]}
    if blocks:
        content["blocks"] = blocks
    return content


def _check_blocks(blocks: Any) -> None:
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if len(blocks) > _MOST_BLOCKS:
        raise Refusal("invalid_blocks", response_metadata={"messages": ["no more than 50 items"]})
    markdown = 0
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _BLOCK_TYPES:
            raise Refusal("invalid_blocks")
        if kind == "markdown":
            markdown += len(block.get("text") or "")
        if kind == "section" and len((block.get("text") or {}).get("text", "")) > _SECTION_LIMIT:
            raise Refusal("invalid_blocks")
        if kind in {"actions", "context"} and not 1 <= len(block.get("elements") or []) <= 25:
            raise Refusal("invalid_blocks")
    if markdown > _MARKDOWN_LIMIT:
        raise Refusal("msg_blocks_too_long")


def _grow(message: Message, stream: dict[str, Any], arguments: Arguments) -> None:
    """Add what a stream's call brings. A stream has one mode for all its life."""
    markdown, chunks = arguments.get("markdown_text"), arguments.get("chunks")
    mode = "markdown_text" if markdown else "chunks" if chunks else None
    if mode is None:
        return
    if stream["mode"] not in {None, mode}:
        raise Refusal("streaming_mode_mismatch")
    stream["mode"] = mode
    if markdown:
        _add_markdown(message, markdown)
        return
    if not isinstance(chunks, list):
        raise Refusal("invalid_chunks")
    for chunk in chunks:
        match chunk.get("type") if isinstance(chunk, dict) else None:
            case "markdown_text":
                _add_markdown(message, chunk.get("text"))
            case "task_update":
                _update_task(message, chunk)
            case "plan_update":
                message["blocks"].append({"type": "plan", "title": chunk.get("title", "")})
            case "blocks":
                _check_blocks(chunk.get("blocks"))
                message["blocks"].extend(chunk["blocks"])
            case _:
                raise Refusal("invalid_chunks")


def _add_markdown(message: Message, text: Any) -> None:
    if not isinstance(text, str) or not text:
        raise Refusal("invalid_chunks")
    if len(text) > _MARKDOWN_LIMIT:
        raise Refusal("msg_too_long")
    message["text"] += text
    last = message["blocks"][-1] if message["blocks"] else None
    if last is not None and last["type"] == "markdown":
        message["blocks"][-1] = {"type": "markdown", "text": last["text"] + text}
    else:
        message["blocks"].append({"type": "markdown", "text": text})


def _update_task(message: Message, chunk: dict[str, Any]) -> None:
    if not chunk.get("id") or not chunk.get("title"):
        raise Refusal("invalid_chunks")
    if chunk.get("status", "pending") not in {"pending", "in_progress", "complete", "error"}:
        raise Refusal("invalid_chunks")
    for block in message["blocks"]:
        if block.get("type") == "task_card" and block.get("task_id") == chunk["id"]:
            details = block.get("details", "") + chunk.get("details", "")
            block.update({**chunk, "type": "task_card", "task_id": chunk["id"], "details": details})
            return
    message["blocks"].append({**chunk, "type": "task_card", "task_id": chunk["id"]})
