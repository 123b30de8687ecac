"""What people see of an agent at work: agents.sessions.* and the older assistant.threads.*."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.workspace import Channel, Refusal, Workspace

_STATES = frozenset({"active", "processing", "suspended", "closed"})
_TITLE_LIMIT = 200
_MOST_PROMPTS = 4
_MOST_LOADING = 10
_STATUS_SECONDS = 120.0


def methods() -> Mapping[str, Any]:
    """By name."""
    return {
        "agents.sessions.setStatus": _set_status,
        "agents.sessions.rename": _rename,
        "assistant.threads.setStatus": _assistant_status,
        "assistant.threads.setTitle": _assistant_title,
        "assistant.threads.setSuggestedPrompts": _suggest,
    }


def set_session(workspace: Workspace, channel: Channel, thread_ts: str, status: str) -> None:
    """An agent session's status, as people see it."""
    session = workspace.sessions.setdefault((channel.id, thread_ts), {})
    session["status"] = status
    if status != "assistant":
        session.pop("words", None)
        session.pop("loading", None)
    where = {"channel": channel.id, "thread_ts": thread_ts}
    workspace.tell(channel, {"type": "status", **where, **session})


def clear_assistant_status(workspace: Workspace, channel: Channel, thread_ts: str | None) -> None:
    """The assistant's status ends with the reply; a session's does not."""
    session = workspace.sessions.get((channel.id, thread_ts or ""))
    if thread_ts and session and session.get("status") == "assistant":
        set_session(workspace, channel, thread_ts, "active")


def _set_status(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments["channel_id"])
    thread_ts = arguments.get("thread_ts")
    if not thread_ts:
        raise Refusal("thread_ts_required")
    if arguments["status"] not in _STATES:
        raise Refusal("invalid_status")
    user = arguments.get("initiator_user_id")
    if user and user not in workspace.people:
        raise Refusal("user_not_found")
    set_session(workspace, channel, thread_ts, arguments["status"])
    if arguments.get("title"):
        _set_title(workspace, channel, thread_ts, arguments["title"])
    return {}


def _rename(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments["channel_id"])
    thread_ts = arguments.get("thread_ts")
    if not thread_ts:
        raise Refusal("thread_ts_required")
    _set_title(workspace, channel, thread_ts, arguments["title"])
    return {}


def _assistant_status(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments["channel_id"])
    if arguments["thread_ts"] not in channel.messages:
        raise Refusal("invalid_thread_ts")
    loading = arguments.get("loading_messages") or []
    if len(loading) > _MOST_LOADING or not all(isinstance(one, str) and one for one in loading):
        raise Refusal("invalid_arguments")
    thread_ts, status = arguments["thread_ts"], arguments["status"]
    session = workspace.sessions.setdefault((channel.id, thread_ts), {})
    session["words"], session["loading"] = status, loading
    set_session(workspace, channel, thread_ts, "assistant" if status else "active")
    if status:
        session["since"] = workspace.clock()
        _soon(workspace, _end(workspace, channel, thread_ts, session["since"]))
    return {}


async def _end(workspace: Workspace, channel: Channel, thread_ts: str, since: float) -> None:
    """A status that no message has ended, and no other one has followed, ends by itself."""
    await asyncio.sleep(_STATUS_SECONDS)
    if workspace.sessions[channel.id, thread_ts].get("since") == since:
        clear_assistant_status(workspace, channel, thread_ts)


def _soon(workspace: Workspace, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    workspace.tasks.add(task)
    task.add_done_callback(workspace.tasks.discard)


def _assistant_title(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments["channel_id"])
    _set_title(workspace, channel, arguments["thread_ts"], arguments["title"])
    return {}


def _set_title(workspace: Workspace, channel: Channel, thread_ts: str, title: str) -> None:
    if not 1 <= len(title) <= _TITLE_LIMIT:
        raise Refusal("invalid_arguments")
    workspace.sessions.setdefault((channel.id, thread_ts), {})["title"] = title
    frame = {"type": "title", "channel": channel.id, "thread_ts": thread_ts, "title": title}
    workspace.tell(channel, frame)


def _suggest(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    channel = workspace.bot_channel(arguments["channel_id"])
    prompts = arguments["prompts"]
    if not prompts or not all(_is_prompt(one) for one in prompts):
        raise Refusal("invalid_arguments")
    shown = {
        "channel": channel.id,
        "title": arguments.get("title"),
        "prompts": prompts[:_MOST_PROMPTS],
    }
    workspace.prompts[channel.id] = shown
    workspace.tell(channel, {"type": "prompts", **shown})
    return {}


def _is_prompt(prompt: Any) -> bool:
    return isinstance(prompt, dict) and bool(prompt.get("title") and prompt.get("message"))
