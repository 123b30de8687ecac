"""The state of the playground's workspace: people, channels, messages, files. All in memory."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.cast import Channel, Message, Person, channels, people
from bot.playground.slack.installed import Installed

__all__ = ["Channel", "Message", "Person", "Refusal", "StoredFile", "Workspace"]


class Refusal(Exception):
    """Slack says no; `code` is what it puts in `error`."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(kw_only=True)
class StoredFile:
    """A file somebody has uploaded."""

    meta: dict[str, Any]
    data: bytes
    expected: int | None = None
    """The length that an upload of the app has announced."""


class Workspace:
    """Everything there is in the workspace, and who is watching it."""

    team_id = "T0ACME"
    team_name = "Acme"
    bot_user_id = "U0THREADW"
    bot_id = "B0THREADW"
    app_id = "A0THREADW"
    bot_name = "threadwise"

    def __init__(
        self,
        *,
        more_channels: int = 0,
        app: Installed | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.people = {person.id: person for person in people()}
        self.channels = {
            channel.id: channel for channel in channels(self.bot_user_id, more_channels)
        }
        self.app = app or Installed()
        self.clock = clock
        self.files: dict[str, StoredFile] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        """What goes on in the background; ended with the playground."""
        self.sessions: dict[tuple[str, str], dict[str, Any]] = {}
        self.prompts: dict[str, dict[str, Any]] = {}
        self._whispers: dict[str, list[tuple[str, Message]]] = {}
        self._last_ts = 0
        self._ids = itertools.count(1)
        self._watchers: dict[asyncio.Queue[dict[str, Any]], str] = {}

    async def close(self) -> None:
        """End what goes on in the background."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

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

    def readable(self, channel_id: Any) -> Channel:
        """A channel that the bot may know of: public, or with the bot in it. Raises Refusal."""
        channel = self.channel(channel_id)
        if channel.type != "channel" and self.bot_user_id not in channel.members:
            raise Refusal("channel_not_found")
        return channel

    def bot_channel(self, channel_id: Any) -> Channel:
        """A channel that the bot may write in. Raises Refusal."""
        channel = self.readable(channel_id)
        if self.bot_user_id not in channel.members:
            raise Refusal("not_in_channel")
        if channel.archived:
            raise Refusal("is_archived")
        return channel

    def member(self, user: str, channel_id: str) -> Channel:
        """A channel that a person is in. Raises Refusal."""
        if user not in self.people:
            raise Refusal("user_not_found")
        channel = self.channel(channel_id)
        if user not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def visible(self, person: str) -> Iterator[Channel]:
        """The channels a person may see."""
        yield from (one for one in self.channels.values() if self.sees(person, one))

    def sees(self, person: str, channel: Channel) -> bool:
        """Whether a person may look into a channel; guests only see their own."""
        known = self.people.get(person)
        is_guest = known is not None and (known.is_restricted or known.is_stranger)
        return person in channel.members or (channel.type == "channel" and not is_guest)

    def dm(self, person: str) -> Channel:
        """The direct messages between a person and the bot. Raises Refusal."""
        known = self.people.get(person)
        if known is None:
            raise Refusal("user_not_found")
        channel_id = f"D0{known.name.upper()}"
        if channel_id not in self.channels:
            members = {person, self.bot_user_id}
            self.channels[channel_id] = Channel(id=channel_id, name="", type="im", members=members)
        return self.channels[channel_id]

    def add(self, channel: Channel, message: Message) -> Message:
        """Put a new message in its place, and show it to everybody who watches."""
        channel.messages[message["ts"]] = message
        root = message.get("thread_ts")
        if root and root != message["ts"]:
            channel.replies.setdefault(root, []).append(message["ts"])
            self._count_replies(channel, root)
        self.tell(channel, {"type": "message", "channel": channel.id, "message": message})
        return message

    def whisper(self, channel: Channel, user: str, message: Message) -> None:
        """Show a message to one person only."""
        message["ephemeral"] = True
        self._whispers.setdefault(user, []).append((channel.id, message))
        frame = {"type": "message", "channel": channel.id, "message": message}
        self.tell(channel, frame, only=user)

    def whispers(self, channel: Channel, user: str) -> list[Message]:
        """What only this person sees in a channel, threads included."""
        mine = self._whispers.get(user, [])
        return [message for channel_id, message in mine if channel_id == channel.id]

    def whispered(self, channel: Channel, user: str, ts: str) -> Message | None:
        """One of those messages."""
        found = (one for one in self.whispers(channel, user) if one["ts"] == ts)
        return next(found, None)

    def rewhisper(self, channel: Channel, user: str, ts: str, content: Message | None) -> bool:
        """Change such a message, or take it away; whether there was one."""
        message = self.whispered(channel, user, ts)
        if message is None:
            return False
        where = {"channel": channel.id}
        if content is None:
            self._whispers[user].remove((channel.id, message))
            self.tell(channel, {"type": "message_deleted", **where, "ts": ts}, only=user)
            return True
        message.pop("blocks", None)
        message.update(content)
        frame: Message = {"type": "message_changed", **where, "message": message}
        self.tell(channel, frame, only=user)
        return True

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
            if channel is None or self.sees(person, channel):
                queue.put_nowait(frame)
