"""chat.*: messages, and what Slack refuses about them. Streams are in streams.py."""

from collections.abc import Mapping
from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import MARKDOWN_LIMIT, check_message_blocks, named
from bot.playground.slack.responding import bot_message
from bot.playground.slack.sessions import clear_assistant_status
from bot.playground.slack.streams import Streams, check_thread, target
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace

_TEXT_LIMIT = 40_000
_UPDATE_TEXT_LIMIT = 4_000


class Chat:
    """The methods of chat.* but for streams."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    @property
    def methods(self) -> Mapping[str, Any]:
        """By name."""
        return {
            "chat.postMessage": self.post,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": _permalink,
        }

    def post(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.postMessage."""
        channel = target(workspace, arguments)
        message = bot_message(workspace, **_content(arguments))
        thread_ts = arguments.get("thread_ts")
        if thread_ts:
            check_thread(channel, thread_ts)
            message["thread_ts"] = thread_ts
        if arguments.get("reply_broadcast") and thread_ts:
            message["subtype"] = "thread_broadcast"
        if arguments.get("metadata"):
            message["metadata"] = arguments["metadata"]
        workspace.add(channel, message)
        clear_assistant_status(workspace, channel, thread_ts)
        answer = {"channel": channel.id, "ts": message["ts"], "message": message}
        return answer | _warnings(arguments)

    def post_ephemeral(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.postEphemeral."""
        channel = target(workspace, arguments)
        if arguments["user"] not in channel.members:
            raise Refusal("user_not_in_channel")
        message = bot_message(workspace, **_content(arguments))
        if arguments.get("thread_ts"):
            check_thread(channel, arguments["thread_ts"])
            message["thread_ts"] = arguments["thread_ts"]
        workspace.whisper(channel, arguments["user"], message)
        return {"message_ts": message["ts"]}

    def update(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.update."""
        channel, message = self._own(workspace, arguments, "cant_update_message")
        if len(arguments.get("text") or "") > _UPDATE_TEXT_LIMIT:
            raise Refusal("msg_too_long")
        content = _content(arguments)
        message.pop("blocks", None)
        message.pop("streaming_state", None)
        message.update(content)
        if "metadata" in arguments:
            message["metadata"] = arguments["metadata"]
        workspace.changed(channel, message)
        where = {"channel": channel.id, "ts": message["ts"]}
        return {**where, "text": message["text"], "message": message}

    def delete(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """chat.delete."""
        channel, message = self._own(workspace, arguments, "cant_delete_message")
        workspace.remove(channel, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def _own(
        self, workspace: Workspace, arguments: Arguments, refused: str
    ) -> tuple[Channel, Message]:
        """A message of the app that is not being streamed. Raises Refusal."""
        channel = workspace.bot_channel(arguments["channel"])
        message = channel.messages.get(arguments["ts"])
        if message is None:
            raise Refusal("message_not_found")
        if message.get("bot_id") != workspace.bot_id:
            raise Refusal(refused)
        if self._streams.is_live(message["ts"]):
            raise Refusal("streaming_state_conflict")
        return channel, message


def _permalink(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.readable(arguments["channel"])
    message = channel.messages.get(arguments["message_ts"])
    if message is None:
        raise Refusal("message_not_found")
    ts, root = message["ts"], message.get("thread_ts", message["ts"])
    link = f"https://acme.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    if root != ts:
        link += f"?thread_ts={root}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _content(arguments: Arguments) -> dict[str, Any]:
    """The text and blocks of a message. Raises Refusal."""
    markdown = arguments.get("markdown_text")
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if markdown:
        if text or blocks:
            raise Refusal("markdown_text_conflict")
        if len(markdown) > MARKDOWN_LIMIT:
            raise Refusal("msg_too_long")
        return {"text": markdown, "blocks": [{"type": "markdown", "text": markdown}]}
    if not text and not blocks and not arguments.get("attachments"):
        raise Refusal("no_text")
    check_message_blocks(blocks or [])
    content: dict[str, Any] = {"text": (text or "")[:_TEXT_LIMIT]}
    if blocks:
        content["blocks"] = named(blocks)
    return content


def _warnings(arguments: Arguments) -> dict[str, Any]:
    if len(arguments.get("text") or "") <= _TEXT_LIMIT:
        return {}
    warnings = {"warnings": ["message_truncated"]}
    return {"warning": "message_truncated", "response_metadata": warnings}
