"""The Slack app manifest: what an admin pastes when creating the app ("App manifests")."""

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
    "reactions:read",
    "reactions:write",
    "users:read",
)
"""Everything the bot asks for; `bot check` names what a token lacks."""

_EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
_AGENT_EVENTS = ("agent_session_stopped", "agent_session_title_changed", "app_context_changed")
_PROMPTS = (
    {"title": "Explain a picture", "message": "What do you see in the picture that I attach?"},
    {"title": "What can you do?", "message": "What can you help me with here in Slack?"},
)


def manifest(*, host: str | None, agent: bool) -> dict[str, Any]:
    """The manifest as Slack wants it.

    `host` is the public host name that Slack sends events to; without one the app uses Socket Mode.
    `agent` adds the agent container, which can't be taken back, and which guests can't use.
    """
    url = f"https://{host}/slack/events" if host else None
    features: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": False,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Threadwise", "always_online": True},
    }
    if agent:
        features["agent_view"] = {
            "agent_description": "Answers questions in threads and looks at pictures.",
            "suggested_prompts": list(_PROMPTS),
        }
    events = sorted([*_EVENTS, *(_AGENT_EVENTS if agent else ())])
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Threadwise",
            "description": "Answers in threads while it thinks",
            "background_color": "#1d1c1d",
        },
        "features": features,
        "oauth_config": {"scopes": {"bot": _scopes(agent)}},
        "settings": {
            "event_subscriptions": {
                **({"request_url": url} if url else {}),
                "bot_events": events,
            },
            "interactivity": {"is_enabled": True, **({"request_url": url} if url else {})},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _scopes(agent: bool) -> list[str]:
    return [scope for scope in BOT_SCOPES if agent or scope != "assistant:write"]
