"""Response URLs: what the app says through them, and what they refuse ("Responding to interactions").

A command's URL always posts something new: `replace_original` has nothing to replace there. A click's
URL replaces or deletes the message that was clicked, which is how ephemeral messages change at all.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.playground.slack.blocks import check_message_blocks, named
from bot.playground.slack.tickets import Origin, Tickets
from bot.playground.slack.workspace import Channel, Message, Refusal, Workspace

_STATUS = {"invalid_url": 404, "expired_url": 404, "used_url": 404}


class Responding:
    """Takes what is posted to response URLs."""

    def __init__(self, workspace: Workspace, tickets: Tickets) -> None:
        self._workspace = workspace
        self._tickets = tickets

    async def take(self, request: Request) -> Response:
        """Answer one POST."""
        try:
            given = orjson.loads(await request.body())
            self.say(self._tickets.respond(request.path_params["ticket"]), given)
        except orjson.JSONDecodeError:
            return _refused(Refusal("invalid_payload"))
        except Refusal as refusal:
            return _refused(refusal)
        return Response("ok", media_type="text/plain")

    def say(self, origin: Origin, given: Any) -> None:
        """Post, replace or delete, as the app asks. Raises Refusal."""
        if not isinstance(given, dict):
            raise Refusal("invalid_payload")
        channel = self._workspace.channel(origin.channel)
        may_replace = bool(origin.message_ts)
        if given.get("delete_original") and may_replace:
            self._delete(channel, origin)
            return
        content = checked(given)
        if given.get("replace_original") and may_replace:
            self._replace(channel, origin, content)
            return
        self._post(channel, origin, content, given)

    def _post(
        self, channel: Channel, origin: Origin, content: Message, given: dict[str, Any]
    ) -> None:
        thread_ts = given.get("thread_ts") or ""
        message = bot_message(self._workspace, **content)
        if thread_ts:
            message["thread_ts"] = thread_ts
        if given.get("response_type") == "in_channel":
            self._workspace.add(channel, message)
        else:
            self._workspace.whisper(channel, origin.user, message)

    def _replace(self, channel: Channel, origin: Origin, content: Message) -> None:
        if self._workspace.rewhisper(channel, origin.user, origin.message_ts, content):
            return
        message = channel.messages.get(origin.message_ts)
        if message is None:
            raise Refusal("message_not_found")
        message.pop("blocks", None)
        message.update(content)
        self._workspace.changed(channel, message)

    def _delete(self, channel: Channel, origin: Origin) -> None:
        if self._workspace.rewhisper(channel, origin.user, origin.message_ts, None):
            return
        if origin.message_ts in channel.messages:
            self._workspace.remove(channel, origin.message_ts)


def checked(given: dict[str, Any]) -> Message:
    """The text and blocks of a response. Raises Refusal."""
    if not given.get("text") and not given.get("blocks"):
        raise Refusal("no_text")  # whatever stands in markdown_text
    content: Message = {"text": str(given.get("text") or "")}
    if given.get("blocks"):
        check_message_blocks(given["blocks"])
        content["blocks"] = named(given["blocks"])
    return content


def bot_message(workspace: Workspace, **content: Any) -> Message:
    """A message of the app, with a ts of its own."""
    return {
        "type": "message",
        "user": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "app_id": workspace.app_id,
        "team": workspace.team_id,
        "ts": workspace.next_ts(),
        **content,
    }


def _refused(refusal: Refusal) -> Response:
    body = orjson.dumps({"ok": False, "error": refusal.code, **refusal.more})
    status = _STATUS.get(refusal.code, 400)
    return Response(body, status_code=status, media_type="application/json")
