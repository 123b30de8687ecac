"""conversations.* and users.conversations: which there are, who is in them, what was said."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace

_DEFAULT_LIMIT, _MOST = 100, 999
_FEW = 15
"""What history shows to apps that are limited ("Rate limits: non-Marketplace apps")."""
_TS = re.compile(r"\d+(\.\d+)?")
_TYPES = {
    "public_channel": "channel",
    "private_channel": "private",
    "mpim": "mpim",
    "im": "im",
}
_HISTORY_SCOPES = {
    "channel": "channels:history",
    "private": "groups:history",
    "mpim": "mpim:history",
    "im": "im:history",
}
_MOST_IN_GROUP = 8


class Conversations:
    """The methods; `is_limited` holds history to 15 messages a call."""

    def __init__(self, *, is_limited: bool = False) -> None:
        self.is_limited = is_limited

    @property
    def methods(self) -> Mapping[str, Any]:
        """By name."""
        return {
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "conversations.list": _list,
            "users.conversations": _of_user,
            "conversations.info": _info,
            "conversations.members": _members,
            "conversations.join": _join,
            "conversations.open": _open,
        }

    def history(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """conversations.history: what stands in a channel, newest first."""
        channel = _historic(workspace, arguments)
        within = [one for one in workspace.history(channel) if _is_within(one, arguments)]
        page, more = self._page(within[::-1], arguments)
        return {"messages": page, "pin_count": 0, **more}

    def replies(self, workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
        """conversations.replies: a thread, its first message on every page, whatever the bounds."""
        channel = _historic(workspace, arguments)
        ts = arguments["ts"]
        if ts not in channel.messages:
            raise Refusal("thread_not_found")
        root = str(channel.messages[ts].get("thread_ts", ts))
        thread = workspace.thread(channel, root)
        within = [one for one in thread if one["ts"] == root or _is_within(one, arguments)]
        page, more = self._page(within, arguments)
        first = within[:1] if arguments.get("cursor") else []
        return {"messages": [*first, *page], **more}

    def _page(
        self, messages: list[Message], arguments: Arguments
    ) -> tuple[list[Message], dict[str, Any]]:
        limited = {**arguments, "limit": min(_limit(arguments), _FEW)}
        return _page(messages, limited if self.is_limited else arguments)


def _historic(workspace: Workspace, arguments: Arguments) -> Channel:
    channel = workspace.readable(arguments["channel"])
    _need(workspace, _HISTORY_SCOPES[channel.type])
    if workspace.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    for name in ("oldest", "latest"):
        if not _TS.fullmatch(arguments.get(name) or "0"):
            raise Refusal(f"invalid_ts_{name}")
    return channel


def _need(workspace: Workspace, scope: str) -> None:
    scopes = workspace.app.scopes
    if scope not in scopes:
        raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(scopes)))


def _is_within(message: Message, arguments: Arguments) -> bool:
    ts = _number(message["ts"])
    oldest = _number(arguments.get("oldest") or "0")
    latest = _number(arguments.get("latest") or "9" * 10)
    if arguments.get("inclusive"):
        return oldest <= ts <= latest
    return oldest < ts < latest


def _number(ts: str) -> tuple[int, int]:
    seconds, _, rest = ts.partition(".")
    return int(seconds), int(rest.ljust(6, "0") or 0)


def _limit(arguments: Arguments) -> int:
    return min(arguments.get("limit") or _DEFAULT_LIMIT, _MOST)


def _page(items: list[Any], arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """One page; a cursor says what came last, as Slack's do. Raises Refusal."""
    start, limit = _start(arguments.get("cursor") or ""), _limit(arguments)
    more = start + limit < len(items)
    following = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return items[start : start + limit], {
        "has_more": more,
        "response_metadata": {"next_cursor": following},
    }


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_cursor") from None
    if word != "next" or not number.isdigit():
        raise Refusal("invalid_cursor")
    return int(number)


def page_of(name: str, items: list[Any], arguments: Arguments) -> dict[str, Any]:
    """A page of a list, under its name. Raises Refusal."""
    page, more = _page(items, arguments)
    return {name: page, "response_metadata": more["response_metadata"]}


def _list(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    bot = workspace.bot_user_id
    found = [one for one in workspace.visible(bot) if _is_wanted(one, arguments)]
    return page_of("channels", [describe(workspace, one) for one in found], arguments)


def _of_user(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    bot = workspace.bot_user_id
    user = arguments.get("user") or bot
    found = [
        one for one in workspace.visible(bot) if user in one.members and _is_wanted(one, arguments)
    ]
    return page_of("channels", [describe(workspace, one) for one in found], arguments)


def _is_wanted(channel: Channel, arguments: Arguments) -> bool:
    wanted = (arguments.get("types") or "public_channel").replace(" ", "").split(",")
    if not all(one in _TYPES for one in wanted):
        raise Refusal("invalid_types")
    if arguments.get("exclude_archived") and channel.archived:
        return False
    return channel.type in {_TYPES[one] for one in wanted}


def _info(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.readable(arguments["channel"])
    count = len(channel.members)
    more = {"num_members": count} if arguments.get("include_num_members") else {}
    return {"channel": {**describe(workspace, channel), **more}}


def describe(workspace: Workspace, channel: Channel) -> dict[str, Any]:
    """A channel as the Web API shows it."""
    is_dm = channel.type == "im"
    people = [one for one in channel.members if one != workspace.bot_user_id]
    named = {"user": people[0]} if is_dm else {"name": channel.name}
    return {
        "id": channel.id,
        **named,
        "is_channel": channel.type == "channel",
        "is_group": channel.type == "private",
        "is_im": is_dm,
        "is_mpim": channel.type == "mpim",
        "is_private": channel.type != "channel",
        "is_archived": channel.archived,
        "is_general": channel.id == "C0GENERAL",
        "is_shared": False,
        "is_ext_shared": any(
            workspace.people[one].is_stranger for one in people if one in workspace.people
        ),
        "is_org_shared": False,
        "is_member": workspace.bot_user_id in channel.members,
        "creator": "U0ANNA",
        "created": 1_735_689_600,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _members(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.readable(arguments["channel"])
    return page_of("members", sorted(channel.members), arguments)


def _join(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.readable(arguments["channel"])
    if channel.type != "channel":
        raise Refusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refusal("is_archived")
    was_there = workspace.bot_user_id in channel.members
    channel.members.add(workspace.bot_user_id)
    found: dict[str, Any] = {"channel": describe(workspace, channel)}
    if was_there:
        found |= {
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    return found


def _open(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    if arguments.get("channel"):
        channel = workspace.readable(arguments["channel"])
        if channel.type not in {"im", "mpim"}:
            raise Refusal("method_not_supported_for_channel_type")
        return {"channel": {"id": channel.id}}
    users = [one for one in (arguments.get("users") or "").replace(" ", "").split(",") if one]
    if not users:
        raise Refusal("users_list_not_supplied")
    if len(users) > _MOST_IN_GROUP:
        raise Refusal("too_many_users")
    for user in users:
        if user not in workspace.people:
            raise Refusal("user_not_found")
        if workspace.people[user].deleted:
            raise Refusal("user_disabled")
    channel = workspace.dm(users[0]) if len(users) == 1 else _group(workspace, users)
    return {
        "channel": describe(workspace, channel)
        if arguments.get("return_im")
        else {"id": channel.id}
    }


def _group(workspace: Workspace, users: list[str]) -> Channel:
    members = {*users, workspace.bot_user_id}
    for channel in workspace.channels.values():
        if channel.type == "mpim" and channel.members == members:
            return channel
    names = sorted(workspace.people[one].name for one in users)
    name = f"mpdm-{'--'.join([*names, workspace.bot_name])}-1"
    channel = Channel(id=workspace.next_id("G"), name=name, type="mpim", members=members)
    workspace.channels[channel.id] = channel
    return channel
