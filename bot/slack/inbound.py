"""Slack's payloads turned into what happened, in our words. Pure: no call, no clock, no database."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversation.events import (
    AgainAsked,
    Happening,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Rated,
    StopAsked,
)
from bot.conversation.legible import legible
from bot.conversation.ports_files import OtherForms
from bot.conversation.thread import Author, ChannelType, SharedFile, ThreadKey, ThreadMessage
from bot.slack.replies.footer import AGAIN_ACTIONS, RATE_ACTION, STOP_ACTION
from bot.slack.words import forwarded_files, words_of

Payload = Mapping[str, Any]

_SPOKEN = frozenset(
    {None, "file_share", "message_share", "thread_broadcast", "me_message", "bot_message"}
)
"""The subtypes that are somebody saying something; all others are Slack's own notices."""
_USER_TOKEN = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_TYPE_BY_PREFIX = {"D": ChannelType.DM, "G": ChannelType.PRIVATE}
_CHANNEL_ENTITY = "slack#/types/channel_id"
_LONGEST_ID = 32
_UNREADABLE_MODES = frozenset({"tombstone", "hidden_by_limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in a workspace (`auth.test`)."""

    team_id: str
    user_id: str
    bot_id: str
    name: str
    enterprise_id: str = ""
    """The organisation that the workspace belongs to, if that is known."""

    def is_ours(self, message: Payload) -> bool:
        """Whether a message was written by us."""
        if message.get("user") == self.user_id:
            return True
        return bool(self.bot_id) and message.get("bot_id") == self.bot_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing for us; `reason` is for the log."""

    reason: str


def read_event(
    event: Payload, identity: Identity, allowed_bots: frozenset[str]
) -> Happening | Ignored:
    """What a `message`, `app_mention` or `agent_session_stopped` event means."""
    match event.get("type"):
        case "message":
            return _read_message(event, identity, allowed_bots)
        case "app_mention":
            return _read_posted(event, event, identity, allowed_bots, mentions_us=True)
        case "agent_session_stopped":
            return _read_stop(event, identity)
        case other:
            return Ignored(reason=f"event {other}")


def read_click(action: Payload, body: Payload, identity: Identity) -> Happening | Ignored:
    """What a click on one of our buttons means: Stop, once more, thumbs up or down."""
    channel = (body.get("channel") or {}).get("id", "")
    message = body.get("message") or {}
    ts = message.get("ts") or (body.get("container") or {}).get("message_ts", "")
    action_id = str(action.get("action_id", ""))
    if action_id == STOP_ACTION and ts:
        thread_ts = message.get("thread_ts") or ts
        key = ThreadKey(team_id=identity.team_id, channel_id=channel, thread_ts=thread_ts)
        return StopAsked(key=key)
    value, _, rating = str(action.get("value", "")).partition(":")
    if not value.isdecimal():
        return Ignored(reason=f"action {action_id}")
    where = {"reply_id": int(value), "team_id": identity.team_id, "channel_id": channel}
    if how := AGAIN_ACTIONS.get(action_id):
        return AgainAsked(**where, how=how)
    if action_id == RATE_ACTION and rating in {"good", "bad"}:
        user = str((body.get("user") or {}).get("id", ""))
        return Rated(**where, user_id=user, is_good=rating == "good")
    return Ignored(reason=f"action {action_id}")


def thread_message(message: Payload, identity: Identity) -> ThreadMessage | None:
    """A message of conversations.replies; None where nobody says anything in it."""
    if message.get("subtype") not in _SPOKEN or not message.get("ts"):
        return None
    if message.get("streaming_state") == "in_progress":
        return None
    author = _author(message, identity)
    # What stands beneath our own answers is buttons, and their text is the whole of them.
    by_us = author is Author.SELF
    text = legible(str(message.get("text") or "")) if by_us else words_of(message)
    files = _files(message)
    if not text and not files:
        return None
    return ThreadMessage(
        id=0,
        ts=message["ts"],
        author=author,
        author_id=_author_id(message),
        author_name=_bot_name(message) if author is Author.BOT else "",
        team_id=str(message.get("user_team") or message.get("team") or ""),
        text=text,
        files=tuple(file for file in files if file.url),
    )


def stubs(message: Payload) -> list[str]:
    """The ids of files that Slack Connect shows only as a stub ("check_file_info")."""
    return [file["id"] for file in _raw_files(message) if not _url(file)]


def shared_file(file: Payload) -> SharedFile:
    """A file object of Slack's as a value."""
    return SharedFile(
        file_id=str(file.get("id", "")),
        name=legible(str(file.get("name") or file.get("title") or "file")),
        media_type=str(file.get("mimetype") or "application/octet-stream"),
        size=int(file.get("size") or 0),
        url=_url(file),
    )


def other_forms(file: Payload) -> OtherForms:
    """What Slack has made of a file, from the whole of its object."""
    heard = file.get("transcription") or {}
    preview = heard.get("preview") or {}
    return OtherForms(
        mp4=str(file.get("mp4") or ""),
        pdf=str(file.get("converted_pdf") or ""),
        subtitles=str(file.get("vtt") or ""),
        said=str(preview.get("content") or ""),
        is_all_said=not preview.get("has_more"),
        is_being_heard=heard.get("status") == "processing",
    )


def _read_message(
    event: Payload, identity: Identity, allowed_bots: frozenset[str]
) -> Happening | Ignored:
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _read_edit(event, identity, allowed_bots)
    if subtype == "message_deleted":
        return _deleted(event, event.get("deleted_ts"), identity)
    if subtype not in _SPOKEN:
        return Ignored(reason=f"subtype {subtype}")
    if event.get("hidden"):
        return Ignored(reason="hidden")
    return _read_posted(event, event, identity, allowed_bots)


def _read_edit(
    event: Payload, identity: Identity, allowed_bots: frozenset[str]
) -> Happening | Ignored:
    message = event.get("message") or {}
    if message.get("subtype") == "tombstone":
        return _deleted(event, message.get("ts"), identity)
    if message.get("subtype") not in _SPOKEN:
        return Ignored(reason=f"changed {message.get('subtype')}")
    # Unfurled links and new replies of a thread come as message_changed too: same words, no edit.
    before = event.get("previous_message") or {}
    if before and words_of(before) == words_of(message):
        return Ignored(reason="text unchanged")
    posted = _read_posted(event, message, identity, allowed_bots)
    if not isinstance(posted, MessagePosted):
        return posted
    edited_ts = (message.get("edited") or {}).get("ts") or event.get("event_ts") or event.get("ts")
    return MessageEdited(message=posted, edited_ts=str(edited_ts or ""))


def _deleted(event: Payload, ts: str | None, identity: Identity) -> Happening | Ignored:
    if not ts or not event.get("channel"):
        return Ignored(reason="deletion without a ts")
    if identity.is_ours(event.get("previous_message") or {}):
        return Ignored(reason="our own message")
    return MessageDeleted(team_id=identity.team_id, channel_id=event["channel"], ts=ts)


def _read_stop(event: Payload, identity: Identity) -> Happening | Ignored:
    channel, thread_ts = event.get("channel"), event.get("thread_ts")
    if not channel or not thread_ts:
        return Ignored(reason="stop without a thread")
    key = ThreadKey(team_id=identity.team_id, channel_id=channel, thread_ts=thread_ts)
    return StopAsked(key=key)


def _read_posted(
    event: Payload,
    message: Payload,
    identity: Identity,
    allowed_bots: frozenset[str],
    *,
    mentions_us: bool = False,
) -> MessagePosted | Ignored:
    channel, ts = event.get("channel"), message.get("ts")
    if not channel or not ts:
        return Ignored(reason="message without channel or ts")
    author = _author(message, identity)
    if author is Author.SELF:
        return Ignored(reason="our own message")
    text = str(message.get("text") or "")
    mentioned = set(_USER_TOKEN.findall(text)) | set(_users_in(message.get("blocks") or ()))
    files = _files(message)
    return MessagePosted(
        key=ThreadKey(
            team_id=identity.team_id,
            channel_id=channel,
            thread_ts=message.get("thread_ts") or ts,
        ),
        ts=ts,
        channel_type=_channel_type(event, channel),
        author=author,
        author_id=_author_id(message),
        author_name=_bot_name(message) if author is Author.BOT else "",
        author_team=str(
            message.get("user_team") or message.get("source_team") or message.get("team") or ""
        ),
        text=words_of(message),
        files=tuple(file for file in files if file.url),
        is_whole=_is_whole(event, files),
        mentions_us=mentions_us or identity.user_id in mentioned,
        mentions_others=bool(mentioned - {identity.user_id}),
        bot_is_allowed=message.get("bot_id") in allowed_bots,
        viewing=_viewing(event),
    )


def _viewing(event: Payload) -> str:
    """The channel that somebody has open beside our messages ("Agents: app context")."""
    context = event.get("app_context")
    entities = context.get("entities") if isinstance(context, Mapping) else None
    for entity in entities or ():
        if isinstance(entity, Mapping) and entity.get("type") == _CHANNEL_ENTITY:
            return str(entity.get("value") or "")[:_LONGEST_ID]
    return ""


def _is_whole(event: Payload, files: list[SharedFile]) -> bool:
    """`app_mention` leaves files out, and Slack Connect sends stubs of them."""
    if any(not file.url for file in files):
        return False
    return event.get("type") != "app_mention" or bool(files)


def _author(message: Payload, identity: Identity) -> Author:
    if identity.is_ours(message):
        return Author.SELF
    by_bot = (
        message.get("bot_id")
        or message.get("bot_profile")
        or message.get("subtype") == "bot_message"
    )
    return Author.BOT if by_bot else Author.PERSON


def _author_id(message: Payload) -> str:
    return str(message.get("user") or message.get("bot_id") or "")


def _bot_name(message: Payload) -> str:
    profile = message.get("bot_profile") or {}
    return legible(str(message.get("username") or profile.get("name") or "a bot"))[:200]


def _channel_type(event: Payload, channel: str) -> ChannelType:
    try:
        return ChannelType(event.get("channel_type") or "")
    except ValueError:
        return _TYPE_BY_PREFIX.get(channel[:1], ChannelType.CHANNEL)


def _users_in(blocks: Iterable[Any]) -> Iterator[str]:
    """The people mentioned in rich text, wherever in it they stand."""
    for block in blocks:
        if not isinstance(block, Mapping):
            continue
        if block.get("type") == "user" and block.get("user_id"):
            yield block["user_id"]
        yield from _users_in(block.get("elements") or ())


def _raw_files(message: Payload) -> list[Payload]:
    return [
        file
        for file in (*(message.get("files") or ()), *forwarded_files(message))
        if isinstance(file, Mapping)
        and file.get("id")
        and file.get("mode") not in _UNREADABLE_MODES
    ]


def _files(message: Payload) -> list[SharedFile]:
    return [shared_file(file) for file in _raw_files(message)]


def _url(file: Payload) -> str:
    return str(file.get("url_private_download") or file.get("url_private") or "")
