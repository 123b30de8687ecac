"""Who the app is and who the people are: auth.*, team.*, users.*, bots.*; and reactions.*."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.conversations import page_of
from bot.playground.slack.workspace import Channel, Person, Refusal, Workspace

_EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def methods(url: Callable[[], str]) -> Mapping[str, Any]:
    """By name; `url` is the playground's own address."""
    return {
        "api.test": lambda _, given: {"args": given},
        "auth.test": _auth_test,
        "apps.connections.open": lambda workspace, _: _connection(workspace, url()),
        "team.info": lambda workspace, _: {"team": _team(workspace)},
        "bots.info": _bot_info,
        "users.info": lambda workspace, given: {"user": _user(workspace, given["user"])},
        "users.list": _users,
        "reactions.add": _react,
        "reactions.remove": _unreact,
    }


def _auth_test(workspace: Workspace, _: Arguments) -> dict[str, Any]:
    return {
        "url": "https://acme.slack.com/",
        "team": workspace.team_name,
        "team_id": workspace.team_id,
        "user": workspace.bot_name,
        "user_id": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _connection(workspace: Workspace, url: str) -> dict[str, Any]:
    ticket = secrets.token_urlsafe(12)
    address = url.replace("http", "ws", 1)
    return {"url": f"{address}/socket?ticket={ticket}&app_id={workspace.app_id}"}


def _team(workspace: Workspace) -> dict[str, Any]:
    return {"id": workspace.team_id, "name": workspace.team_name, "domain": "acme"}


def _bot_info(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    if arguments.get("bot") not in {None, workspace.bot_id}:
        raise Refusal("bot_not_found")
    known = {"id": workspace.bot_id, "app_id": workspace.app_id, "name": workspace.bot_name}
    return {"bot": {**known, "user_id": workspace.bot_user_id, "deleted": False}}


def _users(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    everybody = (*workspace.people, workspace.bot_user_id)
    return page_of("members", [_user(workspace, one) for one in everybody], arguments)


def _user(workspace: Workspace, user_id: str) -> dict[str, Any]:
    person = workspace.people.get(user_id)
    is_bot = user_id == workspace.bot_user_id
    if person is None and is_bot:
        person = Person(id=user_id, name=workspace.bot_name, real_name="Threadwise")
    if person is None:
        raise Refusal("user_not_found")
    known = {
        "id": user_id,
        "team_id": "T0OTHER" if person.is_stranger else workspace.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "is_bot": is_bot,
        "is_app_user": False,
        "updated": 1_735_689_600,
        "profile": {"display_name": "", "real_name": person.real_name},
    }
    if person.deleted:
        return known
    return {
        **known,
        "color": person.color.removeprefix("#"),
        "real_name": person.real_name,
        **_zone(person.tz),
        "is_admin": person.id == "U0ANNA",
        "is_owner": person.id == "U0ANNA",
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": False,
        "is_stranger": person.is_stranger,
    }


def _zone(name: str) -> dict[str, Any]:
    now = datetime.now(ZoneInfo(name))
    offset = now.utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    return {"tz": name, "tz_label": now.tzname() or name, "tz_offset": seconds}


def _react(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel, message = _target(workspace, arguments)
    reaction = _reaction(message, arguments["name"])
    if workspace.bot_user_id in reaction["users"]:
        raise Refusal("already_reacted")
    reaction["users"].append(workspace.bot_user_id)
    reaction["count"] = len(reaction["users"])
    workspace.changed(channel, message)
    return {}


def _unreact(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel, message = _target(workspace, arguments)
    reaction = _reaction(message, arguments["name"])
    is_there = workspace.bot_user_id in reaction["users"]
    if is_there:
        reaction["users"].remove(workspace.bot_user_id)
    reaction["count"] = len(reaction["users"])
    message["reactions"] = [one for one in message["reactions"] if one["users"]]
    if not is_there:
        raise Refusal("no_reaction")
    workspace.changed(channel, message)
    return {}


def _target(workspace: Workspace, arguments: Arguments) -> tuple[Channel, dict[str, Any]]:
    if not _EMOJI.fullmatch(arguments["name"]):
        raise Refusal("invalid_name")
    channel = workspace.bot_channel(arguments.get("channel"))
    message = channel.messages.get(arguments["timestamp"])
    if message is None:
        raise Refusal("message_not_found")
    return channel, message


def _reaction(message: dict[str, Any], name: str) -> dict[str, Any]:
    reactions: list[dict[str, Any]] = message.setdefault("reactions", [])
    for reaction in reactions:
        if reaction["name"] == name:
            return reaction
    reactions.append({"name": name, "users": [], "count": 0})
    return reactions[-1]
