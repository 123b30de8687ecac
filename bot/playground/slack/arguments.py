"""What each method of the Web API takes, and under which scopes ("Web API methods").

A required argument has a star; a kind other than text stands behind a colon. A method that takes no
JSON ignores a body of it, as Slack does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.workspace import Refusal

Arguments = dict[str, Any]

_HISTORY = "channels:history,groups:history,im:history,mpim:history"
_READ = "channels:read,groups:read,im:read,mpim:read"
_PAGE = "cursor limit:number"
_AUTHOR = "icon_emoji icon_url username"
_SAID = "text blocks:list attachments:list markdown_text metadata:object parse link_names:flag"
_STREAM = "markdown_text chunks:list"
_TABLE = f"""
api.test                            | json | | error
auth.test                           | json | |
apps.connections.open               | json | |
blocks.validate                     | json | | blocks:list message:object view:object
bots.info                           | form | users:read | bot team_id
team.info                           | json | | team domain
users.info                          | form | users:read | user* include_locale:flag
users.list                          | form | users:read | {_PAGE} team_id include_locale:flag
users.conversations                 | form | {_READ} | {_PAGE} user types exclude_archived:flag team_id
conversations.list                  | form | {_READ} | {_PAGE} types exclude_archived:flag team_id
conversations.info                  | form | {_READ} | channel* include_locale:flag include_num_members:flag
conversations.members               | form | {_READ} | channel* {_PAGE}
conversations.join                  | json | channels:join | channel*
conversations.open                  | json | im:write,mpim:write | channel users return_im:flag prevent_creation:flag
conversations.history               | json | {_HISTORY} | channel* {_PAGE} oldest latest inclusive:flag include_all_metadata:flag
conversations.replies               | form | {_HISTORY} | channel* ts* {_PAGE} oldest latest inclusive:flag include_all_metadata:flag
chat.postMessage                    | json | chat:write | channel* {_SAID} {_AUTHOR} thread_ts reply_broadcast:flag mrkdwn:flag unfurl_links:flag unfurl_media:flag
chat.postEphemeral                  | json | chat:write | channel* user* {_SAID} {_AUTHOR} thread_ts
chat.update                         | json | chat:write | channel* ts* {_SAID} reply_broadcast:flag file_ids:list
chat.delete                         | json | chat:write | channel* ts*
chat.getPermalink                   | form | | channel* message_ts*
chat.startStream                    | json | chat:write | channel* thread_ts {_STREAM} {_AUTHOR} recipient_user_id recipient_team_id task_display_mode
chat.appendStream                   | json | chat:write | channel* ts* {_STREAM}
chat.stopStream                     | json | chat:write | channel* ts* {_STREAM} blocks:list metadata:object session_status
reactions.add                       | json | reactions:write | channel* name* timestamp*
reactions.remove                    | json | reactions:write | channel name* timestamp file file_comment
files.info                          | form | files:read | file* {_PAGE} count:number page:number
files.delete                        | json | files:write | file*
files.getUploadURLExternal          | form | files:write | filename* length*:number alt_txt snippet_type
files.completeUploadExternal        | json | files:write | files*:list channel_id channels thread_ts initial_comment blocks:list {_AUTHOR}
views.open                          | json | | view*:object trigger_id interactivity_pointer
views.push                          | json | | view*:object trigger_id interactivity_pointer
views.update                        | json | | view*:object view_id external_id hash
views.publish                       | json | | view*:object user_id* hash interactivity_pointer
agents.sessions.setStatus           | json | chat:write | channel_id* status* thread_ts title initiator_user_id {_AUTHOR}
agents.sessions.rename              | json | chat:write | channel_id* title* thread_ts
assistant.threads.setStatus         | json | chat:write | channel_id* thread_ts* status*:blank loading_messages:list {_AUTHOR}
assistant.threads.setTitle          | json | assistant:write | channel_id* thread_ts* title*
assistant.threads.setSuggestedPrompts | json | assistant:write | channel_id* prompts*:list thread_ts title
"""
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
_ALWAYS = frozenset({"token", "team_id", "pretty"})
"""What every call may carry."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What one method takes."""

    takes_json: bool
    scopes: tuple[str, ...]
    """Any one of them opens the method; none: every token does."""
    required: tuple[str, ...]
    kinds: dict[str, str]

    def check(self, given: Arguments) -> Arguments:
        """The arguments, each of its kind; empty ones are left out. Raises Refusal."""
        known = {name: value for name, value in given.items() if value is not None}
        problems = [*self._missing(known), *self._wrong(known)]
        if problems:
            raise Refusal("invalid_arguments", response_metadata={"messages": problems})
        return {name: _converted(self.kinds.get(name, ""), value) for name, value in known.items()}

    def unknown(self, given: Arguments) -> list[str]:
        """Arguments that the method ignores: often a slip of the pen."""
        return sorted(given.keys() - self.kinds.keys() - _ALWAYS)

    def _missing(self, given: Arguments) -> Iterator[str]:
        for name in self.required:
            is_given = name in given and (given[name] != "" or self.kinds[name] == "blank")
            if not is_given:
                yield f"[ERROR] missing required field: {name}"

    def _wrong(self, given: Arguments) -> Iterator[str]:
        for name, kind in self.kinds.items():
            if name in given and not _is(kind, given[name]):
                yield f"[ERROR] must be {_WANTED[kind]} [json-pointer:/{name}]"


_WANTED = {
    "text": "a string",
    "blank": "a string",  # also an empty one
    "flag": "a boolean",
    "number": "a number",
    "list": "an array",
    "object": "an object",
}


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "flag":
            return isinstance(value, bool) or str(value).lower() in _FLAGS
        case "number":
            return str(value).isdigit()
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return isinstance(value, str)


def _converted(kind: str, value: Any) -> Any:
    match kind:
        case "flag":
            return _FLAGS[str(value).lower()]
        case "number":
            return int(value)
        case _:
            return value


def _signature(line: str) -> tuple[str, Signature]:
    method, body, scopes, arguments = (part.strip() for part in line.split("|"))
    kinds, required = {}, []
    for word in arguments.split():
        name, _, kind = word.partition(":")
        if name.endswith("*"):
            name = name.removesuffix("*")
            required.append(name)
        kinds[name] = kind or "text"
    return method, Signature(
        takes_json=body == "json",
        scopes=tuple(scopes.split(",")) if scopes else (),
        required=tuple(required),
        kinds=kinds,
    )


SIGNATURES = dict(_signature(line) for line in _TABLE.strip().splitlines())
JSON_KINDS = frozenset({"list", "object"})
"""Arguments of these kinds are JSON in a string when they come in a form or a query."""
