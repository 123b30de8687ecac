"""chat.startStream, appendStream and stopStream: messages that grow ("Streaming messages").

A stream takes one kind of content for all its life, ends five minutes after it began whatever happens,
and can be stopped by whoever reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import MARKDOWN_LIMIT, MOST_IN_MESSAGE, check_message_blocks, named
from bot.playground.slack.responding import bot_message
from bot.playground.slack.sessions import set_session
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace

_TASK_STATES = frozenset({"pending", "in_progress", "complete", "error"})
_TASK_LIMIT = 256
_TASK_TEXTS = ("title", "details", "output")


@dataclass(kw_only=True)
class _Stream:
    began: float
    mode: str = ""
    """`markdown_text` or `chunks`, once there was content."""
    is_stopped: bool = False


class Streams:
    """The methods; `seconds` is how long a stream may live."""

    def __init__(self, workspace: Workspace, *, seconds: float) -> None:
        self._workspace = workspace
        self._seconds = seconds
        self._streams: dict[str, _Stream] = {}

    @property
    def methods(self) -> Mapping[str, Any]:
        """By name."""
        return {
            "chat.startStream": self.start,
            "chat.appendStream": self.append,
            "chat.stopStream": self.stop,
        }

    def start(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.startStream."""
        channel = target(workspace, arguments)
        thread_ts = arguments.get("thread_ts")
        if not thread_ts or thread_ts == "0":
            raise Refusal("invalid_thread_ts")
        check_thread(channel, thread_ts)
        _check_recipients(workspace, channel, arguments)
        mode = arguments.get("task_display_mode", "timeline")
        if mode not in {"timeline", "plan"}:
            raise Refusal("invalid_arguments")
        message = bot_message(workspace, text="", blocks=[])
        message |= {"thread_ts": thread_ts, "streaming_state": "in_progress"}
        message["task_display_mode"] = mode
        stream = _Stream(began=workspace.clock())
        _grow(message, stream, arguments)
        self._streams[message["ts"]] = stream
        workspace.add(channel, message)
        set_session(workspace, channel, thread_ts, "processing")
        return {"channel": channel.id, "ts": message["ts"]}

    def append(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.appendStream."""
        channel, message, stream = self._open(workspace, arguments)
        if not arguments.get("markdown_text") and not arguments.get("chunks"):
            raise Refusal("no_text")
        _grow(message, stream, arguments)
        workspace.changed(channel, message)
        return {"channel": channel.id, "ts": message["ts"]}

    def stop(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.stopStream."""
        channel, message, stream = self._open(workspace, arguments)
        blocks = arguments.get("blocks") or []
        check_message_blocks(blocks)
        _grow(message, stream, arguments)
        message["blocks"] = [*message["blocks"], *named(blocks)]
        if arguments.get("metadata"):
            message["metadata"] = arguments["metadata"]
        message["streaming_state"] = "completed"
        del self._streams[message["ts"]]
        workspace.changed(channel, message)
        state = arguments.get("session_status") or "active"
        set_session(workspace, channel, message["thread_ts"], state)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def stop_by_reader(self, channel: Channel, thread_ts: str) -> list[str]:
        """A reader stops what is being written in a thread; returns the messages it hits."""
        stopped = []
        for message in self._workspace.thread(channel, thread_ts):
            stream = self._streams.get(message["ts"])
            if stream is not None:
                stream.is_stopped = True
                stopped.append(message["ts"])
        return stopped

    def is_live(self, ts: str) -> bool:
        """Whether a message is being streamed now."""
        stream = self._streams.get(ts)
        return stream is not None and self._workspace.clock() - stream.began < self._seconds

    def _open(self, workspace: Workspace, arguments: Arguments) -> tuple[Channel, Message, _Stream]:
        channel = workspace.bot_channel(arguments["channel"])
        message = channel.messages.get(arguments["ts"])
        if message is None:
            raise Refusal("message_not_found")
        if message.get("bot_id") != workspace.bot_id:
            raise Refusal("message_not_owned_by_app")
        stream = self._streams.get(message["ts"])
        if stream is None or not self.is_live(message["ts"]):
            raise Refusal("message_not_in_streaming_state")
        if stream.is_stopped:
            message["streaming_state"] = "completed"
            del self._streams[message["ts"]]
            workspace.changed(channel, message)
            raise Refusal("stopped_by_user")
        return channel, message, stream


def target(workspace: Workspace, arguments: Arguments) -> Channel:
    """Where a message goes; a person's id stands for their direct messages. Raises Refusal."""
    channel_id = arguments["channel"]
    if channel_id in workspace.people:
        return workspace.dm(channel_id)
    return workspace.bot_channel(channel_id)


def check_thread(channel: Channel, thread_ts: str) -> None:
    """Whether that is the first message of a thread, or can become one. Raises Refusal."""
    message = channel.messages.get(thread_ts)
    if message is None:
        raise Refusal("thread_not_found")
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        raise Refusal("invalid_thread_ts")


def _check_recipients(workspace: Workspace, channel: Channel, arguments: Arguments) -> None:
    for name in ("recipient_user_id", "recipient_team_id"):  # seen in direct messages, too
        if not arguments.get(name):
            raise Refusal(f"missing_{name}")
    recipient = arguments.get("recipient_user_id")
    if recipient and recipient not in workspace.people:
        raise Refusal("user_not_found")


def _grow(message: Message, stream: _Stream, arguments: Arguments) -> None:
    """Add what a stream's call brings. Raises Refusal, and then nothing is added."""
    markdown, chunks = arguments.get("markdown_text"), arguments.get("chunks") or []
    mode = "markdown_text" if markdown else "chunks" if chunks else ""
    if not mode:
        return
    if stream.mode not in {"", mode}:
        raise Refusal("streaming_mode_mismatch")
    given: list[Any] = [{"type": "markdown_text", "text": markdown}] if markdown else chunks
    for chunk in given:
        _check_chunk(chunk)
    stream.mode = mode
    for chunk in given:
        _add(message, chunk)


def _check_chunk(chunk: Any) -> None:
    match chunk.get("type") if isinstance(chunk, dict) else None:
        case "markdown_text":
            text = chunk.get("text")
            if not isinstance(text, str) or not text:
                raise Refusal("invalid_chunks")
            if len(text) > MARKDOWN_LIMIT:
                raise Refusal("msg_too_long")
        case "task_update":
            if not chunk.get("id") or chunk.get("status", "pending") not in _TASK_STATES:
                raise Refusal("invalid_chunks")
            if any(len(chunk.get(name) or "") > _TASK_LIMIT for name in _TASK_TEXTS):
                raise Refusal("invalid_chunks")
        case "plan_update":
            if not 1 <= len(chunk.get("title") or "") <= _TASK_LIMIT:
                raise Refusal("invalid_chunks")
        case "blocks":
            check_message_blocks((chunk.get("blocks") or [])[:MOST_IN_MESSAGE])
        case _:
            raise Refusal("invalid_chunks")


def _add(message: Message, chunk: dict[str, Any]) -> None:
    blocks = message["blocks"]
    match chunk["type"]:
        case "markdown_text":
            _add_markdown(message, chunk["text"])
        case "task_update":
            _update_task(message, chunk)
        case "plan_update":
            plans = [one for one in blocks if one["type"] == "plan"]
            if plans:
                plans[0]["title"] = chunk["title"]
            else:
                blocks.append({"type": "plan", "title": chunk["title"]})
        case _:  # what is over the limit is dropped with a warning, as the platform does
            blocks.extend(named(chunk["blocks"][:MOST_IN_MESSAGE]))


def _add_markdown(message: Message, text: str) -> None:
    last = message["blocks"][-1] if message["blocks"] else None
    if last is not None and last["type"] == "markdown":
        text = text.lstrip(" ")  # Slack may drop spaces where two chunks meet
        message["blocks"][-1] = {"type": "markdown", "text": last["text"] + text}
    else:
        message["blocks"].append({"type": "markdown", "text": text})
    message["text"] += text


def _update_task(message: Message, chunk: dict[str, Any]) -> None:
    """A task's title and status replace what was there; its details are added to."""
    for block in message["blocks"]:
        if block.get("type") == "task_card" and block.get("task_id") == chunk["id"]:
            details = block.get("details", "") + (chunk.get("details") or "")
            block.update({**chunk, "type": "task_card", "details": details})
            return
    if not chunk.get("title"):
        raise Refusal("invalid_chunks")
    message["blocks"].append({**chunk, "type": "task_card", "task_id": chunk["id"]})
