"""Answers what people press and command within Slack's three seconds, whatever it waits for.

An ack may need words of Slack's first: whether this person may see that channel. Where they are
long in coming, an empty ack leaves, and what the listener says then goes by the `response_url`
("Handling user interaction: acknowledgment response"). Messages are no affair of this: they are
acked once they are kept, and Slack sends what was not acked again.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from typing_extensions import override

from bot.telemetry.log import bind, get_logger

log = get_logger("slack")

TROUBLE = "Something went wrong on my side. Please try again in a moment."
PATIENCE_SECONDS = 2.0
"""So long an answer may take to be the ack itself."""
_PRESSED = frozenset({"block_actions", "message_action", "shortcut"})
_OPENED = frozenset({"app_home_opened", "assistant_thread_started"})
"""Events of which nothing is kept, and that are answered with calls to Slack."""
_FAULT = 500


class TimelyApp(AsyncApp):
    """A Bolt app that people need not wait for, and that tells them when it fails."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._late: set[asyncio.Task[Any]] = set()

    @override
    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Handle a request; every line that is logged for it names the workspace."""
        with bind(team=_team(req)):
            return await self._in_time(req)

    async def _in_time(self, req: AsyncBoltRequest) -> BoltResponse:
        """What need not be kept before it is acked is acked in time."""
        is_pressed, is_form = _is_pressed(req.body), req.body.get("type") == "view_submission"
        if not (is_pressed or is_form or _is_opened(req.body)):
            return await super().async_dispatch(req)
        handling = asyncio.create_task(super().async_dispatch(req), name="interaction")
        await asyncio.wait({handling}, timeout=PATIENCE_SECONDS)
        if handling.done() and (handling.result().status < _FAULT or not is_pressed):
            return handling.result()
        acked = None if handling.done() else req.context.ack.response
        if acked is not None:
            self._keep(handling)  # what it does still is no affair of the ack
            return acked
        if is_form:
            return await handling  # only its ack can say what is wrong in it
        self._keep(asyncio.create_task(_say_late(req, handling), name="late interaction"))
        return BoltResponse(status=200, body="")

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def _team(req: AsyncBoltRequest) -> str:
    """An organisation's event names it in the envelope only ("Events API")."""
    return str(req.context.team_id or req.body.get("context_team_id") or "")


def _is_pressed(body: Mapping[str, Any]) -> bool:
    """Whether a person waits until this is acked, and can be told something later."""
    return "command" in body or body.get("type") in _PRESSED


def _is_opened(body: Mapping[str, Any]) -> bool:
    return (body.get("event") or {}).get("type") in _OPENED


async def _say_late(req: AsyncBoltRequest, handling: asyncio.Task[BoltResponse]) -> None:
    try:
        response = await handling
        said = {"text": TROUBLE} if response.status >= _FAULT else _words(response.body)
        if said and req.body.get("response_url") and req.context.respond is not None:
            await req.context.respond({"replace_original": False, **said})
    except Exception:
        log.exception("an interaction's answer was not said")


def _words(body: str) -> dict[str, Any]:
    """What an ack's body says to the person, as `response_url` takes it; nothing where it is bare."""
    try:
        found = json.loads(body)
    except ValueError:
        return {"text": body} if body else {}
    return found if isinstance(found, dict) and (found.get("text") or found.get("blocks")) else {}
