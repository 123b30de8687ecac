"""What Slack is asked for around a summary: who may read, who may post, where it is shown."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.conversation.files import FileFormat
from bot.conversation.ports import Person
from bot.conversation.ports_files import FileMaker
from bot.conversation.summaries.errand import Place
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import Address
from bot.errors import (
    NotForYou,
    NotInChannel,
    SlackLimited,
    SlackRefused,
    SlackUnreachable,
    UnreadableChannel,
)
from bot.slack.access import is_public
from bot.slack.installations import Installation
from bot.slack.markdown.rendering import preview
from bot.slack.once import find_marked
from bot.slack.summaries.blocks import asked_by, pages, text_block
from bot.slack.uploads import Begun, Uploads
from bot.slack.whispers import SlackWhisper

METADATA = "threadwise_summary"
NOT_HERE = "I am not in {name}. I can join it, or somebody in it adds me with `/invite`."
ARCHIVED = "{name} is archived, and I was not in it, so I can't read it any more."
ARCHIVED_SHARE = "{name} is archived: nothing can be posted there any more."
NOT_A_POSTER = "You are not a member of {name}, so I don't post there in your name."
OUTSIDERS = (
    "People from other companies read {name}, so I share there only what was said there. "
    "You can have the summary as a document."
)
NO_POSTING = "I am not allowed to post in {name}."
CANT_JOIN = "I could not join that channel. Somebody in it can add me with `/invite`."
MAY_NOT_JOIN = (
    "I lack the permission `channels:join`. Somebody in the channel can add me with `/invite`."
)
DOCUMENT_TITLE = "Summary of {title}"
_LOOK_BACK = 50
_LATELY = 3_600.0
_TRIES = 3
_LONGEST_WAIT = 90.0
"""Seconds that Slack may ask us to wait."""
_READ_ONLY = frozenset({"is_archived", "not_in_channel", "channel_not_found", "no_permission"})


class SlackSummaryRoom:
    """One workspace. Implements `conversation.summaries.errand.SummaryRoom`."""

    def __init__(self, here: Installation, files: FileMaker) -> None:
        self._here = here
        self._files = files
        self._api = here.api

    async def person(self, user_id: str) -> Person:
        """Who asks, and by which clock."""
        return await self._here.directory.person(user_id)

    async def place(self, user_id: str, channel_id: str, *, told_in: str = "") -> Place:
        """The channel, if the person may have it read to them and we can read it.

        `told_in` is the channel whose people will read it, too; empty: nobody but the person.
        Raises NotForYou, UnreadableChannel and SlackError.
        """
        access = self._here.access
        channel = await access.require(user_id, channel_id, told_in=told_in or channel_id)
        name = _name(channel)
        if is_public(channel) and not channel.get("is_member"):
            if channel.get("is_archived"):
                raise UnreadableChannel(ARCHIVED.format(name=name))
            raise NotInChannel(NOT_HERE.format(name=name))
        return Place(channel_id=channel_id, name=name, is_public=is_public(channel))

    async def join(self, channel_id: str) -> None:
        """Join a public channel. Raises UnreadableChannel."""
        try:
            await self._api.write("conversations.join", channel=channel_id)
        except SlackRefused as refusal:
            lacking = refusal.code == "missing_scope"
            raise UnreadableChannel(MAY_NOT_JOIN if lacking else CANT_JOIN) from refusal

    async def share(self, summary: KeptSummary, person: Person, *, channel_id: str) -> None:
        """Post it in a channel, in the name of the person. Raises NotForYou and SlackError.

        Posted once, however often this is called: a message of ours says which summary it is.
        """
        self._here.access.require_open(person.id, channel_id)
        channel = await self._here.access.require(person.id, channel_id, told_in=channel_id)
        name = _name(channel)
        if channel.get("is_archived"):
            raise NotForYou(ARCHIVED_SHARE.format(name=name))
        if not await self._here.access.is_member(person.id, channel_id):
            raise NotForYou(NOT_A_POSTER.format(name=name))
        if channel.get("is_ext_shared") and channel_id != summary.channel_id:
            raise NotForYou(OUTSIDERS.format(name=name))
        thread_ts = summary.thread_ts if channel_id == summary.channel_id else ""
        try:
            await self._share(summary, person, channel_id, thread_ts)
        except SlackRefused as refusal:
            if refusal.code in _READ_ONLY or refusal.code.startswith("restricted_action"):
                raise NotForYou(NO_POSTING.format(name=name)) from refusal
            raise

    async def hand_over(self, summary: KeptSummary, *, begun: str, on_begin: Begun) -> None:
        """Send it as a document to whoever asked. Raises FileFailed and SlackError.

        Sent once: what `on_begin` was told in an earlier attempt comes back as `begun`.
        """
        title = DOCUMENT_TITLE.format(title=summary.title)
        file = await self._files.make(
            f"# {title}\n\n{summary.markdown}", FileFormat.WORD, title=title
        )
        opened = await self._api.write("conversations.open", users=summary.user_id)
        uploads = Uploads(self._api, self._here.history)
        direct = str(opened["channel"]["id"])
        await uploads.hand_over(file, channel_id=direct, begun=begun, on_begin=on_begin)

    def whisper(self, address: Address) -> SlackWhisper:
        """A word to one person."""
        return SlackWhisper(self._api, address)

    async def _share(
        self, summary: KeptSummary, person: Person, channel_id: str, thread_ts: str
    ) -> None:
        """The first piece in the channel, what does not fit into it in its thread.

        Where Slack's answer to one is lost, it is looked for before it is posted again.
        """
        is_repeat = True
        for number, page in enumerate(pages(summary.markdown)):
            first = [] if number else [asked_by(summary, person.name)]
            message = {"text": preview(page), "blocks": [*first, text_block(page)]}
            mark = {"summary": summary.id, "page": number}
            ts = await self._standing(mark, channel_id, thread_ts) if is_repeat else ""
            is_repeat = bool(ts)
            ts = ts or await self._post(message, mark, channel_id, thread_ts)
            thread_ts = thread_ts or ts

    async def _standing(self, mark: Mapping[str, int], channel_id: str, thread_ts: str) -> str:
        """The ts of the message with this mark; empty if there is none."""
        try:
            return await self._marked(mark, channel_id, thread_ts)
        except SlackLimited as limited:
            if limited.retry_after > _LONGEST_WAIT:
                raise
            await asyncio.sleep(limited.retry_after)
            return await self._marked(mark, channel_id, thread_ts)

    async def _marked(self, mark: Mapping[str, int], channel_id: str, thread_ts: str) -> str:
        def is_it(message: Mapping[str, Any]) -> bool:
            return _mark_of(message) == mark and self._here.identity.is_ours(message)

        found = await find_marked(
            self._api,
            is_it,
            channel=channel_id,
            thread_ts=thread_ts,
            limit=_LOOK_BACK,
            lately=_LATELY,
        )
        return "" if found is None else str(found["ts"])

    async def _post(
        self, message: Mapping[str, Any], mark: Mapping[str, int], channel_id: str, thread_ts: str
    ) -> str:
        """Post a message, once; returns its ts. Raises SlackError."""
        for _ in range(_TRIES - 1):
            try:
                return await self._write(message, mark, channel_id, thread_ts)
            except SlackUnreachable:
                if ts := await self._standing(mark, channel_id, thread_ts):
                    return ts
        return await self._write(message, mark, channel_id, thread_ts)

    async def _write(
        self, message: Mapping[str, Any], mark: Mapping[str, int], channel_id: str, thread_ts: str
    ) -> str:
        posted = await self._api.write(
            "chat.postMessage",
            channel=channel_id,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": METADATA, "event_payload": dict(mark)},
            **message,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )
        return str(posted["ts"])


def _mark_of(message: Mapping[str, Any]) -> Mapping[str, int]:
    """Which piece of which summary a message of ours is; empty for others."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA:
        return {}
    return {"page": 0, **(metadata.get("event_payload") or {})}


def _name(channel: Mapping[str, Any]) -> str:
    if channel.get("is_im"):
        return "our direct messages"
    if channel.get("is_mpim"):
        return "this group conversation"
    return f"#{channel.get('name') or channel.get('id')}"
