"""The buttons of digests: in `/digest list`, in App Home, and beneath a digest that was posted."""

from collections.abc import Callable

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.conversation.digests.digest import Digest, Digests, Pause
from bot.conversation.digests.errand import DIGEST
from bot.conversation.digests.extras import DETAIL as DETAIL_KIND
from bot.conversation.errands import Errands
from bot.errors import NotForYou, SlackError
from bot.slack.digests.blocks import DETAIL, STOP
from bot.slack.digests.command import NO_FORM, zone_of
from bot.slack.digests.form import FormMemory, empty_plan
from bot.slack.digests.forms import NO_ANSWER, DigestForms
from bot.slack.digests.listing import DELETE, EDIT, NEW, PAUSE, RESUME, RUN, listed
from bot.slack.digests.room import SlackDigestRoom
from bot.slack.home_tab import HomeTab
from bot.slack.inbound import Payload
from bot.slack.installations import Installation, Installations

GONE = "That digest does not exist any more."
NOT_YOURS = (
    "Only <@{owner}>, who ordered this digest, can change it. You can have your own: `/digest`."
)
PAUSED = "Paused. It keeps until you resume it."
RESUMED = "It comes again, at its next time."
DELETED = "Deleted."
RESTS = "It rests at present: resume it first."
RUNNING = "I'm making it now; it comes where it always does."
STOPPED = "Stopped: this digest is deleted."
MORE_COMES = "I'm reading it all again; more detail comes in this digest's thread."
MORE_IS_THERE = "More detail was asked for already: it is in this digest's thread."


class DigestButtons:
    """The listeners. A `Feature`."""

    def __init__(
        self,
        installations: Installations,
        digests: Digests,
        errands: Errands,
        forms: DigestForms,
        home: HomeTab,
        *,
        wake: Callable[[], None],
    ) -> None:
        self._installations = installations
        self._digests = digests
        self._errands = errands
        self._forms = forms
        self._home = home
        self._wake = wake

    def register(self, app: AsyncApp) -> None:
        """Add the buttons."""
        for action in (PAUSE, RESUME, RUN, DELETE, STOP):
            app.action(action)(self._clicked)
        for action in (NEW, EDIT):
            app.action(action)(self._form_wanted)
        app.action(DETAIL)(self._more_wanted)

    async def _clicked(
        self,
        ack: AsyncAck,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        try:
            digest = await self._own(here, int(action["value"]), body)
            sentence = await self._do(here, action["action_id"], digest, body)
        except NotForYou as refusal:
            sentence = str(refusal)
        except SlackError:
            sentence = NO_ANSWER
        await ack()
        await self._show(here, body, respond, sentence)

    async def _do(self, here: Installation, action_id: str, digest: Digest, body: Payload) -> str:
        """Do what a button says; what the person is told. Raises NotForYou and SlackError."""
        now = self._forms.clock()
        if action_id == PAUSE:
            await self._digests.pause(digest.id, Pause.BY_OWNER)
            return PAUSED
        if action_id in {DELETE, STOP}:
            await self._digests.delete(digest.id)
            return STOPPED if action_id == STOP else DELETED
        await SlackDigestRoom(here).admit_all(digest.owner_id, digest.plan)
        if action_id == RESUME:
            await self._digests.resume(digest.id, now)
            return RESUMED
        if digest.pause is not Pause.NOT:
            return RESTS  # the list with the button is an old one
        # As long as the last run is not over, a click is one more click for the same.
        notes = await self._digests.notes(digest.id)
        told = max((note.read_until.timestamp() for note in notes), default=0.0)
        await self._errands.add(
            team_id=digest.team_id,
            kind=DIGEST,
            payload={"digest": digest.id, "due": int(now.timestamp()), "by_hand": True},
            key=f"digest:{digest.id}:by hand:{told:.3f}:{digest.failures}",
        )
        self._wake()
        return RUNNING

    async def _form_wanted(
        self,
        ack: AsyncAck,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        channel_id, sentence = str((body.get("channel") or {}).get("id") or ""), ""
        try:
            if action["action_id"] == NEW:
                plan = empty_plan(channel_id, await zone_of(here, str(body["user"]["id"])))
                memory = FormMemory(channel_id=channel_id)
            else:
                digest = await self._own(here, int(action["value"]), body)
                plan, memory = digest.plan, FormMemory(digest_id=digest.id, channel_id=channel_id)
            if not await self._forms.open(here, str(body["trigger_id"]), plan, memory):
                sentence = NO_FORM
        except NotForYou as refusal:
            sentence = str(refusal)
        await ack()
        if sentence:
            await self._show(here, body, respond, sentence)

    async def _more_wanted(
        self,
        ack: AsyncAck,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        digest_id, due = map(int, str(action["value"]).split(":"))
        added = await self._errands.add(
            team_id=here.identity.team_id,
            kind=DETAIL_KIND,
            payload={
                "digest": digest_id,
                "due": due,
                "user": body["user"]["id"],
                "channel": body["channel"]["id"],
                "thread_ts": body["message"]["ts"],
            },
            key=f"{DETAIL_KIND}:{digest_id}:{due}",
        )
        self._wake()
        await ack()
        sentence = MORE_IS_THERE if added is None else MORE_COMES
        await respond(sentence, response_type="ephemeral", replace_original=False)

    async def _own(self, here: Installation, digest_id: int, body: Payload) -> Digest:
        """The digest, if it is that of whoever clicked. Raises NotForYou."""
        digest = await self._digests.load(here.identity.team_id, digest_id)
        if digest is None:
            raise NotForYou(GONE)
        if digest.owner_id != body["user"]["id"]:
            raise NotForYou(NOT_YOURS.format(owner=digest.owner_id))
        return digest

    async def _show(
        self, here: Installation, body: Payload, respond: AsyncRespond, sentence: str
    ) -> None:
        """Say what came of a click, with the list as it is now where the click was in a list."""
        user_id = str(body["user"]["id"])
        view = body.get("view") or {}
        if view.get("type") == "home":
            await self._home.publish(
                here, user_id, said=sentence, hash_=str(view.get("hash") or "")
            )
            return
        if (body.get("container") or {}).get("is_ephemeral"):
            mine = await self._digests.owned_by(here.identity.team_id, user_id)
            blocks = listed(mine, now=self._forms.clock(), said=sentence)
            await respond(sentence, blocks=blocks, replace_original=True)
            return
        await respond(sentence, response_type="ephemeral", replace_original=False)
