"""What people do in the playground, and the events that Slack would send for it."""

import re
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.playground.chat import Chat, show_ephemeral
from bot.playground.delivery import Delivery
from bot.playground.workspace import Channel, Message, Refusal, StoredFile, Workspace

_TOKEN = re.compile(r"<(@[UW]\w+|#C\w+|![a-z]+|https?://[^>|\s]+)(?:\|([^>]*))?>")


class People:
    """Acts for the people of the workspace."""

    def __init__(self, workspace: Workspace, delivery: Delivery, chat: Chat) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._chat = chat

    def say(
        self,
        user: str,
        channel_id: str,
        text: str,
        *,
        thread_ts: str = "",
        files: list[StoredFile] | None = None,
        broadcast: bool = False,
        subtype: str = "",
    ) -> Message:
        """Write a message. Raises Refusal."""
        channel = self._member(user, channel_id)
        message: Message = {
            "type": "message",
            "user": user,
            "team": self._workspace.team_id,
            "client_msg_id": self._workspace.next_id("client-"),
            "ts": self._workspace.next_ts(),
            "text": text,
        }
        if text:
            message["blocks"] = _rich_text(text)
        if thread_ts:
            if thread_ts not in channel.messages:
                raise Refusal("thread_not_found")
            message["thread_ts"] = channel.messages[thread_ts].get("thread_ts", thread_ts)
        if files:
            message["subtype"] = "file_share"
            message["files"] = [file.meta for file in files]
        if broadcast:
            message["subtype"] = "thread_broadcast"
        if subtype:
            message["subtype"] = subtype
        self._workspace.add(channel, message)
        self._emit_posted(channel, message)
        return message

    def edit(self, user: str, channel_id: str, ts: str, text: str) -> Message:
        """Change one's own message."""
        channel, message = self._own(user, channel_id, ts)
        before = dict(message)
        message["text"] = text
        message["blocks"] = _rich_text(text)
        message["edited"] = {"user": user, "ts": self._workspace.next_ts()}
        self._workspace.changed(channel, message)
        self._emit_changed(channel, message, before)
        return message

    def delete(self, user: str, channel_id: str, ts: str) -> None:
        """Delete one's own message."""
        channel, _ = self._own(user, channel_id, ts)
        before = self._workspace.remove(channel, ts)
        if ts in channel.messages:
            self._emit_changed(channel, channel.messages[ts], before)
            return
        self._emit(
            channel,
            {
                "type": "message",
                "subtype": "message_deleted",
                "hidden": True,
                "deleted_ts": ts,
                "previous_message": before,
                "ts": self._workspace.next_ts(),
            },
        )

    def react(self, user: str, channel_id: str, ts: str, name: str, *, remove: bool) -> None:
        """Put a reaction on a message, or take it away."""
        channel = self._member(user, channel_id)
        message = channel.messages[ts]
        reactions = {one["name"]: one for one in message.get("reactions", [])}
        reaction = reactions.setdefault(name, {"name": name, "users": [], "count": 0})
        if user in reaction["users"]:
            reaction["users"].remove(user)
        if not remove:
            reaction["users"].append(user)
        reaction["count"] = len(reaction["users"])
        message["reactions"] = [one for one in reactions.values() if one["users"]]
        self._workspace.changed(channel, message)
        item = {"type": "message", "channel": channel.id, "ts": ts}
        kind = "reaction_removed" if remove else "reaction_added"
        self._emit(channel, {"type": kind, "user": user, "reaction": name, "item": item})

    def stop(self, user: str, channel_id: str, thread_ts: str) -> None:
        """Press Slack's own Stop in a thread."""
        channel = self._member(user, channel_id)
        stopped = self._chat.stop_by(self._workspace, channel, thread_ts, user)
        self._emit(
            channel,
            {
                "type": "agent_session_stopped",
                "channel": channel.id,
                "thread_ts": thread_ts,
                "user": user,
                "streaming_message_ts": stopped,
            },
        )

    def open_home(self, user: str, tab: str) -> dict[str, Any] | None:
        """Open the bot's tab; returns what it shows, if it has published anything."""
        person = self._workspace.people[user]
        channel = self._workspace.channels[f"D0{person.name.upper()}"]
        event = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
        self._emit(channel, event)
        return self._workspace.homes.get(user)

    async def command(self, user: str, channel_id: str, text: str, respond_url: str) -> None:
        """Send a slash command, and show what the bot answers."""
        channel = self._member(user, channel_id)
        command, _, rest = text.partition(" ")
        body = {
            "token": "playground",
            "team_id": self._workspace.team_id,
            "team_domain": "acme",
            "channel_id": channel.id,
            "channel_name": channel.name or "directmessage",
            "user_id": user,
            "user_name": self._workspace.people[user].name,
            "command": command,
            "text": rest,
            "api_app_id": self._workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": respond_url,
            "trigger_id": self._trigger(user),
        }
        answer = await self._delivery.send("slash_commands", body, name=command)
        self._show_answer(user, channel, answer, failed=f"{command} failed: operation_timeout")

    async def click(
        self, user: str, action: dict[str, Any], channel_id: str, ts: str, respond_url: str
    ) -> None:
        """Press a button."""
        channel = self._member(user, channel_id)
        message = channel.messages.get(ts) or {}
        body = {
            "type": "block_actions",
            "team": {"id": self._workspace.team_id, "domain": "acme"},
            "user": {"id": user, "name": self._workspace.people[user].name},
            "api_app_id": self._workspace.app_id,
            "container": {"type": "message", "message_ts": ts, "channel_id": channel.id},
            "trigger_id": self._trigger(user),
            "channel": {"id": channel.id, "name": channel.name},
            "message": message,
            "response_url": respond_url,
            "actions": [{"action_ts": self._workspace.next_ts(), **action}],
        }
        answer = await self._delivery.send("interactive", body, name="block_actions")
        if answer is None:
            self._show_answer(user, channel, None, failed="The app did not respond.")

    def store(self, name: str, data: bytes, media_type: str, user: str, url: str) -> StoredFile:
        """Upload a file."""
        file_id = self._workspace.next_id("F")
        address = f"{url}/files/{file_id}/{name}"
        meta = {
            "id": file_id,
            "name": name,
            "title": name,
            "mimetype": media_type,
            "filetype": name.rsplit(".", 1)[-1].lower(),
            "size": len(data),
            "mode": "hosted",
            "user": user,
            "url_private": address,
            "url_private_download": address,
            "file_access": "visible",
            **_size(data),
        }
        stored = StoredFile(meta=meta, data=data)
        self._workspace.files[file_id] = stored
        return stored

    def _show_answer(
        self, user: str, channel: Channel, answer: dict[str, Any] | None, *, failed: str
    ) -> None:
        text = failed if answer is None else answer.get("text", "")
        if not text and not (answer or {}).get("blocks"):
            return
        message: Message = {
            "type": "message",
            "bot_id": self._workspace.bot_id,
            "ts": self._workspace.next_ts(),
            "text": text,
        }
        if answer and answer.get("blocks"):
            message["blocks"] = answer["blocks"]
        if answer and answer.get("response_type") == "in_channel":
            self._workspace.add(channel, message)
        else:
            show_ephemeral(self._workspace, channel, user, message)

    def _trigger(self, user: str) -> str:
        trigger = self._workspace.next_id("trigger-")
        self._workspace.views[f"trigger {trigger}"] = {"user": user}
        return trigger

    def _member(self, user: str, channel_id: str) -> Channel:
        if user not in self._workspace.people:
            raise Refusal("user_not_found")
        channel = self._workspace.channel(channel_id)
        if user not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def _own(self, user: str, channel_id: str, ts: str) -> tuple[Channel, Message]:
        channel = self._member(user, channel_id)
        message = channel.messages.get(ts)
        if message is None or message.get("user") != user:
            raise Refusal("message_not_found")
        return channel, message

    def _emit_posted(self, channel: Channel, message: Message) -> None:
        self._emit(channel, message)
        mentions_bot = f"<@{self._workspace.bot_user_id}" in message["text"]
        if mentions_bot and channel.type != "im":
            kept = ("user", "text", "ts", "team", "blocks", "thread_ts", "client_msg_id")
            mention = {key: message[key] for key in kept if key in message}
            self._emit(channel, {"type": "app_mention", **mention})

    def _emit_changed(self, channel: Channel, message: Message, before: Message) -> None:
        self._emit(
            channel,
            {
                "type": "message",
                "subtype": "message_changed",
                "hidden": True,
                "message": dict(message),
                "previous_message": before,
                "ts": self._workspace.next_ts(),
            },
        )

    def _emit(self, channel: Channel, event: dict[str, Any]) -> None:
        if self._workspace.bot_user_id not in channel.members:
            return
        where = {"channel": channel.id, "channel_type": channel.event_type}
        self._delivery.emit(
            {**event, **where, "event_ts": event.get("ts") or self._workspace.next_ts()}
        )


def _rich_text(text: str) -> list[dict[str, Any]]:
    """People's text as Slack's composer sends it."""
    elements: list[dict[str, Any]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            elements.append({"type": "text", "text": text[end : token.start()]})
        elements.append(_element(token[1], token[2]))
        end = token.end()
    if end < len(text):
        elements.append({"type": "text", "text": text[end:]})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "b", "elements": [section]}]


def _element(value: str, label: str | None) -> dict[str, Any]:
    match value[0]:
        case "@":
            return {"type": "user", "user_id": value[1:]}
        case "#":
            return {"type": "channel", "channel_id": value[1:]}
        case "!":
            return {"type": "broadcast", "range": value[1:]}
        case _:
            return {"type": "link", "url": value, "text": label or value}


def _size(data: bytes) -> dict[str, int]:
    try:
        with Image.open(BytesIO(data)) as picture:
            return {"original_w": picture.width, "original_h": picture.height}
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return {}
