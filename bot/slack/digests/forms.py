"""The form of a digest at work: opened, kept up to date, previewed, and saved."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.conversation.digests.digest import MOST_DIGESTS, Digests, Plan
from bot.conversation.digests.extras import PREVIEW as PREVIEW_KIND
from bot.conversation.errands import Errands
from bot.errors import NotForYou, SlackError, SlackUnreachable
from bot.slack.digests.form import (
    AT,
    CALLBACK,
    DAYS,
    PREVIEW,
    FormMemory,
    UnfilledForm,
    filled,
    form,
    memory_of,
    next_times,
    preview_view,
    with_problem,
)
from bot.slack.digests.room import SlackDigestRoom
from bot.slack.home_tab import HomeTab
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations
from bot.slack.timely import PATIENCE_SECONDS
from bot.telemetry.log import get_logger

log = get_logger("digests")

SAVED = "Saved: a digest of {words}.\n{times}"
TOO_MANY = f"You have {MOST_DIGESTS} digests already. Delete one first: `/digest list`."
NO_ANSWER = "Slack did not tell me whether you may see that. Please try again."
MAKING_PREVIEW = "⏳ I'm reading. The preview appears here."
_MENTION = re.compile(r"<#[A-Z0-9]+>")


class DigestForms:
    """The listeners of the form, and how it is opened. A `Feature`."""

    def __init__(
        self,
        installations: Installations,
        digests: Digests,
        errands: Errands,
        home: HomeTab,
        *,
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._installations = installations
        self._digests = digests
        self._errands = errands
        self._home = home
        self._wake = wake
        self.clock = clock

    def register(self, app: AsyncApp) -> None:
        """Add the form's end, and what happens while it is filled in."""
        app.view(CALLBACK)(self._submitted)
        for field in (DAYS, AT):
            app.action(field)(self._changed)
        app.action(PREVIEW)(self._preview_wanted)

    async def open(
        self, here: Installation, trigger_id: str, plan: Plan, memory: FormMemory
    ) -> bool:
        """Show the form with this plan in it; whether Slack let us."""
        try:
            view = form(plan, memory, now=self.clock())
            await here.api.write("views.open", trigger_id=trigger_id, view=view)
        except SlackError as error:
            log.info("no form", reason=str(error))
            return False
        return True

    async def save(self, here: Installation, user_id: str, plan: Plan, digest_id: int = 0) -> str:
        """Keep a plan, in the place of a digest's own if it is this person's; says what came of it.

        Whoever calls it has made sure that the person may have it (`SlackDigestRoom.admit_all`).
        """
        team_id, now = here.identity.team_id, self.clock()
        saved = SAVED.format(words=plan.words, times=next_times(plan, now))
        digest = await self._digests.load(team_id, digest_id) if digest_id else None
        if digest is not None and digest.owner_id == user_id:
            await self._digests.replan(digest.id, plan, now)
            return saved
        if any(one.plan == plan for one in await self._digests.owned_by(team_id, user_id)):
            return saved  # a second click
        if await self._digests.add(team_id, user_id, plan, now) is None:
            return TOO_MANY
        log.info("digest saved")
        return saved

    async def _submitted(
        self, ack: AsyncAck, view: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        user_id, memory = str(body["user"]["id"]), memory_of(view["private_metadata"])
        try:
            plan = filled(view["state"]["values"])
            await _admitted(SlackDigestRoom(here), user_id, plan)
        except UnfilledForm as unfilled:
            await ack(response_action="errors", errors=dict(unfilled.problems))
            return
        sentence = await self.save(here, user_id, plan, memory.digest_id)
        await ack()
        if memory.channel_id:
            await tell(here, user_id, sentence, channel_id=memory.channel_id)
        else:
            await self._home.publish(here, user_id, said=sentence)

    async def _changed(self, ack: AsyncAck, body: Payload, context: AsyncBoltContext) -> None:
        """Days or time were changed: show when it comes then."""
        here = await self._installations.of(context.team_id or "")
        await ack()
        view = body["view"]
        try:
            plan = filled(view["state"]["values"])
        except UnfilledForm:
            return
        memory = memory_of(view["private_metadata"])
        await _redraw(here, view, form(plan, memory, now=self.clock()))

    async def _preview_wanted(
        self, ack: AsyncAck, body: Payload, context: AsyncBoltContext
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        view, user_id = body["view"], str(body["user"]["id"])
        try:
            plan = filled(view["state"]["values"])
            await _admitted(SlackDigestRoom(here), user_id, plan)
        except UnfilledForm as unfilled:
            await ack()
            await _redraw(here, view, with_problem(view, next(iter(unfilled.problems.values()))))
            return
        pushed = await _push(here, str(body["trigger_id"]))
        if pushed:
            await self._errands.add(
                team_id=here.identity.team_id,
                kind=PREVIEW_KIND,
                payload={"plan": plan.as_json(), "user": user_id, "view": pushed},
                key=f"{PREVIEW_KIND} {body['trigger_id']}",
            )
            self._wake()
        await ack()


async def tell(here: Installation, user_id: str, sentence: str, *, channel_id: str) -> None:
    """Say something to one person where they are, or else in direct messages; never raises."""
    try:
        await here.api.write("chat.postEphemeral", channel=channel_id, user=user_id, text=sentence)
    except SlackError as error:
        log.info("not told in the channel", reason=str(error))
        await SlackDigestRoom(here).tell(user_id, sentence)


async def _admitted(room: SlackDigestRoom, user_id: str, plan: Plan) -> None:
    """Make sure that this person may have it. Raises UnfilledForm."""
    checks = {
        "place": [room.admit(user_id, plan)],
        "channels": [room.permit(user_id, plan, channel_id) for channel_id in plan.channels],
    }
    blocks = [name for name, of_block in checks.items() for _ in of_block]
    results = await asyncio.gather(
        *(_in_time(check) for of_block in checks.values() for check in of_block),
        return_exceptions=True,
    )
    problems: dict[str, str] = {}
    for block, result in zip(blocks, results, strict=True):
        if isinstance(result, NotForYou):
            problems.setdefault(block, _without_marks(str(result)))
        elif isinstance(result, SlackError):
            problems.setdefault(block, NO_ANSWER)
        elif isinstance(result, BaseException):
            raise result
    if problems:
        raise UnfilledForm(problems)


async def _in_time(check: Awaitable[None]) -> None:
    """A form's errors can be shown for three seconds only. Raises SlackUnreachable, and as `check`."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await check
    except TimeoutError as error:
        raise SlackUnreachable("conversations.members", "too slow") from error


def _without_marks(sentence: str) -> str:
    """Errors in a form are plain text: a channel's mark would be shown as it is."""
    return _MENTION.sub("that channel", sentence).replace("`", "")


async def _push(here: Installation, trigger_id: str) -> str:
    """Lay the preview's view over the form; its id, or nothing where Slack did not let us."""
    try:
        view = preview_view([_loading()])
        pushed = await here.api.write("views.push", trigger_id=trigger_id, view=view)
    except SlackError as error:
        log.info("no preview", reason=str(error))
        return ""
    return str(pushed["view"]["id"])


async def _redraw(here: Installation, view: Payload, new: dict[str, Any]) -> None:
    try:
        await here.api.write("views.update", view_id=view["id"], hash=view["hash"], view=new)
    except SlackError as error:
        log.info("form not redrawn", reason=str(error))  # a newer change is under way


def _loading() -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": MAKING_PREVIEW}}
