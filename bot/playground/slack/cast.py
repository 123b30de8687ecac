"""Who and what there is in the playground's workspace when it opens."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass(kw_only=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    real_name: str
    tz: str = "Etc/UTC"
    color: str = "#5a6472"
    is_restricted: bool = False
    """A guest: sees nothing but the channels they are in."""
    is_stranger: bool = False
    """Somebody of another workspace, in a shared channel."""
    deleted: bool = False


@dataclass(kw_only=True)
class Channel:
    """A channel, a group or a direct message."""

    id: str
    name: str
    type: str
    """`channel`, `private`, `mpim` or `im`."""
    members: set[str]
    topic: str = ""
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    """By ts, oldest first."""
    replies: dict[str, list[str]] = field(default_factory=dict)
    """By the ts of a thread's first message: the ts of its replies."""

    @property
    def event_type(self) -> str:
        """`channel_type` as events have it."""
        return {"private": "group"}.get(self.type, self.type)


def people() -> tuple[Person, ...]:
    """Three people in three time zones."""
    return (
        Person(
            id="U0ANNA",
            name="anna",
            real_name="Anna Schmidt",
            tz="Europe/Berlin",
            color="#c2417c",
        ),
        Person(
            id="U0BEN",
            name="ben",
            real_name="Ben Carter",
            tz="America/New_York",
            color="#2f7d5b",
        ),
        Person(id="U0CHEN", name="chen", real_name="Chen Wei", tz="Asia/Shanghai", color="#3b6fd4"),
    )


def channels(bot: str, more: int) -> Iterator[Channel]:
    """Channels of every kind: with the bot and without, private, archived, a group, direct ones."""
    everybody = {person.id for person in people()}
    with_bot = {*everybody, bot}
    few = {"U0ANNA", "U0BEN", bot}
    trio = "mpdm-anna--ben--threadwise-1"
    yield Channel(
        id="C0GENERAL",
        name="general",
        type="channel",
        members=set(with_bot),
        topic="Everything and everybody",
    )
    yield Channel(
        id="C0ENG",
        name="engineering",
        type="channel",
        members=set(with_bot),
        topic="How we build it",
    )
    yield Channel(
        id="C0RANDOM",
        name="random",
        type="channel",
        members=set(everybody),
        topic="Threadwise is not in this one",
    )
    yield Channel(
        id="C0LAUNCH", name="launch-2025", type="channel", members=set(with_bot), archived=True
    )
    yield Channel(id="G0LEADS", name="leads", type="private", members=set(few))
    yield Channel(id="G0TRIO", name=trio, type="mpim", members=set(few))
    for person in people():
        yield Channel(id=f"D0{person.name.upper()}", name="", type="im", members={person.id, bot})
    for n in range(1, more + 1):
        yield Channel(id=f"C0ROOM{n}", name=f"room-{n}", type="channel", members=set(with_bot))
