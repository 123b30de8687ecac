"""The names behind Slack's ids, asked for once an hour at most."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.conversation.legible import legible
from bot.conversation.ports import Names, Person
from bot.conversation.rules import Standing
from bot.conversation.thread import Author, ThreadMessage
from bot.errors import SlackError, SlackLimited
from bot.slack.api import SlackApi

_KEEP_SECONDS = 3600.0
_KEEP_MISSING_SECONDS = 60.0
_MOST = 50_000
_PATIENCE = 3.0
"""Seconds a turn waits for names; an answer without them is better than none."""
_MANY = 40
"""So many people are not asked for one by one: a minute has a hundred such calls ("users.info")."""
_AT_ONCE = 20
_LIST_PAGE = 200
_LIST_PAGES = 10
_LIST_PATIENCE = 10.0
_USER = re.compile(r"<@([UW][A-Z0-9]+)")
_CHANNEL = re.compile(r"<#([CDG][A-Z0-9]+)(?:\|\s*)?>")

T = TypeVar("T")


class Directory:
    """People and channels of one workspace."""

    def __init__(
        self, api: SlackApi, us: Person, team_id: str = "", enterprise_id: str = ""
    ) -> None:
        self._api = api
        self._us = us
        self._team_id = team_id
        self._enterprise_id = enterprise_id
        self._people: _Kept[_Known] = _Kept(self._ask_person)
        self._channels: _Kept[str] = _Kept(self._ask_channel)
        self._listing = asyncio.Lock()
        self._asking = asyncio.Semaphore(_AT_ONCE)
        self._limited_until = 0.0

    async def names(self, messages: Iterable[ThreadMessage], channel: str) -> Names:
        """The names of everybody and every channel these messages speak of."""
        users: set[str] = set()
        channels = set() if channel.startswith("D") else {channel}
        for message in messages:
            if message.author is Author.PERSON and message.author_id:
                users.add(message.author_id)
            users.update(_USER.findall(message.text))
            channels.update(_CHANNEL.findall(message.text))
        await self._list(users - {self._us.id})
        people, places = await asyncio.gather(
            self._people.get_all(users - {self._us.id}), self._channels.get_all(channels)
        )
        named = {user_id: known.person for user_id, known in people.items()}
        return Names(people={**named, self._us.id: self._us}, channels=places)

    async def person(self, user_id: str) -> Person:
        """One person, by its id where Slack does not tell the name."""
        found = await self._people.get_all([user_id])
        return found[user_id].person if user_id in found else Person(id=user_id, name=user_id)

    async def standing(self, user_id: str) -> Standing:
        """What a person is to this workspace; UNKNOWN where Slack does not say in time."""
        found = await self._people.get_all([user_id])
        return found[user_id].standing if user_id in found else Standing.UNKNOWN

    async def _list(self, users: set[str]) -> None:
        """Learn of many people at once, as far as some pages of the list have them."""
        with suppress(SlackError, TimeoutError, KeyError, TypeError, AttributeError):
            async with asyncio.timeout(_LIST_PATIENCE), self._listing:
                cursor = ""
                for _ in range(_LIST_PAGES):
                    if self._people.count_missing(users) <= _MANY:
                        return
                    more = {"cursor": cursor} if cursor else {}
                    page = await self._api.read("users.list", limit=_LIST_PAGE, **more)
                    for user in page.get("members") or ():
                        self._people.keep(str(user["id"]), self._known(user))
                    cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                    if not cursor:
                        return

    async def _ask_person(self, user_id: str) -> "_Known":
        async with self._asking:
            if (left := self._limited_until - time.monotonic()) > 0:
                raise SlackLimited("users.info", left)
            try:
                found = await self._api.read("users.info", user=user_id)
            except SlackLimited as limited:
                self._limited_until = time.monotonic() + limited.retry_after
                raise
        return self._known(found["user"])

    def _known(self, user: Mapping[str, Any]) -> "_Known":
        standing = standing_of(user, self._team_id, self._enterprise_id)
        return _Known(person=person_of(user), standing=standing)

    async def _ask_channel(self, channel_id: str) -> str:
        channel = (await self._api.read("conversations.info", channel=channel_id))["channel"]
        return channel.get("name") or channel_id


def person_of(user: Mapping[str, Any], *, both_names: bool = False) -> Person:
    """A user of Slack's as a person; with the full name behind the display name if asked."""
    profile = user.get("profile") or {}
    full = str(profile.get("real_name") or user.get("real_name") or "")
    name = str(profile.get("display_name") or full or user.get("name") or user["id"])
    if both_names and full and full != name:
        name = f"{name} ({full})"
    return Person(id=str(user["id"]), name=legible(name), time_zone=user.get("tz") or "UTC")


def standing_of(user: Mapping[str, Any], team_id: str, enterprise_id: str = "") -> Standing:
    """What a user of Slack's is to a workspace ("users.info"; in an organisation a person is at
    home in several, and meets the people of the others in channels that workspaces share).
    """
    home = user.get("team_id") or team_id
    theirs = user.get("enterprise_user") or {}
    is_colleague = bool(enterprise_id) and theirs.get("enterprise_id") == enterprise_id
    is_at_home = not team_id or home == team_id or team_id in (theirs.get("teams") or ())
    if user.get("is_stranger") or not (is_at_home or is_colleague):
        return Standing.EXTERNAL
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What Slack has said of a person."""

    person: Person
    standing: Standing


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T | None
    until: float


class _Kept(Generic[T]):
    """Answers of Slack, kept for an hour; the one unused for longest goes first."""

    def __init__(self, ask: Callable[[str], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def get_all(self, keys: Iterable[str]) -> dict[str, T]:
        """What is known of these keys, after asking for the others within some seconds."""
        wanted = list(keys)
        missing = [key for key in wanted if not self._is_fresh(key)]
        if missing:
            await asyncio.wait({self._asking(key) for key in missing}, timeout=_PATIENCE)
        found = {key: self._entries[key].value for key in wanted if key in self._entries}
        return {key: value for key, value in found.items() if value is not None}

    def count_missing(self, keys: Iterable[str]) -> int:
        """How many of these would have to be asked for."""
        return sum(not self._is_fresh(key) for key in keys)

    def keep(self, key: str, value: T) -> None:
        """Keep what was learnt in another way."""
        self._put(key, _Entry(value, time.monotonic() + _KEEP_SECONDS))

    def _is_fresh(self, key: str) -> bool:
        entry = self._entries.get(key)
        if entry is None or entry.until < time.monotonic():
            return False
        self._entries.move_to_end(key)
        return True

    def _asking(self, key: str) -> asyncio.Task[None]:
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._learn(key), name=f"name {key}")
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return task

    async def _learn(self, key: str) -> None:
        try:
            entry = _Entry(await self._ask(key), time.monotonic() + _KEEP_SECONDS)
        except (SlackError, KeyError, TypeError, AttributeError):
            if key in self._entries:
                return  # an old name is better than none
            entry = _Entry(None, time.monotonic() + _KEEP_MISSING_SECONDS)
        self._put(key, entry)

    def _put(self, key: str, entry: _Entry[T]) -> None:
        self._entries[key] = entry
        if len(self._entries) > _MOST:
            self._entries.popitem(last=False)
