"""Beside the digest itself: how one would look before it is saved, and more detail of one posted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.conversation.digests.digest import ChannelNote, Digests, Plan, plan_of
from bot.conversation.digests.errand import OUR_FAULT, DigestDesk, DigestDesks, due_of, reason_of
from bot.conversation.digests.maker import Edition
from bot.conversation.errands import Errand, Errands, Keep
from bot.conversation.summaries.request import Length
from bot.errors import ModelError, NotForYou, SlackError

PREVIEW = "digest_preview"
DETAIL = "digest_detail"
"""Kinds of errands."""
NO_PREVIEW = "I can't show a preview: {reason}"
NO_DETAIL = "No more detail: {reason}"
GONE = "that digest does not exist any more."
NOT_YET = "the digest is not complete yet. Please try again in a moment."
FORGOTTEN = "I don't know any more what that digest was made of."
NOTHING_MORE = "there is nothing more to tell."
_ONE_RUN = timedelta(hours=3)
"""So long after its time a digest may still be under way: caught up, and tried again."""


class PreviewErrands:
    """Shows a plan's first edition to whoever fills in the form. An errands `Handler`."""

    def __init__(self, desks: DigestDesks) -> None:
        self._desks = desks

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Make it and show it; nothing is kept."""
        desk = await self._desks.digests_of(errand.team_id)
        view_id = str(errand.payload["view"])
        plan, user_id = plan_of(errand.payload["plan"]), str(errand.payload["user"])
        try:
            edition = await _made(desk, plan, user_id, None)
        except (NotForYou, SlackError, ModelError) as failure:
            reason = str(failure) if isinstance(failure, NotForYou) else reason_of(failure)
            await desk.room.no_preview(view_id, NO_PREVIEW.format(reason=reason))
            return
        await desk.room.preview(view_id, edition)

    async def give_up(self, errand: Errand) -> None:
        """Say so in the form."""
        desk = await self._desks.digests_of(errand.team_id)
        words = NO_PREVIEW.format(reason=OUR_FAULT)
        await desk.room.no_preview(str(errand.payload["view"]), words)


class DetailErrands:
    """Tells more of an edition in the thread below it. An errands `Handler`."""

    def __init__(self, desks: DigestDesks, digests: Digests, errands: Errands) -> None:
        self._desks = desks
        self._digests = digests
        self._errands = errands

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Read once more what it was made of, and say more about it. Raises LostTurn."""
        digest = await self._digests.load(errand.team_id, int(errand.payload["digest"]))
        desk = await self._desks.digests_of(errand.team_id)
        if digest is None:
            await self._fail(errand, desk, GONE)
            return
        notes = await self._digests.told_at(digest.id, due_of(errand))
        if not notes:
            is_new = desk.clock() - due_of(errand) < _ONE_RUN
            await self._fail(errand, desk, NOT_YET if is_new else FORGOTTEN)
            return
        # It is read where it was clicked, whatever the digest's place is by now.
        channel_id = str(errand.payload["channel"])
        place = "" if channel_id.startswith("D") else channel_id
        plan = replace(digest.plan, length=Length.DETAILED, place=place)
        try:
            edition = await _made(desk, plan, digest.owner_id, notes)
            if not await self._post(errand, keep, desk, edition):
                await self._fail(errand, desk, NOTHING_MORE)
        except (NotForYou, SlackError, ModelError) as failure:
            reason = str(failure) if isinstance(failure, NotForYou) else reason_of(failure)
            await keep(errand.kept)  # raises where it was frozen meanwhile, and is another worker's
            await self._fail(errand, desk, reason)

    async def give_up(self, errand: Errand) -> None:
        """Say so to whoever asked."""
        desk = await self._desks.digests_of(errand.team_id)
        await self._fail(errand, desk, OUR_FAULT)

    async def _post(self, errand: Errand, keep: Keep, desk: DigestDesk, edition: Edition) -> bool:
        """Whether there was anything to post."""
        done = int(errand.kept.get("posted", 0))
        messages = desk.room.details(edition)
        for number, message in enumerate(messages):
            if number < done:
                continue
            await desk.room.post(
                message,
                channel=str(errand.payload["channel"]),
                thread_ts=str(errand.payload["thread_ts"]),
                mark=f"{errand.payload['digest']}:{errand.payload['due']}:detail:{number}",
                look_first=True,  # an earlier click may have come half the way
            )
            await keep({"posted": number + 1})
        return bool(messages)

    async def _fail(self, errand: Errand, desk: DigestDesk, reason: str) -> None:
        """Say so to whoever has clicked; they may click again."""
        await self._errands.reopen(errand)
        await desk.room.tell(str(errand.payload["user"]), NO_DETAIL.format(reason=reason))


async def _made(
    desk: DigestDesk, plan: Plan, user_id: str, notes: Sequence[ChannelNote] | None
) -> Edition:
    """An edition for that person: a first one, or one that was told already, by its notes."""
    now = desk.clock().astimezone(ZoneInfo(plan.recurrence.zone))

    async def permit(channel_id: str) -> None:
        await desk.room.permit(user_id, plan, channel_id)

    if notes is None:
        return await desk.maker.make(plan, (), now=now, permit=permit)
    return await desk.maker.retell(plan, notes, now=now, permit=permit)
