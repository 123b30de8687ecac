"""What people call and press, and the payloads that Slack sends for it ("Handling user interaction").

Commands, shortcuts, buttons and menus in messages, views and the Home tab, and submitted forms.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.playground.slack.blocks import elements
from bot.playground.slack.delivery import Delivery, Payload
from bot.playground.slack.inputs import Values, complaints, held, state
from bot.playground.slack.responding import Responding
from bot.playground.slack.tickets import Origin, Tickets
from bot.playground.slack.views import View, Views
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace

_NOT_IN_THREADS = "{} is not supported in threads. Sorry!"
_UNKNOWN = "{} is not a valid command. In Slack, all messages that start with “/” are commands."
_TIMED_OUT = "{} failed with the error “operation_timeout”"
_NO_ANSWER = "The app did not respond."
_TROUBLE = "We had some trouble connecting. Try again?"
_MENTION = re.compile(r"<([@#])(\w+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"(?<![\w<])([@#])([\w-]+)")


class Interactions:
    """Acts for people on what the app offers; `url` is the playground's own address."""

    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        tickets: Tickets,
        views: Views,
        responding: Responding,
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._tickets = tickets
        self._views = views
        self._responding = responding
        self.url = ""

    async def command(self, user: str, channel_id: str, text: str, thread_ts: str = "") -> None:
        """Send a slash command, and show what the app answers. Raises Refusal."""
        channel = self._workspace.member(user, channel_id)
        name, _, rest = text.strip().partition(" ")
        known = self._workspace.app.command(name)
        if known is None or thread_ts:
            words = (_UNKNOWN if known is None else _NOT_IN_THREADS).format(name)
            self._tell(user, channel, words, thread_ts)
            return
        origin = Origin(user=user, channel=channel.id)
        body = {
            "token": "playground",
            "team_id": self._workspace.team_id,
            "team_domain": "acme",
            "channel_id": channel.id,
            "channel_name": _channel_name(channel),
            "user_id": user,
            "user_name": self._workspace.people[user].name,
            "command": name,
            "text": self._escaped(user, rest.strip(), bool(known.get("should_escape"))),
            "api_app_id": self._workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self.url + self._tickets.response_path(origin),
            "trigger_id": self._tickets.trigger(user),
        }
        ack = await self._delivery.send("slash_commands", body, name=name)
        if ack is None:
            self._tell(user, channel, _TIMED_OUT.format(name), "")
            return
        if ack.get("response_type") == "in_channel":
            self._echo(user, channel, f"{name} {rest}".strip())
        if ack.get("text") or ack.get("blocks"):
            self._responding.say(origin, ack)

    async def shortcut(
        self, user: str, callback_id: str, channel_id: str = "", ts: str = ""
    ) -> None:
        """Call a shortcut: a message's when there is a message, else a global one. Raises Refusal."""
        kind = "message" if ts else "global"
        offered = self._workspace.app.shortcuts
        if not any(one["callback_id"] == callback_id and one["type"] == kind for one in offered):
            raise Refusal("unknown_shortcut")
        body = self._payload("message_action" if ts else "shortcut", user)
        body |= {"callback_id": callback_id, "action_ts": self._workspace.next_ts()}
        if ts:
            channel = self._workspace.member(user, channel_id)
            message = channel.messages[ts]
            origin = Origin(user=user, channel=channel.id, message_ts=ts)
            body |= {
                "channel": {"id": channel.id, "name": _channel_name(channel)},
                "message": message,
                "message_ts": ts,
                "response_url": self.url + self._tickets.response_path(origin),
            }
        await self._delivery.send("interactive", body, name=body["type"])

    async def click(self, user: str, channel_id: str, ts: str, action: Payload) -> None:
        """Act on an element of a message. Raises Refusal."""
        channel = self._workspace.member(user, channel_id)
        whispered = self._workspace.whispered(channel, user, ts)
        message = whispered or channel.messages.get(ts)
        if message is None:
            raise Refusal("message_not_found")
        thread_ts = message.get("thread_ts", "")
        origin = Origin(user=user, channel=channel.id, thread_ts=thread_ts, message_ts=ts)
        body = self._payload("block_actions", user)
        container = {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": whispered is not None,
        }
        body |= {
            "container": {**container, **({"thread_ts": thread_ts} if thread_ts else {})},
            "channel": {"id": channel.id, "name": _channel_name(channel)},
            "state": {"values": {}},
            "response_url": self.url + self._tickets.response_path(origin),
            "actions": [self._action(message.get("blocks", []), action)],
        }
        if whispered is None:  # what only one person sees is not passed on
            body["message"] = message
        if await self._delivery.send("interactive", body, name="block_actions") is None:
            self._tell(user, channel, _NO_ANSWER, thread_ts)

    async def click_in_view(self, user: str, view_id: str, action: Payload, values: Values) -> None:
        """Act on an element of a modal or the Home tab. Raises Refusal."""
        view = self._views.find(user, view_id)
        body = self._payload("block_actions", user, view_id=view_id)
        body |= {
            "container": {"type": "view", "view_id": view_id},
            "view": self._filled(view, values),
            "actions": [self._action(view["blocks"], action)],
        }
        if await self._delivery.send("interactive", body, name="block_actions") is None:
            self._workspace.tell(None, {"type": "view_errors", "words": _TROUBLE}, only=user)

    async def submit(self, user: str, view_id: str, values: Values) -> dict[str, Any]:
        """Send a form; returns the errors by block id, or a word about what went wrong.

        What the client holds back never reaches the app. Raises Refusal.
        """
        view = self._views.find(user, view_id)
        errors = complaints(view, values)
        if errors:
            return {"errors": errors}
        body = self._payload("view_submission", user, view_id=view_id)
        body |= {"view": self._filled(view, values)}
        body["response_urls"] = self._response_urls(user, view, values)
        ack = await self._delivery.send("interactive", body, name="view_submission")
        if ack is None:
            return {"trouble": _TROUBLE}
        try:
            return {"errors": self._views.answer(user, view_id, ack)}
        except Refusal as refusal:
            return {"trouble": _TROUBLE, "refused": refusal.more or refusal.code}

    def close(self, user: str, *, whole: bool = False) -> None:
        """Close the topmost view, or all of them."""
        for view in self._views.close(user, whole=whole):
            if view["notify_on_close"]:
                body = self._payload("view_closed", user)
                body |= {"view": view, "is_cleared": whole}
                self._delivery.start(self._delivery.send("interactive", body, name="view_closed"))

    async def options(self, user: str, view_id: str, action_id: str, value: str) -> list[Any]:
        """Ask the app for the options of an external menu. Raises Refusal."""
        view = self._views.find(user, view_id)
        found = (
            (block, part)
            for block in view["blocks"]
            for part in elements(block)
            if part.get("action_id") == action_id
        )
        block, element = next(found, (None, None))
        if block is None or element is None:
            raise Refusal("not_found")
        body = self._payload("block_suggestion", user)
        body |= {
            "container": {"type": "view", "view_id": view_id},
            "view": view,
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": value,
        }
        ack = await self._delivery.send("interactive", body, name="block_suggestion")
        element["loaded_options"] = list((ack or {}).get("options") or [])
        return list(element["loaded_options"])

    def _payload(self, kind: str, user: str, *, view_id: str = "") -> Payload:
        team = {"id": self._workspace.team_id, "domain": "acme"}
        name = self._workspace.people[user].name
        body: Payload = {
            "type": kind,
            "token": "playground",
            "team": team,
            "user": {"id": user, "name": name, "username": name, "team_id": team["id"]},
            "api_app_id": self._workspace.app_id,
            "enterprise": None,
            "is_enterprise_install": False,
        }
        if kind not in {"view_closed", "block_suggestion"}:
            body["trigger_id"] = self._tickets.trigger(user, view_id=view_id)
        return body

    def _action(self, blocks: list[dict[str, Any]], action: Payload) -> Payload:
        """The action as payloads have it; `value` is what was chosen. Raises Refusal."""
        for block in blocks:
            for element in elements(block):
                if element.get("action_id") == action["action_id"]:
                    given = _chosen(element, action.get("value"))
                    return {
                        "action_id": element["action_id"],
                        "block_id": block.get("block_id", ""),
                        **given,
                        "action_ts": self._workspace.next_ts(),
                    }
        raise Refusal("action_not_found")

    def _filled(self, view: View, values: Values) -> View:
        return {**view, "state": {"values": state(view, values)}}

    def _response_urls(self, user: str, view: View, values: Values) -> list[Payload]:
        found = []
        for block in view["blocks"]:
            for element in elements(block):
                if not element.get("response_url_enabled"):
                    continue
                chosen = state(view, values)[block["block_id"]][element["action_id"]]
                channel = chosen.get("selected_conversation") or chosen.get("selected_channel")
                origin = Origin(user=user, channel=channel or "")
                found.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self.url + self._tickets.response_path(origin),
                    }
                )
        return found

    def _escaped(self, user: str, text: str, is_escaped: bool) -> str:
        """Names in a command as ids where the app has asked for it, else as they were typed."""
        if not is_escaped:
            return _MENTION.sub(lambda found: found[1] + self._name(found[2]), text)
        ids = {f"@{one.name}": f"<@{one.id}|{one.name}>" for one in self._workspace.people.values()}
        for channel in self._workspace.visible(user):
            shown = channel.name if channel.type == "channel" else ""
            ids.setdefault(f"#{channel.name}", f"<#{channel.id}|{shown}>")
        return _NAMED.sub(lambda found: ids.get(found[0], found[0]), text)

    def _name(self, found: str) -> str:
        known: Mapping[str, Any] = {**self._workspace.people, **self._workspace.channels}
        return str(known[found].name) if found in known else found

    def _echo(self, user: str, channel: Channel, text: str) -> None:
        ts = self._workspace.next_ts()
        self._workspace.add(channel, {"type": "message", "user": user, "text": text, "ts": ts})

    def _tell(self, user: str, channel: Channel, words: str, thread_ts: str) -> None:
        """Slackbot's word to one person."""
        message: Message = {"type": "message", "user": "USLACKBOT", "text": words}
        message["ts"] = self._workspace.next_ts()
        if thread_ts:
            message["thread_ts"] = thread_ts
        self._workspace.whisper(channel, user, message)


def _chosen(element: Mapping[str, Any], value: Any) -> Payload:
    """What an action says of its element."""
    kind = element["type"]
    if kind in {"button", "icon_button"}:
        kept = ("type", "text", "value", "style", "url")
        return {name: element[name] for name in kept if name in element}
    if kind == "feedback_buttons":
        choices = (element["positive_button"], element["negative_button"])
        chosen = next((one for one in choices if one["value"] == value), choices[0])
        return {"type": kind, "text": chosen["text"], "value": chosen["value"]}
    return held(element, value)


def _channel_name(channel: Channel) -> str:
    return {"private": "privategroup", "im": "directmessage"}.get(channel.type, channel.name)
