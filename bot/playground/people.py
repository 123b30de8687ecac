"""What people do in the playground, and the events that Slack would send for it."""

import re
from typing import Any

from bot.playground.slack.delivery import Delivery
from bot.playground.slack.streams import Streams
from bot.playground.slack.views import Views
from bot.playground.slack.workspace import Channel, Message, Refusal, StoredFile, Workspace

_TOKEN = re.compile(r"<(@[UW]\w+|#C\w+|![a-z]+|https?://[^>|\s]+)(?:\|([^>]*))?>")


class People:
    """Acts for the people of the workspace."""

    def __init__(
        self, workspace: Workspace, delivery: Delivery, streams: Streams, views: Views
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._streams = streams
        self._views = views
        self._viewed: dict[str, Channel] = {}
        """The channel that each person has opened last."""

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
        ts: str = "",
    ) -> Message:
        """Write a message; with a `ts`, as if it had been then and nobody were told. Raises Refusal."""
        channel = self._workspace.member(user, channel_id)
        message: Message = {
            "type": "message",
            "user": user,
            "team": self._workspace.team_id,
            "client_msg_id": self._workspace.next_id("client-"),
            "ts": ts or self._workspace.next_ts(),
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
        if not ts:
            self._emit_posted(channel, message)
        return message

    def look(self, user: str, channel_id: str) -> None:
        """Open a channel: the app hears which one is beside its own messages."""
        channel = self._workspace.member(user, channel_id)
        if channel.type == "im" or self._viewed.get(user) is channel:
            return
        self._viewed[user] = channel
        event = {"type": "app_context_changed", "user": user, "context": self._context(user)}
        self._delivery.emit({**event, "event_ts": self._workspace.next_ts()})

    def _context(self, user: str) -> dict[str, Any]:
        entity = {"type": "slack#/types/channel_id", "value": self._viewed[user].id}
        return {"entities": [{**entity, "team_id": self._workspace.team_id}]}

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
        channel = self._workspace.member(user, channel_id)
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
        channel = self._workspace.member(user, channel_id)
        stopped = self._streams.stop_by_reader(channel, thread_ts)
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

    def invite(self, user: str, channel_id: str, invited: str) -> None:
        """Take somebody, or the bot, into a channel. Raises Refusal."""
        channel = self._workspace.member(user, channel_id)
        if invited not in {*self._workspace.people, self._workspace.bot_user_id}:
            raise Refusal("user_not_found")
        if invited in channel.members:
            raise Refusal("already_in_channel")
        channel.members.add(invited)
        joined = {"user": invited, "inviter": user, "ts": self._workspace.next_ts()}
        text = f"<@{invited}> has joined the channel"
        message: Message = {"type": "message", "subtype": "channel_join", **joined, "text": text}
        self._workspace.add(channel, message)
        self._emit(channel, message)
        letter = "C" if channel.type == "channel" else "G"
        member = {"type": "member_joined_channel", "team": self._workspace.team_id}
        self._delivery.emit({**member, **joined, "channel": channel.id, "channel_type": letter})
        self._workspace.tell(channel, {"type": "channels"})

    def open_home(self, user: str, tab: str) -> dict[str, Any] | None:
        """Open the bot's tab; returns what it shows, if it has published anything."""
        channel, view = self._workspace.dm(user), self._views.home(user)
        event: dict[str, Any] = {"type": "app_home_opened", "user": user, "tab": tab}
        event |= {"channel": channel.id}
        if view is not None and tab == "home":
            event["view"] = view
        event["event_ts"] = self._workspace.next_ts()
        self._delivery.emit(event)
        return view

    def _own(self, user: str, channel_id: str, ts: str) -> tuple[Channel, Message]:
        channel = self._workspace.member(user, channel_id)
        message = channel.messages.get(ts)
        if message is None or message.get("user") != user:
            raise Refusal("message_not_found")
        return channel, message

    def _emit_posted(self, channel: Channel, message: Message) -> None:
        beside = channel.type == "im" and message["user"] in self._viewed
        self._emit(
            channel,
            {**message, "app_context": self._context(message["user"])} if beside else message,
        )
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
