"""The Slack app manifest: what an admin pastes when creating the app ("App manifests")."""

import re
from typing import Any

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "users:read",
)
"""Everything the bot asks for; `bot check` names what a token lacks."""

_OPTIONAL_SCOPES = ("channels:join",)
"""An admin may refuse these: the bot then asks to be invited."""
_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "team_access_revoked",
    "tokens_revoked",
)
_AGENT_EVENTS = ("agent_session_stopped", "agent_session_title_changed", "app_context_changed")
_COMMANDS = (
    ("/summarize", "Sum up a channel or a thread", "[#channel or link] [since monday] [in German]"),
    ("/digest", "Have channels summed up by the clock", "[#channel every weekday at 9:00] or list"),
    ("/threadwise", "What I can do, and how I answer in this channel", "[settings | forget me]"),
)
_SHORTCUTS = (
    ("message", "summarize_thread", "Summarize thread", "Sum up the thread of this message"),
    ("global", "summarize_form", "Summarize…", "Sum up a channel or a thread"),
)
_HOST = re.compile(r"(?:https://)?([a-z0-9.-]+(?::[0-9]+)?)/?", re.IGNORECASE)
_PROMPTS = (
    {"title": "Explain a picture", "message": "What do you see in the picture that I attach?"},
    {"title": "What can you do?", "message": "What can you help me with here in Slack?"},
)


def manifest(*, host: str | None, agent: bool) -> dict[str, Any]:
    """The manifest as Slack wants it.

    `host` is the public host name that Slack sends events to; without one the app uses Socket Mode.
    `agent` adds the agent container, which can't be taken back, and which guests can't use.
    """
    where = {"request_url": f"https://{host}/slack/events"} if host else {}
    redirects = {"redirect_urls": [f"https://{host}/slack/oauth_redirect"]} if host else {}
    scopes = [scope for scope in BOT_SCOPES if agent or scope != "assistant:write"]
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Threadwise",
            "description": "Answers in threads while it thinks",
            "background_color": "#1d1c1d",
        },
        "features": _features(where.get("request_url"), agent=agent),
        "oauth_config": {
            **redirects,
            "scopes": {
                "bot": [*scopes, *_OPTIONAL_SCOPES],
                "bot_optional": list(_OPTIONAL_SCOPES),
            },
        },
        "settings": {
            "event_subscriptions": {
                **where,
                "bot_events": sorted([*_EVENTS, *(_AGENT_EVENTS if agent else ())]),
            },
            "interactivity": {"is_enabled": True, **where},
            "org_deploy_enabled": True,
            "socket_mode_enabled": host is None,
            "token_rotation_enabled": False,
        },
    }


def host_of(given: str) -> str:
    """The host that is meant, which may be copied as a whole address; empty where none is."""
    found = _HOST.fullmatch(given.strip())
    return found[1] if found else ""


def _features(url: str | None, *, agent: bool) -> dict[str, Any]:
    features: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Threadwise", "always_online": True},
        "shortcuts": [
            {"type": kind, "callback_id": callback, "name": name, "description": description}
            for kind, callback, name, description in _SHORTCUTS
        ],
        "slash_commands": [
            {
                "command": command,
                **({"url": url} if url else {}),
                "description": description,
                "usage_hint": hint,
                "should_escape": True,
            }
            for command, description, hint in _COMMANDS
        ],
    }
    if agent:
        features["agent_view"] = {
            "agent_description": (
                "Answers questions in threads, looks at pictures and documents, sums up channels."
            ),
            "suggested_prompts": list(_PROMPTS),
        }
    return features
