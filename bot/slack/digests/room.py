"""What Slack is asked for around a digest: who may see what, where it is posted, once only."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.conversation.digests.digest import Digest, Plan
from bot.conversation.digests.errand import Message
from bot.conversation.digests.maker import Edition
from bot.conversation.ports_files import FileMaker
from bot.conversation.thread import ThreadKey
from bot.errors import (
    FileFailed,
    NotForYou,
    SlackError,
    SlackLimited,
    SlackRefused,
    SlackUnreachable,
)
from bot.slack.access import is_public
from bot.slack.digests.blocks import compact, compose, details
from bot.slack.digests.form import preview_view
from bot.slack.digests.listing import section
from bot.slack.installations import Installation
from bot.slack.markdown.charts import REFUSED, bars_of
from bot.slack.once import find_marked, post_once
from bot.slack.replies.footer import BLOCKS_REFUSED
from bot.slack.uploads import Uploads
from bot.telemetry.log import get_logger

log = get_logger("digests")

METADATA = "threadwise_digest"
"""The event type of a post's metadata ("Message metadata"): by it we find our own posts again."""
NOT_A_MEMBER = "You are not a member of <#{channel}>, so I don't post there in your name."
NOT_IN_SOURCE = "You are not a member of <#{channel}>: a digest of it can come to you alone, but not to a channel."
OUTSIDERS = (
    "People from other companies read <#{channel}>, so I post there only what was said there."
)
NO_POSTING = "I can't post in <#{channel}> ({code})."
WE_ARE_OUT = "I am not in <#{channel}>. Somebody in it can add me with `/invite`."
ARCHIVED = "<#{channel}> is archived."
_TRIES = 4
_LONGEST_WAIT = 90.0
_LOOK_BACK = 100
_LASTING = frozenset(
    {"is_archived", "not_in_channel", "channel_not_found", "no_permission", "cannot_dm_bot"}
)
_GONE = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


class SlackDigestRoom:
    """One workspace. Implements `conversation.digests.errand.DigestRoom`."""

    def __init__(self, here: Installation, files: FileMaker | None = None) -> None:
        """`files` draws charts where Slack does not; nothing that posts is without."""
        self._here = here
        self._api = here.api
        self._files = files

    async def is_here(self, user_id: str) -> bool:
        """Whether this person is still in the workspace. Raises SlackError."""
        try:
            user = (await self._api.read("users.info", user=user_id))["user"]
        except SlackRefused as refusal:
            if refusal.code in _GONE:
                return False
            raise
        return not user.get("deleted")

    async def admit(self, user_id: str, plan: Plan) -> None:
        """Make sure that the plan's place may be posted in for this person.

        Raises NotForYou with a sentence, and SlackError.
        """
        self._here.access.require_open(user_id, plan.place)
        if not plan.place:
            return
        channel = await self._require(user_id, plan.place, told_in=plan.place)
        if channel.get("is_archived"):
            raise NotForYou(ARCHIVED.format(channel=plan.place))
        if channel.get("is_member") is False:
            raise NotForYou(WE_ARE_OUT.format(channel=plan.place))
        if not await self._here.access.is_member(user_id, plan.place):
            raise NotForYou(NOT_A_MEMBER.format(channel=plan.place))
        if channel.get("is_ext_shared") and set(plan.channels) != {plan.place}:
            raise NotForYou(OUTSIDERS.format(channel=plan.place))

    async def permit(self, user_id: str, plan: Plan, channel_id: str) -> None:
        """Make sure that a channel may be read to this person in the plan's place.

        Raises NotForYou with a sentence, and SlackError.
        """
        # "D" stands for the direct messages with the owner, whatever their id.
        channel = await self._require(user_id, channel_id, told_in=plan.place or "D")
        if is_public(channel) and channel.get("is_member") is False:
            raise NotForYou(WE_ARE_OUT.format(channel=channel_id))
        if plan.place and not await self._here.access.is_member(user_id, channel_id):
            raise NotForYou(NOT_IN_SOURCE.format(channel=channel_id))

    async def admit_all(self, user_id: str, plan: Plan) -> None:
        """Both for the place and for every channel of a plan. Raises NotForYou and SlackError."""
        await asyncio.gather(
            self.admit(user_id, plan),
            *(self.permit(user_id, plan, channel_id) for channel_id in plan.channels),
        )

    async def _require(self, user_id: str, channel_id: str, *, told_in: str) -> dict[str, Any]:
        """As `Access.require`, but what Slack could not tell just now is no refusal."""
        try:
            return await self._here.access.require(user_id, channel_id, told_in=told_in)
        except NotForYou as refusal:
            cause = refusal.__cause__
            if isinstance(cause, SlackLimited | SlackUnreachable):
                raise cause from refusal
            if isinstance(cause, KeyError | TypeError | ValueError):
                raise SlackUnreachable("conversations.info", "unreadable answer") from refusal
            raise

    async def address(self, user_id: str, plan: Plan) -> str:
        """The id of the channel, or of the direct messages, that it is posted in."""
        if plan.place:
            return plan.place
        opened = await self._api.write("conversations.open", users=user_id)
        return str(opened["channel"]["id"])

    def compose(self, digest: Digest, edition: Edition, due: datetime) -> Sequence[Message]:
        """The messages: a compact one, then its details."""
        return compose(digest, edition, due)

    def details(self, edition: Edition) -> Sequence[Message]:
        """The details alone."""
        return list(details(edition))

    async def preview(self, view_id: str, edition: Edition) -> None:
        """Show in a form's view how a digest would look. Raises SlackError."""
        await self._api.write("views.update", view_id=view_id, view=preview_view(compact(edition)))

    async def no_preview(self, view_id: str, sentence: str) -> None:
        """Say there why nothing can be shown. Raises SlackError."""
        await self._api.write(
            "views.update", view_id=view_id, view=preview_view([section(sentence)])
        )

    async def post(
        self, message: Message, *, channel: str, thread_ts: str, mark: str, look_first: bool
    ) -> str:
        """Post a message and return its ts; `look_first` for one with this mark, if it may stand.

        Raises SlackError; NotForYou where we can't post any more.
        """
        posting = _Posting(self._here, channel=channel, thread_ts=thread_ts, mark=mark)
        try:
            ts = await posting.post(message, look_first=look_first)
            if posting.undrawn:
                key = ThreadKey(
                    team_id=self._here.identity.team_id,
                    channel_id=channel,
                    thread_ts=thread_ts or ts,
                )
                await self._draw(posting.undrawn, key, look_first=posting.was_there)
            return ts
        except SlackRefused as refusal:
            if refusal.code in _LASTING or refusal.code.startswith("restricted_action"):
                words = NO_POSTING.format(channel=channel, code=refusal.code)
                raise NotForYou(words) from refusal
            raise

    async def _draw(
        self, blocks: Sequence[Mapping[str, Any]], key: ThreadKey, *, look_first: bool
    ) -> None:
        """Share charts as pictures, each once; a digest that stands is no failure for want of one."""
        if self._files is None:
            return
        uploads, history = Uploads(self._api, self._here.history), self._here.history
        try:
            shared = await history.own_files(key, key.thread_ts) if look_first else set()
            for block in blocks:
                picture = await self._files.picture(bars_of(block))
                if picture.name not in shared:
                    await uploads.hand_over(
                        picture, channel_id=key.channel_id, thread_ts=key.thread_ts
                    )
        except (FileFailed, SlackError) as error:
            log.info("digest's chart not shared", reason=str(error))

    async def tell(self, user_id: str, sentence: str) -> None:
        """Say something to one person in direct messages, if Slack lets us; never raises."""
        try:
            opened = await self._api.write("conversations.open", users=user_id)
        except SlackError as error:
            log.warning("could not tell somebody about a digest", reason=str(error))
            return
        await self.say(str(opened["channel"]["id"]), sentence)

    async def say(self, channel: str, sentence: str) -> None:
        """Say something in a channel, if Slack lets us; never raises."""
        try:
            await post_once(self._api, channel, text=sentence)
        except SlackError as error:
            log.warning("could not speak of a digest", channel=channel, reason=str(error))


class _Posting:
    """One message on its way: tried again when Slack is busy, found again when nobody knows."""

    def __init__(self, here: Installation, *, channel: str, thread_ts: str, mark: str) -> None:
        self._here = here
        self._channel = channel
        self._thread_ts = thread_ts
        self._mark = mark
        self.undrawn: list[Mapping[str, Any]] = []
        """Charts that Slack did not take."""
        self.was_there = False
        """Whether it stood in Slack before: a crash may have come between it and its pictures."""

    async def post(self, message: Message, *, look_first: bool) -> str:
        """Post it, once; returns its ts. Raises SlackError."""
        standing = await self._find() if look_first else None
        for attempt in range(1, _TRIES + 1):
            if standing is not None:
                return self._stood(standing, message)
            try:
                return await self._send(message)
            except SlackLimited as limited:
                if attempt == _TRIES or limited.retry_after > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(limited.retry_after)
            except SlackUnreachable:
                if attempt == _TRIES:
                    raise
                standing = await self._find()
        raise SlackUnreachable("chat.postMessage", "never answered")

    def _stood(self, standing: Mapping[str, Any], message: Message) -> str:
        """The ts of the message that is there; charts that it came without are still to be drawn."""
        drawn = {block.get("type") for block in standing.get("blocks") or ()}
        _, charts = _without_charts(message["blocks"])
        self.undrawn = [chart for chart in charts if chart["type"] not in drawn]
        self.was_there = True
        return str(standing["ts"])

    async def _send(self, message: Message) -> str:
        await asyncio.sleep(self._here.budget.next_post(self._channel))
        log.debug("digest goes out", channel=self._channel, mark=self._mark)
        blocks, refused = message["blocks"], self._here.budget.refused
        plainer, charts = _without_charts(blocks)
        if not charts or REFUSED in refused:
            self.undrawn = charts
            return await self._write(message["text"], plainer)
        try:
            return await self._write(message["text"], blocks)
        except SlackRefused as refusal:
            if refusal.code not in BLOCKS_REFUSED:
                raise
            log.info("digest without its chart", reason=refusal.code)
        ts = await self._write(message["text"], plainer)
        refused.add(REFUSED)  # without it, Slack took the rest
        self.undrawn = charts
        return ts

    async def _write(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> str:
        posted = await self._here.api.write(
            "chat.postMessage",
            channel=self._channel,
            text=text,
            blocks=blocks,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": METADATA, "event_payload": {"mark": self._mark}},
            **({"thread_ts": self._thread_ts} if self._thread_ts else {}),
        )
        return str(posted["ts"])

    async def _find(self) -> Mapping[str, Any] | None:
        """The message if it stands in Slack already. Raises SlackError."""
        found = await find_marked(
            self._here.api,
            self._is_it,
            channel=self._channel,
            thread_ts=self._thread_ts,
            limit=_LOOK_BACK,
        )
        return found if found is not None and self._here.identity.is_ours(found) else None

    def _is_it(self, raw: Mapping[str, Any]) -> bool:
        metadata = raw.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        return metadata.get("event_type") == METADATA and payload.get("mark") == self._mark


def _without_charts(
    blocks: Sequence[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The blocks that every workspace takes, and the charts."""
    charts = [block for block in blocks if block["type"] == "data_visualization"]
    return [block for block in blocks if block not in charts], charts
