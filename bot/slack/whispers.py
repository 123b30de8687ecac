"""Words that one person sees and nobody else: by response URL, and when that is used up by DM.

A response URL takes five messages within half an hour ("Handling user interaction"), and only that of
a click changes a message: what a command's says stands below what it has said before. So uses are
kept for the end, and the progress is told seldom.

Where Slack's answer is lost nobody knows whether it was said. What replaces a message is said again: it
is the same. What was posted is looked for. Only the last words at a command's URL, which can be neither
replaced nor looked for, are then said by direct message, too: better twice than never.
"""

import time
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.conversation.summaries.errand import Remedy
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import Address
from bot.errors import SlackError, SlackRefused, SlackUnreachable
from bot.slack.api import SlackApi
from bot.slack.budget import edit_pause
from bot.slack.markdown.rendering import preview
from bot.slack.once import post_once, whisper
from bot.slack.summaries.blocks import Blocks, buttons, pages, remedy_button, section, text_block
from bot.telemetry.log import get_logger

log = get_logger("slack")

_USES = 5
_FOR_THE_END = 3
"""Uses of a response URL that the progress leaves alone."""
_REPLACING_PAUSES = (3.0, 15.0)
"""Seconds before each word about the progress, where it changes the message that is there."""
_ADDING_PAUSES = (20.0,)
"""The same, where each word is one more message."""


class SlackWhisper:
    """One answer to one person. Implements `conversation.summaries.errand.Whisper`."""

    def __init__(self, api: SlackApi, address: Address) -> None:
        self._api = api
        self._address = address
        self._url = address.response_url
        self._uses = 0
        self._replaces = address.replaces
        self._direct = _DirectMessage(api, address.user_id)
        self._began = time.monotonic()
        self._told = 0

    async def progress(self, markdown: str) -> None:
        """Show how far it is, if there is still a way to show it; never raises."""
        if not self._may_tell():
            return
        self._told += 1
        page = pages(markdown)[0]
        try:
            await self._put([text_block(page)], preview(page), is_last=False)
        except SlackError as error:
            log.info("progress not shown", reason=str(error))

    async def show(self, summary: KeptSummary, *, shares_in: str) -> None:
        """The summary with its buttons; `shares_in` is the channel it may be shared in."""
        all_pages = pages(summary.markdown)
        for number, page in enumerate(all_pages, start=1):
            blocks: Blocks = [text_block(page)]
            if number == len(all_pages):
                blocks += buttons(summary, shares_in=shares_in)
            await self._put(blocks, preview(page), is_last=True)

    async def say(self, sentence: str, remedy: Remedy | None = None) -> None:
        """One sentence. Raises SlackError."""
        blocks = [section(sentence), *(remedy_button(remedy) if remedy else ())]
        await self._put(blocks, sentence, is_last=True)

    def _may_tell(self) -> bool:
        waited = time.monotonic() - self._began
        if not self._url:
            return waited >= sum(edit_pause(number) for number in range(self._told))
        pauses = _REPLACING_PAUSES if self._replaces else _ADDING_PAUSES
        if self._told >= len(pauses) or self._uses >= _USES - _FOR_THE_END:
            return False
        return waited >= sum(pauses[: self._told + 1])

    async def _put(self, blocks: Blocks, text: str, *, is_last: bool) -> None:
        said = await self._respond(blocks, text)
        if said is _Said.PERHAPS and self._replaces:
            said = await self._respond(blocks, text)
        if said is _Said.YES:
            # The next page stands below this one, and does not take its place.
            self._replaces = self._replaces and not is_last
        if said is _Said.YES or (said is _Said.PERHAPS and not is_last):
            return
        try:
            await self._direct.put(blocks, text, is_last=is_last)
        except SlackRefused as refusal:
            where, who = self._address.channel_id, self._address.user_id
            if not is_last or where[:1] not in {"C", "G"}:
                raise
            log.info("no direct message", reason=refusal.code)
            words = {"channel": where, "user": who, "text": text, "blocks": blocks}
            await whisper(self._api, **words)

    async def _respond(self, blocks: Blocks, text: str) -> "_Said":
        """Say it by the response URL, if that takes any more."""
        if not self._url or self._uses >= _USES:
            return _Said.NO
        self._uses += 1
        body: dict[str, Any] = {
            "response_type": "ephemeral",
            "replace_original": self._replaces,
            "text": text,
            "blocks": blocks,
        }
        if self._address.thread_ts and not self._replaces:
            body["thread_ts"] = self._address.thread_ts
        client = AsyncWebhookClient(self._url, session=self._api.session)
        try:
            response = await client.send_dict(body)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("response url silent", reason=type(error).__name__)
            return _Said.PERHAPS
        if response.status_code == 200:
            return _Said.YES
        log.info("response url refused", status=response.status_code, reason=response.body[:100])
        return _Said.PERHAPS if response.status_code >= 500 else _Said.NO


class _Said(Enum):
    """What became of words at a response URL."""

    YES = auto()
    NO = auto()
    PERHAPS = auto()


class _DirectMessage:
    """A message in the direct messages with a person, rewritten until it is complete."""

    def __init__(self, api: SlackApi, user_id: str) -> None:
        self._api = api
        self._user_id = user_id
        self._channel = ""
        self._ts = ""

    async def put(self, blocks: Blocks, text: str, *, is_last: bool) -> None:
        """Show this in place of what was shown so far. Raises SlackError."""
        if not self._channel:
            opened = await self._api.write("conversations.open", users=self._user_id)
            self._channel = str(opened["channel"]["id"])
        content: dict[str, Any] = {"text": text, "blocks": blocks}
        if self._ts:
            try:
                await self._update(content)
            except SlackRefused:
                self._ts = ""
        if not self._ts:
            quiet: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
            self._ts = await post_once(self._api, self._channel, **quiet, **content)
        if is_last:
            self._ts = ""

    async def _update(self, content: Mapping[str, Any]) -> None:
        where = {"channel": self._channel, "ts": self._ts}
        try:
            await self._api.write("chat.update", **where, **content)
        except SlackUnreachable:  # made again it is the same
            await self._api.write("chat.update", **where, **content)
