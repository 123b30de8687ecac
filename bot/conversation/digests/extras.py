"""Beside the digest itself: how one would look before it is saved, and more detail of one posted."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.conversation.digests.digest import ChannelNote, Digests, Plan, plan_of
from bot.conversation.digests.errand import OUR_FAULT, DigestDesk, DigestDesks, due_of, reason_of
from bot.conversation.digests.maker import Edition
from bot.conversation.errands import Errand, Keep
from bot.conversation.summaries.request import Length
from bot.errors import ModelError, NotForYou, SlackError

PREVIEW = "digest_preview"
DETAIL = "digest_detail"
"""Kinds of errands."""
NO_PREVIEW = "I can't show a preview: {reason}"


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

    def __init__(self, desks: DigestDesks, digests: Digests) -> None:
        self._desks = desks
        self._digests = digests

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Read once more what it was made of, and say more about it. Raises LostTurn."""
        digest = await self._digests.load(errand.team_id, int(errand.payload["digest"]))
        if digest is None:
            return
        desk = await self._desks.digests_of(errand.team_id)
        notes = await self._digests.told_at(digest.id, due_of(errand))
        # It is read where it was clicked, whatever the digest's place is by now.
        channel_id = str(errand.payload["channel"])
        place = "" if channel_id.startswith("D") else channel_id
        plan = replace(digest.plan, length=Length.DETAILED, place=place)
        try:
            edition = await _made(desk, plan, digest.owner_id, notes)
            await self._post(errand, keep, desk, edition)
        except (NotForYou, SlackError, ModelError) as failure:
            reason = str(failure) if isinstance(failure, NotForYou) else reason_of(failure)
            await self._say(errand, desk, f"No more detail: {reason}")

    async def give_up(self, errand: Errand) -> None:
        """Say so to whoever asked."""
        desk = await self._desks.digests_of(errand.team_id)
        await self._say(errand, desk, f"No more detail: {OUR_FAULT}")

    async def _post(self, errand: Errand, keep: Keep, desk: DigestDesk, edition: Edition) -> None:
        done = int(errand.kept.get("posted", 0))
        for number, message in enumerate(desk.room.details(edition)):
            if number < done:
                continue
            await desk.room.post(
                message,
                channel=str(errand.payload["channel"]),
                thread_ts=str(errand.payload["thread_ts"]),
                mark=f"{errand.payload['digest']}:{errand.payload['due']}:detail:{number}",
                look_first=errand.attempt > 1,
            )
            await keep({"posted": number + 1})

    async def _say(self, errand: Errand, desk: DigestDesk, sentence: str) -> None:
        await desk.room.tell(str(errand.payload["user"]), sentence)


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
