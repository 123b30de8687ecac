"""Who may see what: asked of Slack at that moment, by the id of the person who asks.

We are in channels that a person is not in; what we read for them must be what Slack would show
them, and what we say must not show it to others. An answer in a channel is read by everybody there.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.conversation.rules import NO_RULES, NOT_YOU, Rules
from bot.errors import NotForYou, SlackError, SlackRefused
from bot.slack.api import SlackApi

_PAGE = 1_000
NOT_THERE = "There is no such conversation, or it is one I can't see."
NOT_A_MEMBER = "You are not a member of that conversation, so I can't read it for you."
NOT_HERE = (
    "That is in a private conversation, and others can read this one. "
    "Ask me in a direct message, and I can read it for you."
)
OUTSIDERS = (
    "People from other companies read this conversation, so I tell here only what was said in it. "
    "Ask me in a direct message, and I can read the rest for you."
)
INVITE = "I am not in that channel. Somebody in it can add me with `/invite`."
NO_ANSWER = "Slack did not tell me whether you may see that. Please try again."
CLOSED = "I don't post in <#{channel}>: that is how I was set up here."
LEFT_ALONE = "I leave <#{channel}> alone: that is how I was set up here."
NO_SCOPE = (
    "I lack the permission to look at conversations of that kind: an admin can give it to me."
)
_OUR_ABSENCE = frozenset({"not_in_channel", "no_permission"})


class Access:
    """The rights of people in one workspace."""

    def __init__(self, api: SlackApi, rules: Rules = NO_RULES) -> None:
        """`rules` are the admin's: what Slack allows, they may forbid."""
        self._api = api
        self._rules = rules

    def require_open(self, user_id: str, channel_id: str) -> None:
        """Make sure that something may be posted in a channel for a person; empty for a message to them.

        Raises NotForYou with a sentence.
        """
        if self._rules.closes(channel_id):
            raise NotForYou(CLOSED.format(channel=channel_id))
        if self._rules.refuses(user_id):
            raise NotForYou(NOT_YOU)

    async def require(self, user_id: str, channel_id: str, *, told_in: str) -> dict[str, Any]:
        """Make sure that this person may have this channel read to them in the channel `told_in`.

        Returns the channel (`conversations.info`). Raises NotForYou with a sentence.
        """
        if self._rules.closes(channel_id):
            raise NotForYou(LEFT_ALONE.format(channel=channel_id))
        try:
            found = await self._api.read("conversations.info", channel=channel_id)
            channel = dict(found["channel"])
            if not await self._may_see(user_id, channel):
                raise NotForYou(NOT_A_MEMBER)
            if told_in != channel_id and not told_in.startswith("D"):
                await self._require_tellable(channel, told_in)
        except SlackRefused as refusal:
            raise NotForYou(_why_not(refusal.code)) from refusal
        except (SlackError, KeyError, TypeError, ValueError) as error:
            raise NotForYou(NO_ANSWER) from error
        return channel

    async def is_member(self, user_id: str, channel_id: str) -> bool:
        """Whether this person is in the channel, and so may post there. Raises SlackError."""
        async for member in self._members(channel_id):
            if member == user_id:
                return True
        return False

    async def _require_tellable(self, channel: dict[str, Any], told_in: str) -> None:
        """Make sure that whoever reads `told_in` may know. Raises NotForYou and SlackError."""
        if not is_public(channel):
            raise NotForYou(NOT_HERE)
        told = (await self._api.read("conversations.info", channel=told_in))["channel"]
        if told.get("is_ext_shared"):
            raise NotForYou(OUTSIDERS)

    async def _may_see(self, user_id: str, channel: dict[str, Any]) -> bool:
        if channel.get("is_im"):
            return channel.get("user") == user_id
        if is_public(channel) and await self._is_full_member(user_id):
            return True
        return await self.is_member(user_id, str(channel["id"]))

    async def _is_full_member(self, user_id: str) -> bool:
        """Whether a person sees all public channels: guests and people from outside do not."""
        user = (await self._api.read("users.info", user=user_id))["user"]
        guest = user.get("is_restricted") or user.get("is_ultra_restricted")
        return not (guest or user.get("is_stranger") or user.get("deleted"))

    async def _members(self, channel_id: str) -> AsyncIterator[str]:
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self._api.read(
                "conversations.members", channel=channel_id, limit=_PAGE, **more
            )
            for member in page.get("members") or ():
                yield member
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def is_public(channel: Mapping[str, Any]) -> bool:
    """Whether everybody in the workspace but guests can see a channel."""
    return bool(channel.get("is_channel")) and not channel.get("is_private")


def _why_not(code: str) -> str:
    """Slack's word as a sentence."""
    if code == "missing_scope":
        return NO_SCOPE
    return INVITE if code in _OUR_ABSENCE else NOT_THERE
