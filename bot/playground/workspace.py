"""The state of the playground's workspace: people, channels, messages, files. All in memory."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


class Refusal(Exception):
    """Slack says no; `code` is what it puts in `error`."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(kw_only=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    real_name: str
    tz: str
    color: str


@dataclass(kw_only=True)
class Channel:
    """A channel, a group or a direct message."""

    id: str
    name: str
    type: str
    """`channel`, `private`, `mpim` or `im`."""
    members: set[str]
    topic: str = ""
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    """By ts, oldest first."""
    replies: dict[str, list[str]] = field(default_factory=dict)
    """By the ts of a thread's first message: the ts of its replies."""

    @property
    def event_type(self) -> str:
        """`channel_type` as events have it."""
        return {"private": "group"}.get(self.type, self.type)


@dataclass(kw_only=True)
class StoredFile:
    """A file somebody has uploaded."""

    meta: dict[str, Any]
    data: bytes


class Workspace:
    """Everything there is in the workspace, and who is watching it."""

    team_id = "T0ACME"
    team_name = "Acme"
    bot_user_id = "U0THREADW"
    bot_id = "B0THREADW"
    app_id = "A0THREADW"
    bot_name = "threadwise"

    def __init__(self, *, more_channels: int = 0) -> None:
        people = (
            Person(
                id="U0ANNA",
                name="anna",
                real_name="Anna Schmidt",
                tz="Europe/Berlin",
                color="#c2417c",
            ),
            Person(
                id="U0BEN",
                name="ben",
                real_name="Ben Carter",
                tz="America/New_York",
                color="#2f7d5b",
            ),
            Person(
                id="U0CHEN", name="chen", real_name="Chen Wei", tz="Asia/Shanghai", color="#3b6fd4"
            ),
        )
        self.people = {person.id: person for person in people}
        everybody = set(self.people)
        bot = self.bot_user_id
        channels = [
            Channel(
                id="C0GENERAL",
                name="general",
                type="channel",
                members={*everybody, bot},
                topic="Everything and everybody",
            ),
            Channel(
                id="C0ENG",
                name="engineering",
                type="channel",
                members={*everybody, bot},
                topic="How we build it",
            ),
            Channel(id="C0RANDOM", name="random", type="channel", members=everybody),
            Channel(id="G0LEADS", name="leads", type="private", members={"U0ANNA", "U0BEN", bot}),
            Channel(
                id="G0TRIO",
                name="mpdm-anna--ben--threadwise-1",
                type="mpim",
                members={"U0ANNA", "U0BEN", bot},
            ),
        ]
        channels += [
            Channel(id=f"D0{person.name.upper()}", name="", type="im", members={person.id, bot})
            for person in people
        ]
        channels += [
            Channel(id=f"C0ROOM{n}", name=f"room-{n}", type="channel", members={*everybody, bot})
            for n in range(1, more_channels + 1)
        ]
        self.channels = {channel.id: channel for channel in channels}
        self.files: dict[str, StoredFile] = {}
        self.ephemeral: dict[str, list[Message]] = {}
        self.sessions: dict[tuple[str, str], dict[str, Any]] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.prompts: dict[str, dict[str, Any]] = {}
        self.connected = False
        self._last_ts = 0
        self._ids = itertools.count(1)
        self._watchers: dict[asyncio.Queue[dict[str, Any]], str] = {}

    def next_ts(self) -> str:
        """A ts that is later than every other one."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1_000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """An id of Slack's shape."""
        return f"{prefix}0{next(self._ids):08X}"

    def channel(self, channel_id: Any) -> Channel:
        """A channel by id. Raises Refusal."""
        found = self.channels.get(str(channel_id or ""))
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def bot_channel(self, channel_id: Any) -> Channel:
        """A channel that the bot may write in. Raises Refusal."""
        channel = self.channel(channel_id)
        if self.bot_user_id not in channel.members:
            raise Refusal("not_in_channel" if channel.type == "channel" else "channel_not_found")
        if channel.archived:
            raise Refusal("is_archived")
        return channel

    def visible(self, person: str) -> Iterator[Channel]:
        """The channels a person may see."""
        for channel in self.channels.values():
            if channel.type == "channel" or person in channel.members:
                yield channel

    def add(self, channel: Channel, message: Message) -> Message:
        """Put a new message in its place, and show it to everybody who watches."""
        channel.messages[message["ts"]] = message
        root = message.get("thread_ts")
        if root and root != message["ts"]:
            channel.replies.setdefault(root, []).append(message["ts"])
            self._count_replies(channel, root)
        self.tell(channel, {"type": "message", "channel": channel.id, "message": message})
        return message

    def changed(self, channel: Channel, message: Message) -> None:
        """Show everybody that a message looks different now."""
        self.tell(channel, {"type": "message_changed", "channel": channel.id, "message": message})

    def remove(self, channel: Channel, ts: str) -> Message:
        """Take a message away; a thread's first message leaves a tombstone."""
        message = channel.messages[ts]
        if channel.replies.get(ts):
            gone = {
                "type": "message",
                "subtype": "tombstone",
                "user": "USLACKBOT",
                "ts": ts,
                "thread_ts": ts,
            }
            channel.messages[ts] = {**gone, "text": "This message was deleted.", "hidden": True}
            self._count_replies(channel, ts)
            self.changed(channel, channel.messages[ts])
            return message
        del channel.messages[ts]
        root = message.get("thread_ts")
        if root and root != ts:
            channel.replies[root].remove(ts)
            self._count_replies(channel, root)
        self.tell(channel, {"type": "message_deleted", "channel": channel.id, "ts": ts})
        return message

    def thread(self, channel: Channel, root: str) -> list[Message]:
        """A thread's messages, the first one first."""
        ids = [root, *channel.replies.get(root, [])]
        return [channel.messages[ts] for ts in ids if ts in channel.messages]

    def history(self, channel: Channel) -> list[Message]:
        """What stands in the channel itself, oldest first."""
        return [
            message
            for message in channel.messages.values()
            if message.get("thread_ts", message["ts"]) == message["ts"]
            or message.get("subtype") == "thread_broadcast"
        ]

    def _count_replies(self, channel: Channel, root: str) -> None:
        message = channel.messages.get(root)
        if message is None:
            return
        replies = channel.replies.get(root, [])
        message["thread_ts"] = root
        message["reply_count"] = len(replies)
        users = [channel.messages[ts].get("user", "") for ts in replies if ts in channel.messages]
        message["reply_users"] = list(dict.fromkeys(users))
        message["latest_reply"] = replies[-1] if replies else root
        self.changed(channel, message)

    def watch(self, person: str) -> asyncio.Queue[dict[str, Any]]:
        """A queue of everything that this person sees happen from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._watchers[queue] = person
        return queue

    def unwatch(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        """Somebody has closed the page."""
        self._watchers.pop(queue, None)

    def tell(self, channel: Channel | None, frame: dict[str, Any], *, only: str = "") -> None:
        """Show something to those who may see it."""
        for queue, person in self._watchers.items():
            if only and person != only:
                continue
            if channel is None or channel.type == "channel" or person in channel.members:
                queue.put_nowait(frame)
