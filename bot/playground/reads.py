"""Everything of the Web API beside chat.*: who and what is there, files, status, views."""

import secrets
from collections.abc import Callable
from typing import Any

from bot.playground.chat import set_session
from bot.playground.web_api import Arguments, Method
from bot.playground.workspace import Channel, Person, Refusal, StoredFile, Workspace

_DEFAULT_LIMIT = 100
_MOST = 999
_STATES = frozenset({"active", "processing", "suspended", "closed"})


def methods(url: Callable[[], str]) -> dict[str, Method]:
    """By name; `url` is the playground's own address."""
    return {
        "auth.test": _auth_test,
        "apps.connections.open": lambda workspace, _: _open_connection(workspace, url()),
        "team.info": lambda workspace, _: {"team": _team(workspace)},
        "users.info": lambda workspace, given: {"user": _user(workspace, given.get("user"))},
        "users.list": lambda workspace, _: {
            "members": [_user(workspace, one) for one in (*workspace.people, workspace.bot_user_id)]
        },
        "conversations.info": lambda workspace, given: {
            "channel": _channel(_readable(workspace, given))
        },
        "conversations.list": lambda workspace, _: {
            "channels": [_channel(one) for one in workspace.visible(workspace.bot_user_id)]
        },
        "conversations.members": lambda workspace, given: {
            "members": sorted(_readable(workspace, given).members)
        },
        "conversations.history": _history,
        "conversations.replies": _replies,
        "conversations.open": _open_dm,
        "reactions.add": _react,
        "reactions.remove": _unreact,
        "files.info": lambda workspace, given: {"file": _file(workspace, given.get("file")).meta},
        "files.getUploadURLExternal": lambda workspace, given: _upload_url(workspace, given, url()),
        "files.completeUploadExternal": _complete_upload,
        "agents.sessions.setStatus": _session_status,
        "agents.sessions.rename": _session_rename,
        "assistant.threads.setStatus": _assistant_status,
        "assistant.threads.setTitle": _assistant_title,
        "assistant.threads.setSuggestedPrompts": _suggest,
        "views.open": _open_view,
        "views.update": _update_view,
        "views.publish": _publish_view,
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


def _open_connection(workspace: Workspace, url: str) -> dict[str, Any]:
    ticket = secrets.token_urlsafe(12)
    return {
        "url": f"{url.replace('http', 'ws', 1)}/socket?ticket={ticket}&app_id={workspace.app_id}"
    }


def _team(workspace: Workspace) -> dict[str, Any]:
    return {"id": workspace.team_id, "name": workspace.team_name, "domain": "acme"}


def _user(workspace: Workspace, user_id: Any) -> dict[str, Any]:
    person = workspace.people.get(str(user_id))
    if person is None and user_id == workspace.bot_user_id:
        name = workspace.bot_name
        person = Person(id=name, name=name, real_name="Threadwise", tz="UTC", color="")
    if person is None:
        raise Refusal("user_not_found")
    return {
        "id": user_id,
        "team_id": workspace.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "tz": person.tz,
        "deleted": False,
        "is_bot": user_id == workspace.bot_user_id,
        "profile": {"display_name": "", "real_name": person.real_name},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": channel.type == "channel",
        "is_private": channel.type != "channel",
        "is_im": channel.type == "im",
        "is_mpim": channel.type == "mpim",
        "is_archived": channel.archived,
        "is_member": True,
        "topic": {"value": channel.topic},
        "num_members": len(channel.members),
    }


def _readable(workspace: Workspace, arguments: Arguments) -> Channel:
    channel = workspace.channel(arguments.get("channel"))
    if channel.type != "channel" and workspace.bot_user_id not in channel.members:
        raise Refusal("channel_not_found")
    return channel


def _history(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel"))
    return _page(workspace.history(channel)[::-1], arguments)


def _replies(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel"))
    ts = str(arguments.get("ts") or "")
    if ts not in channel.messages:
        raise Refusal("thread_not_found")
    root = channel.messages[ts].get("thread_ts", ts)
    return _page(workspace.thread(channel, root), arguments)


def _page(messages: list[dict[str, Any]], arguments: Arguments) -> dict[str, Any]:
    oldest, latest = str(arguments.get("oldest") or "0"), str(arguments.get("latest") or "9")
    inclusive = str(arguments.get("inclusive", "")).lower() in {"true", "1"}

    def is_within(message: dict[str, Any]) -> bool:
        ts: str = message["ts"]
        if inclusive:
            return oldest <= ts <= latest
        # conversations.replies shows a thread's first message whatever the bounds.
        return oldest < ts < latest or message.get("reply_count") is not None

    found = [message for message in messages if is_within(message)]
    limit = min(int(arguments.get("limit") or _DEFAULT_LIMIT), _MOST)
    start = int(arguments.get("cursor") or 0)
    page = found[start : start + limit]
    more = start + limit < len(found)
    cursor = {"next_cursor": str(start + limit)} if more else {"next_cursor": ""}
    return {"messages": page, "has_more": more, "response_metadata": cursor}


def _open_dm(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    users = str(arguments.get("users") or "").split(",")
    person = workspace.people.get(users[0])
    if person is None:
        raise Refusal("user_not_found")
    return {"channel": {"id": f"D0{person.name.upper()}"}}


def _react(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel, message = _target(workspace, arguments)
    reaction = _reaction(message, str(arguments.get("name")))
    if workspace.bot_user_id in reaction["users"]:
        raise Refusal("already_reacted")
    reaction["users"].append(workspace.bot_user_id)
    reaction["count"] = len(reaction["users"])
    workspace.changed(channel, message)
    return {}


def _unreact(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel, message = _target(workspace, arguments)
    reaction = _reaction(message, str(arguments.get("name")))
    if workspace.bot_user_id not in reaction["users"]:
        raise Refusal("no_reaction")
    reaction["users"].remove(workspace.bot_user_id)
    reaction["count"] = len(reaction["users"])
    message["reactions"] = [one for one in message["reactions"] if one["users"]]
    workspace.changed(channel, message)
    return {}


def _target(workspace: Workspace, arguments: Arguments) -> tuple[Channel, dict[str, Any]]:
    channel = workspace.bot_channel(arguments.get("channel"))
    message = channel.messages.get(str(arguments.get("timestamp") or ""))
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


def _file(workspace: Workspace, file_id: Any) -> StoredFile:
    found = workspace.files.get(str(file_id))
    if found is None:
        raise Refusal("file_not_found")
    return found


def _upload_url(workspace: Workspace, arguments: Arguments, url: str) -> dict[str, Any]:
    name, length = arguments.get("filename"), int(arguments.get("length") or 0)
    if not name or length <= 0:
        raise Refusal("invalid_arguments")
    file_id = workspace.next_id("F")
    meta = {"id": file_id, "name": name, "title": name, "size": length, "mimetype": "text/plain"}
    address = f"{url}/files/{file_id}/{name}"
    meta |= {"mode": "hosted", "url_private": address, "url_private_download": address}
    workspace.files[file_id] = StoredFile(meta=meta, data=b"")
    return {"upload_url": f"{url}/upload/{file_id}", "file_id": file_id}


def _complete_upload(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    uploads = [_file(workspace, one.get("id")) for one in arguments.get("files") or []]
    if not uploads:
        raise Refusal("invalid_arguments")
    if arguments.get("channel_id"):
        channel = workspace.bot_channel(arguments["channel_id"])
        message = {
            "type": "message",
            "user": workspace.bot_user_id,
            "bot_id": workspace.bot_id,
            "ts": workspace.next_ts(),
            "text": arguments.get("initial_comment") or "",
            "files": [upload.meta for upload in uploads],
        }
        if arguments.get("thread_ts"):
            message["thread_ts"] = arguments["thread_ts"]
        workspace.add(channel, message)
    return {"files": [upload.meta for upload in uploads]}


def _session_status(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel_id"))
    if not arguments.get("thread_ts"):
        raise Refusal("thread_ts_required")
    if arguments.get("status") not in _STATES:
        raise Refusal("invalid_status")
    set_session(workspace, channel, arguments["thread_ts"], arguments["status"])
    if arguments.get("title"):
        _set_title(workspace, channel, arguments["thread_ts"], arguments["title"])
    return {}


def _session_rename(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel_id"))
    _set_title(workspace, channel, str(arguments.get("thread_ts")), arguments.get("title"))
    return {}


def _assistant_status(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel_id"))
    if not arguments.get("thread_ts"):
        raise Refusal("invalid_arguments")
    status = "assistant" if arguments.get("status") else "active"
    set_session(workspace, channel, arguments["thread_ts"], status)
    return {}


def _assistant_title(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel_id"))
    _set_title(workspace, channel, str(arguments.get("thread_ts")), arguments.get("title"))
    return {}


def _set_title(workspace: Workspace, channel: Channel, thread_ts: str, title: Any) -> None:
    if not isinstance(title, str) or not 1 <= len(title) <= 200:
        raise Refusal("invalid_arguments")
    workspace.sessions.setdefault((channel.id, thread_ts), {})["title"] = title
    workspace.tell(
        channel, {"type": "title", "channel": channel.id, "thread_ts": thread_ts, "title": title}
    )


def _suggest(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments.get("channel_id"))
    prompts = arguments.get("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise Refusal("invalid_arguments")
    shown = {"channel": channel.id, "title": arguments.get("title"), "prompts": prompts[:4]}
    workspace.prompts[channel.id] = shown
    workspace.tell(channel, {"type": "prompts", **shown})
    return {}


def _open_view(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    user = workspace.views.pop(f"trigger {arguments.get('trigger_id')}", {}).get("user")
    if not user:
        raise Refusal("invalid_trigger_id")
    view = {**_view(arguments), "id": workspace.next_id("V"), "user": user}
    workspace.views[view["id"]] = view
    workspace.tell(None, {"type": "view_opened", "view": view}, only=user)
    return {"view": view}


def _update_view(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    known = workspace.views.get(str(arguments.get("view_id")))
    if known is None:
        raise Refusal("not_found")
    view = {**_view(arguments), "id": known["id"], "user": known["user"]}
    workspace.views[view["id"]] = view
    workspace.tell(None, {"type": "view_updated", "view": view}, only=view["user"])
    return {"view": view}


def _publish_view(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    user = str(arguments.get("user_id") or "")
    if user not in workspace.people:
        raise Refusal("user_not_found")
    view = {**_view(arguments), "id": workspace.next_id("V")}
    workspace.homes[user] = view
    workspace.tell(None, {"type": "home", "view": view}, only=user)
    return {"view": view}


def _view(arguments: Arguments) -> dict[str, Any]:
    view = arguments.get("view")
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        raise Refusal("invalid_arguments")
    if len(view.get("blocks") or []) > 100:
        raise Refusal("invalid_arguments")
    return view
