"""The app as its manifest has installed it: what it may do, what it is told, what people can call.

Without a manifest everything is allowed and told ("App manifests").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_EVERYTHING = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        *(f"{kind}:{what}" for kind in ("channels", "groups") for what in ("history", "read")),
        *(f"{kind}:{what}" for kind in ("im", "mpim") for what in ("history", "read", "write")),
        "channels:join",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "reactions:write",
        "team:read",
        "users:read",
    }
)
_COMMANDS = (
    {"command": "/summarize", "description": "Summarize a channel", "should_escape": True},
    {"command": "/digest", "description": "Digests on a schedule", "should_escape": True},
)
_SHORTCUTS = (
    {"name": "Summarize thread", "type": "message", "callback_id": "summarize_thread"},
    {"name": "Summarize…", "type": "global", "callback_id": "summarize"},
)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An app in a workspace."""

    scopes: frozenset[str] = _EVERYTHING
    events: frozenset[str] | None = None
    """Subscribed event types; None: all of them."""
    commands: tuple[Mapping[str, Any], ...] = _COMMANDS
    shortcuts: tuple[Mapping[str, Any], ...] = _SHORTCUTS
    has_home: bool = True
    """Whether the Home tab is enabled."""

    @classmethod
    def by(cls, manifest: Mapping[str, Any] | None) -> "Installed":
        """The app that this manifest describes."""
        if manifest is None:
            return cls()
        features = manifest.get("features", {})
        oauth, settings = manifest.get("oauth_config", {}), manifest.get("settings", {})
        told = settings.get("event_subscriptions", {}).get("bot_events", [])
        return cls(
            scopes=frozenset(oauth.get("scopes", {}).get("bot", [])),
            events=frozenset(told),
            commands=tuple(features.get("slash_commands", [])),
            shortcuts=tuple(features.get("shortcuts", [])),
            has_home=bool(features.get("app_home", {}).get("home_tab_enabled")),
        )

    def hears(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is one that the app is told ("Events API: event types")."""
        if self.events is None:
            return True
        kind = str(event.get("type"))
        if kind == "message":
            place = {"channel": "channels", "group": "groups"}
            where = str(event.get("channel_type"))
            kind = f"message.{place.get(where, where)}"
        return kind in self.events

    def command(self, name: str) -> Mapping[str, Any] | None:
        """The slash command of that name."""
        return next((one for one in self.commands if one["command"] == name), None)
