"""What Slack sends us, registered with Bolt: parse, take in, ack. No listener does more.

Bolt runs with `process_before_response`: the ack leaves when the listener has returned, so what is
acked is stored. An error makes it a 500, and Slack sends the event again. Catch-all listeners come
last, since an event without a listener would be a 404, which Slack counts as a failure.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.events import (
    AgainAsked,
    Happening,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Rated,
    StopAsked,
    Wake,
)
from bot.conversation.thread import ts_of
from bot.slack.belonging import belonging
from bot.slack.home import greet
from bot.slack.inbound import Ignored, Payload, read_click, read_event
from bot.slack.installations import Installation, Installations
from bot.slack.timely import TimelyApp
from bot.telemetry import metrics, tracing
from bot.telemetry.log import get_logger

log = get_logger("slack")

Take = Callable[[Happening], Awaitable[Wake | None]]
Act = Callable[[Wake], Awaitable[None]]
TOO_LATE = "That answer can't be made anew any more: only the newest one of a thread can."
_ANYTHING = re.compile(r".*")
_LATE_SECONDS = 10.0
"""What Slack delivers at once comes within one or two; clocks differ by some."""
_RETRY = "x-slack-retry-num"
"""Which try this is to deliver an event ("Events API: retries")."""


class Feature(Protocol):
    """Something people do with the bot beside talking to it: a command, a form, a button."""

    def register(self, app: AsyncApp) -> None:
        """Add its listeners; each takes in what it is told before it acks."""
        ...


class Listeners:
    """Everything that Slack can tell us, and what becomes of it."""

    def __init__(
        self,
        installations: Installations,
        *,
        take: Take,
        act: Act,
        allowed_bots: frozenset[str],
        features: Sequence[Feature] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._installations = installations
        self._take = take
        self._act = act
        self._allowed_bots = allowed_bots
        self._features = features
        self._clock = clock

    def bolt(self, client: AsyncWebClient, *, signing_secret: str) -> AsyncApp:
        """The Bolt app with all listeners; HTTP and Socket Mode run the same one."""
        app = TimelyApp(
            name="threadwise",
            client=client,
            logger=_bolt_logger(),
            before_authorize=belonging(self._installations),
            authorize=_authorize(self._installations),
            signing_secret=signing_secret,
            process_before_response=True,
            ignoring_self_events_enabled=False,  # inbound.py tells our messages from edits of them
            attaching_conversation_kwargs_enabled=False,
        )
        app.use(_limited)
        for event in ("message", "app_mention", "agent_session_stopped"):
            app.event(event)(self._event)
        for feature in self._features:
            feature.register(app)
        app.event("app_home_opened")(self._home_opened)
        app.event("assistant_thread_started")(self._home_opened)
        app.event(_ANYTHING)(self._other_event)
        app.action(_ANYTHING)(self._clicked)
        app.view(_ANYTHING)(self._acked)
        app.view_closed(_ANYTHING)(self._acked)
        app.shortcut(_ANYTHING)(self._acked)
        app.options(_ANYTHING)(self._no_options)
        app.command(_ANYTHING)(self._unknown_command)
        return app

    async def _event(
        self, event: Payload, context: AsyncBoltContext, request: AsyncBoltRequest
    ) -> None:
        here = await self._here(context)
        happening = read_event(event, here.identity, self._allowed_bots)
        if isinstance(happening, MessagePosted):
            is_old = happening.ts < ts_of(self._clock() - _LATE_SECONDS)
            happening = replace(happening, is_late=is_old or _is_retry(request))
        await self._happened(happening, event["type"])

    async def _clicked(
        self,
        ack: AsyncAck,
        respond: AsyncRespond,
        action: Payload,
        body: Payload,
        context: AsyncBoltContext,
    ) -> None:
        here = await self._here(context)
        happening = read_click(action, body, here.identity)
        wake = await self._happened(happening, "action")
        await ack()
        if wake is None and isinstance(happening, AgainAsked):
            await respond(TOO_LATE, response_type="ephemeral", replace_original=False)

    async def _here(self, context: AsyncBoltContext) -> Installation:
        return await self._installations.of(context.team_id or "")

    async def _happened(self, happening: Happening | Ignored, kind: str) -> Wake | None:
        if isinstance(happening, Ignored):
            metrics.events.labels("ignored").inc()
            log.debug("ignored", reason=happening.reason)
            return None
        with tracing.span("event", kind=kind, **_where(happening)):
            wake = await self._take(happening)
        metrics.events.labels(kind).inc()
        log.debug("taken in", what=type(happening).__name__, **_where(happening))
        if wake is not None:
            await self._act(wake)
        return wake

    async def _home_opened(self, event: Payload, context: AsyncBoltContext) -> None:
        await greet((await self._here(context)).api, event)

    async def _other_event(self, event: Payload) -> None:
        metrics.events.labels("other").inc()
        log.debug("event without use", type=event.get("type"))

    async def _acked(self, ack: AsyncAck) -> None:
        await ack()

    async def _no_options(self, ack: AsyncAck) -> None:
        await ack(options=[])

    async def _unknown_command(self, ack: AsyncAck, command: Payload) -> None:
        await ack(f"I don't know {command['command']} yet. Mention me in a thread and ask.")


def _authorize(installations: Installations) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Who we are is known already: an event costs no call to Slack."""

    async def authorize(team_id: str | None) -> AuthorizeResult:  # Bolt goes by the argument's name
        here = await installations.of(team_id or "")
        return AuthorizeResult(
            enterprise_id=None,
            team_id=here.identity.team_id,
            bot_user_id=here.identity.user_id,
            bot_id=here.identity.bot_id,
            bot_token=here.api.client.token,
        )

    return authorize


def _is_retry(request: AsyncBoltRequest) -> bool:
    """Whether Slack has tried to deliver this before; Socket Mode counts the first try, as 0."""
    return next(iter(request.headers.get(_RETRY) or ()), "0") not in {"", "0"}


async def _limited(
    body: Payload,
    next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002  Bolt goes by the name
) -> BoltResponse:
    """Slack drops events beyond 30,000 an hour, and says so outside any event ("Events API")."""
    if body.get("type") != "app_rate_limited":
        return await next()
    metrics.events.labels("limited").inc()
    log.warning("slack drops events of this minute", minute=body.get("minute_rate_limited"))
    return BoltResponse(status=200, body="")


def _bolt_logger() -> logging.Logger:
    """Bolt and the SDK log whole events: what people say must not get into our log."""
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _where(happening: Happening) -> dict[str, str]:
    match happening:
        case MessagePosted() | StopAsked():
            return {"channel": happening.key.channel_id, "thread": happening.key.thread_ts}
        case MessageEdited(message=message):
            return _where(message)
        case MessageDeleted() | AgainAsked() | Rated():
            return {"channel": happening.channel_id}
