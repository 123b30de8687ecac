"""views.*: modals in stacks of three, and the app's Home tab ("Modals", "App Home")."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import MOST_IN_VIEW, elements, named, problems
from bot.playground.slack.shapes import (
    Check,
    anything,
    choice,
    flag,
    plain,
    problem,
    shape,
    string,
)
from bot.playground.slack.tickets import Tickets
from bot.playground.slack.workspace import Refusal, Workspace

View = dict[str, Any]

_MOST_BYTES = 250_000
_DEEPEST = 3
_WITHOUT_VALUE = frozenset({"button", "overflow", "image", "icon_button", "plain_text", "mrkdwn"})
_COMMON: Mapping[str, Check] = {
    "blocks": anything,
    "private_metadata": string(3_000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_MODAL = shape(
    {"title": plain(24), "blocks": anything},
    {
        **_COMMON,
        "type": choice("modal"),
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = shape({"blocks": anything}, {**_COMMON, "type": choice("home")})


class Views:
    """The views that people have open, and what their Home tabs show."""

    def __init__(self, workspace: Workspace, tickets: Tickets) -> None:
        self._workspace = workspace
        self._tickets = tickets
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._numbers = itertools.count(1)

    @property
    def methods(self) -> Mapping[str, Any]:
        """By name."""
        return {
            "views.open": self.open,
            "views.push": self.push,
            "views.update": self.update,
            "views.publish": self.publish,
            "blocks.validate": self.validate,
        }

    def stack(self, user: str) -> list[View]:
        """What a person has open, the topmost last."""
        return self._stacks.get(user, [])

    def home(self, user: str) -> View | None:
        """What a person's Home tab shows, if anything was published."""
        return self._homes.get(user)

    def find(self, user: str, view_id: str) -> View:
        """A view that a person has before them. Raises Refusal."""
        home = self._homes.get(user)
        shown = [*self.stack(user), *([home] if home else [])]
        for view in shown:
            if view["id"] == view_id:
                return view
        raise Refusal("not_found")

    def open(self, _: Workspace, arguments: Arguments) -> dict[str, Any]:
        """views.open."""
        given = self._checked(arguments["view"], {"modal"})
        user, _view = self._tickets.exchange(arguments.get("trigger_id"))
        view = self._new(given, None)
        self._show(user, [view])
        return {"view": view}

    def push(self, _: Workspace, arguments: Arguments) -> dict[str, Any]:
        """views.push."""
        given = self._checked(arguments["view"], {"modal"})
        user, from_view = self._tickets.exchange(arguments.get("trigger_id"))
        if from_view not in {one["id"] for one in self.stack(user)}:
            raise Refusal("not_found")
        return {"view": self.put_on_top(user, given)}

    def update(self, _: Workspace, arguments: Arguments) -> dict[str, Any]:
        """views.update."""
        wanted = {"id": arguments.get("view_id"), "external_id": arguments.get("external_id")}
        for user, stack in self._stacks.items():
            for position, view in enumerate(stack):
                if any(value and view[name] == value for name, value in wanted.items()):
                    given = self._checked(arguments["view"], {"modal"}, but=view["id"])
                    _check_hash(arguments, view)
                    return {"view": self._replace(user, position, given)}
        for user, view in self._homes.items():
            if view["id"] == arguments.get("view_id"):
                return self.publish(self._workspace, {**arguments, "user_id": user})
        raise Refusal("not_found")

    def publish(self, _: Workspace, arguments: Arguments) -> dict[str, Any]:
        """views.publish."""
        user = arguments["user_id"]
        if not self._workspace.app.has_home:
            raise Refusal("not_enabled")
        if user not in self._workspace.people:
            raise _invalid(problem("invalid `user_id`", "/user_id"))
        before = self._homes.get(user)
        if before is not None:
            _check_hash(arguments, before)
        elif arguments.get("hash"):
            raise Refusal("hash_conflict")
        given = self._checked(arguments["view"], {"home"}, but=before["id"] if before else "")
        view = self._new(given, None)
        if before is not None:
            view |= {"id": before["id"], "root_view_id": before["id"]}
        self._homes[user] = view
        self._workspace.tell(None, {"type": "home", "view": view}, only=user)
        return {"view": view}

    def validate(self, _: Workspace, arguments: Arguments) -> dict[str, Any]:
        """blocks.validate."""
        if "view" in arguments:
            self._checked(arguments["view"], {"modal", "home"})
        blocks = arguments.get("blocks", arguments.get("message", {}).get("blocks"))
        found = list(problems(blocks, "message", 50, "/blocks")) if blocks is not None else []
        if found:
            raise Refusal("invalid_blocks", errors=found, response_metadata={"messages": found})
        return {}

    def answer(self, user: str, view_id: str, ack: Mapping[str, Any]) -> dict[str, str]:
        """Do what the app answers to a submission; returns errors by block id. Raises Refusal."""
        self.find(user, view_id)
        match ack.get("response_action"):
            case None:
                self.close(user)
            case "clear":
                self._show(user, [])
            case "push":
                self.put_on_top(user, self._checked(ack.get("view"), {"modal"}))
            case "update":
                given = self._checked(ack.get("view"), {"modal"}, but=view_id)
                self._replace(user, len(self.stack(user)) - 1, given)
            case "errors":
                return _errors(ack.get("errors"), self.find(user, view_id))
            case action:
                raise _invalid(problem(f"unknown response_action: {action}", "/response_action"))
        return {}

    def close(self, user: str, *, whole: bool = False) -> list[View]:
        """Close the topmost view or the whole stack; returns what was closed, topmost first."""
        stack = self.stack(user)
        is_all = whole or (bool(stack) and stack[-1]["clear_on_close"])
        closed = stack[::-1] if is_all else stack[-1:]
        self._show(user, [] if is_all else stack[:-1])
        return closed

    def put_on_top(self, user: str, given: View) -> View:
        """Lay a view on what a person has open. Raises Refusal."""
        stack = self.stack(user)
        if len(stack) >= _DEEPEST:
            raise Refusal("push_limit_reached")
        view = self._new(given, stack[-1] if stack else None)
        self._show(user, [*stack, view])
        return view

    def _replace(self, user: str, position: int, given: View) -> View:
        stack = list(self.stack(user))
        before = stack[position]
        kept = ("id", "root_view_id", "previous_view_id")
        stack[position] = {**self._new(given, None), **{name: before[name] for name in kept}}
        self._show(user, stack)
        return stack[position]

    def _show(self, user: str, stack: list[View]) -> None:
        self._stacks[user] = stack
        self._workspace.tell(None, {"type": "views", "stack": stack}, only=user)

    def _new(self, given: View, below: View | None) -> View:
        workspace, view_id = self._workspace, self._workspace.next_id("V")
        empty: View = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": {"type": "plain_text", "text": "View Title", "emoji": True},
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
            "submit_disabled": False,
        }
        return {
            **empty,
            **given,
            "blocks": named(given["blocks"]),
            "id": view_id,
            "team_id": workspace.team_id,
            "state": {"values": {}},
            "hash": f"{workspace.next_ts()[:10]}.{next(self._numbers):08x}",
            "root_view_id": below["root_view_id"] if below else view_id,
            "previous_view_id": below["id"] if below else None,
            "app_id": workspace.app_id,
            "app_installed_team_id": workspace.team_id,
            "bot_id": workspace.bot_id,
        }

    def _checked(self, view: Any, kinds: set[str], *, but: str = "") -> View:
        if not isinstance(view, dict) or view.get("type") not in kinds:
            raise _invalid(problem(f"must be one of: {', '.join(sorted(kinds))}", "/view/type"))
        if len(orjson.dumps(view)) > _MOST_BYTES:
            raise Refusal("view_too_large")
        found = list(_problems(view))
        if found:
            raise _invalid(*found)
        name = view.get("external_id")
        if name and any(one["external_id"] == name and one["id"] != but for one in self._all()):
            raise Refusal("duplicate_external_id")
        return view

    def _all(self) -> Iterator[View]:
        yield from itertools.chain(*self._stacks.values(), self._homes.values())


def _problems(view: View) -> Iterator[str]:
    kind = view["type"]
    yield from (_MODAL if kind == "modal" else _HOME)(view, "/view")
    found = list(problems(view.get("blocks"), kind, MOST_IN_VIEW, "/view/blocks"))
    yield from found
    if found or kind != "modal" or view.get("submit"):
        return
    if any(block["type"] == "input" for block in view["blocks"]):
        yield problem("`submit` is required when an `input` block is in the view", "/view")


def _check_hash(arguments: Arguments, view: View) -> None:
    if arguments.get("hash") and arguments["hash"] != view["hash"]:
        raise Refusal("hash_conflict")


def _errors(errors: Any, view: View) -> dict[str, str]:
    """Errors belong to input blocks; to others the platform takes none. Raises Refusal."""
    inputs = {one["block_id"] for one in view["blocks"] if one["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise _invalid(problem("errors must name input blocks", "/errors"))
    return {str(block_id): str(words) for block_id, words in errors.items()}


def _invalid(*messages: str) -> Refusal:
    return Refusal("invalid_arguments", response_metadata={"messages": list(messages)})


def asked(view: View) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each element of a view that holds a value, with its block's id."""
    for block in view["blocks"]:
        for element in elements(block):
            if element.get("type") not in _WITHOUT_VALUE:
                yield block["block_id"], element
