"""Makes a digest that is due and posts it, once, whatever breaks on the way.

What is to be posted is noted before the first word of it is, and each message once it stands in
Slack: whoever takes over after a crash goes on behind the last one. Failures are tried again twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.conversation.digests.digest import (
    FAILURES_TOLD,
    Digest,
    Digests,
    Pause,
    Plan,
    Quiet,
    note_of,
)
from bot.conversation.digests.maker import DigestMaker, Edition
from bot.conversation.errands import Errand, Errands, Keep
from bot.errors import LostTurn, ModelError, NotForYou, SlackError

DIGEST = "digest"
"""The kind of errand."""
RETRIES = (60.0, 300.0)
"""Seconds until a digest that failed is tried again."""
FAILED = (
    "Your digest of {channels} could not be made {count} times in a row: {reason} "
    "I keep trying at its usual times."
)
FAILED_NOW = (
    "I could not make your digest of {channels} now: {reason} I try again in the next minutes."
)
OWNER_LEFT = "The digest that <@{owner}> had ordered here rests: they have left this workspace."
NO_ACCESS = "Your digest of {channels} rests. {reason} You can resume it with `/digest list`."
UNREADABLE = "I can't read any of its channels for you any more."
OUR_FAULT = "something went wrong on my side."
SLACK_FAULT = "Slack did not let me read or post."

Message = Mapping[str, Any]
"""A message as Slack takes it: `text` and `blocks`."""


class DigestRoom(Protocol):
    """What Slack is asked for around a digest, in one workspace."""

    async def is_here(self, user_id: str) -> bool:
        """Whether this person is still in the workspace. Raises SlackError."""
        ...

    async def admit(self, user_id: str, plan: Plan) -> None:
        """Make sure that the plan's place may be posted in for this person.

        Raises NotForYou with a sentence, and SlackError.
        """
        ...

    async def permit(self, user_id: str, plan: Plan, channel_id: str) -> None:
        """Make sure that a channel may be read to this person in the plan's place.

        Raises NotForYou with a sentence, and SlackError.
        """
        ...

    async def address(self, user_id: str, plan: Plan) -> str:
        """The id of the channel, or of the direct messages, that it is posted in."""
        ...

    def compose(self, digest: Digest, edition: Edition, due: datetime) -> Sequence[Message]:
        """The messages: a compact one, then its details."""
        ...

    def details(self, edition: Edition) -> Sequence[Message]:
        """The details alone."""
        ...

    async def preview(self, view_id: str, edition: Edition) -> None:
        """Show in a form's view how a digest would look. Raises SlackError."""
        ...

    async def no_preview(self, view_id: str, sentence: str) -> None:
        """Say there why nothing can be shown. Raises SlackError."""
        ...

    async def post(
        self, message: Message, *, channel: str, thread_ts: str, mark: str, look_first: bool
    ) -> str:
        """Post a message and return its ts; `look_first` for one with this mark, if it may stand.

        Raises SlackError; NotForYou where we can't post any more.
        """
        ...

    async def tell(self, user_id: str, sentence: str) -> None:
        """Say something to one person in direct messages, if Slack lets us; never raises."""
        ...

    async def say(self, channel: str, sentence: str) -> None:
        """Say something in a channel, if Slack lets us; never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDesk:
    """Everything a workspace's digests are made with."""

    team_id: str
    room: DigestRoom
    maker: DigestMaker
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


class DigestDesks(Protocol):
    """Finds the desk of a workspace."""

    async def digests_of(self, team_id: str) -> DigestDesk:
        """The desk at which that workspace's digests are made."""
        ...


class DigestErrands:
    """Implements `conversation.errands.Handler`."""

    def __init__(self, desks: DigestDesks, digests: Digests, errands: Errands) -> None:
        self._desks = desks
        self._digests = digests
        self._errands = errands

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Make it, post it, note what it told. Raises LostTurn."""
        digest = await self._digest(errand)
        if digest is None or digest.pause is not Pause.NOT:
            return
        desk = await self._desks.digests_of(errand.team_id)
        work = _Work(desk, self._digests, digest, errand, keep)
        try:
            await work.do()
        except LostTurn:
            raise
        except NotForYou as refusal:
            await keep(work.kept)  # raises where it was frozen meanwhile, and is another worker's
            await self._rest(digest, desk, str(refusal))
        except (SlackError, ModelError) as failure:
            await keep(work.kept)
            await self._failed(errand, digest, work.kept, reason_of(failure))

    async def give_up(self, errand: Errand) -> None:
        """Count it as a failure."""
        digest = await self._digest(errand)
        if digest is not None:
            await self._failed(errand, digest, errand.kept, OUR_FAULT)

    async def _digest(self, errand: Errand) -> Digest | None:
        return await self._digests.load(errand.team_id, int(errand.payload["digest"]))

    async def _rest(self, digest: Digest, desk: DigestDesk, reason: str) -> None:
        """It can't come any more as it was ordered: it rests, and somebody is told."""
        if await desk.room.is_here(digest.owner_id):
            await self._digests.pause(digest.id, Pause.NO_ACCESS)
            channels = digest.plan.channels_in_words
            words = NO_ACCESS.format(channels=channels, reason=reason)
            await desk.room.tell(digest.owner_id, words)
            return
        await self._digests.pause(digest.id, Pause.OWNER_LEFT)
        if digest.plan.place:
            await desk.room.say(digest.plan.place, OWNER_LEFT.format(owner=digest.owner_id))

    async def _failed(
        self, errand: Errand, digest: Digest, kept: Mapping[str, Any], reason: str
    ) -> None:
        """Try again a little later; the owner hears of the third failure in a row."""
        tries = int(errand.payload.get("tries", 0))
        moment = due_of(errand).timestamp() + sum(RETRIES[:tries])
        count = await self._digests.failed(digest.id, datetime.fromtimestamp(moment, UTC))
        desk = await self._desks.digests_of(errand.team_id)
        channels = digest.plan.channels_in_words
        if count == FAILURES_TOLD:
            words = FAILED.format(channels=channels, count=count, reason=reason)
            await desk.room.tell(digest.owner_id, words)
        elif "by_hand" in errand.payload and not tries:
            await desk.room.tell(
                digest.owner_id, FAILED_NOW.format(channels=channels, reason=reason)
            )
        if tries < len(RETRIES):
            await self._errands.add(
                team_id=errand.team_id,
                kind=DIGEST,
                payload={**errand.payload, "tries": tries + 1, "kept": dict(kept)},
                key=f"digest:{digest.id}:{errand.payload['due']}:{tries + 1}",
                due_at=desk.clock().timestamp() + RETRIES[tries],
            )


class _Work:
    """One digest on its way into Slack."""

    def __init__(
        self, desk: DigestDesk, digests: Digests, digest: Digest, errand: Errand, keep: Keep
    ) -> None:
        self._desk = desk
        self._digests = digests
        self._digest = digest
        self._errand = errand
        self._keep = keep
        self._due = due_of(errand)
        self.kept: dict[str, Any] = dict(errand.kept or errand.payload.get("kept") or {})
        """What has been done: the messages, the ts of those that stand, the notes."""
        self._is_repeat = errand.attempt > 1 or "tries" in errand.payload

    async def do(self) -> None:
        """Everything. Raises NotForYou, SlackError, ModelError and LostTurn."""
        digest, room = self._digest, self._desk.room
        if not await room.is_here(digest.owner_id):
            raise NotForYou(OWNER_LEFT)
        await room.admit(digest.owner_id, digest.plan)
        if "messages" not in self.kept:
            edition = await self._edition()
            await self._note(
                messages=self._messages(edition),
                posted=[],
                notes=[note.as_json() for note in edition.notes()],
            )
        await self._post()
        notes = [note_of(raw) for raw in self.kept["notes"]]
        await self._digests.told(digest.id, self._due, notes)

    async def _edition(self) -> Edition:
        plan, owner_id = self._digest.plan, self._digest.owner_id
        edition = await self._desk.maker.make(
            plan,
            await self._digests.notes(self._digest.id),
            now=self._desk.clock().astimezone(ZoneInfo(plan.recurrence.zone)),
            permit=lambda channel_id: self._desk.room.permit(owner_id, plan, channel_id),
        )
        if all(one.missing for one in edition.channels):
            raise NotForYou(" ".join([UNREADABLE, edition.channels[0].missing]))
        return edition

    def _messages(self, edition: Edition) -> list[Message]:
        is_awaited = "by_hand" in self._errand.payload
        if edition.is_quiet and self._digest.plan.quiet is Quiet.SKIP and not is_awaited:
            return []
        return list(self._desk.room.compose(self._digest, edition, self._due))

    async def _post(self) -> None:
        posted: list[str] = list(self.kept["posted"])
        messages = self.kept["messages"]
        if len(posted) == len(messages):
            return
        address = await self._desk.room.address(self._digest.owner_id, self._digest.plan)
        for number in range(len(posted), len(messages)):
            ts = await self._desk.room.post(
                messages[number],
                channel=address,
                thread_ts=posted[0] if posted else "",
                mark=f"{self._digest.id}:{self._errand.payload['due']}:{number}",
                look_first=self._is_repeat,
            )
            posted.append(ts)
            await self._note(posted=posted)

    async def _note(self, **changes: Any) -> None:
        self.kept = {**self.kept, **changes}
        await self._keep(self.kept)


def due_of(errand: Errand) -> datetime:
    """The time at which the errand's digest was due."""
    return datetime.fromtimestamp(float(errand.payload["due"]), UTC)


def reason_of(failure: SlackError | ModelError) -> str:
    """Why a digest could not be made, for people."""
    return failure.sentence if isinstance(failure, ModelError) else SLACK_FAULT
