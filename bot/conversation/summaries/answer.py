"""“@bot summarize this thread”, “what did I miss”: a summary as the answer in a thread."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.conversation.messages import Step, StepState
from bot.conversation.ports import Person, Reply
from bot.conversation.summaries.drafts import Wish
from bot.conversation.summaries.request import SummaryRequest, read_request, span_of
from bot.conversation.summaries.summarizer import Progress, Summarizer
from bot.conversation.summaries.text import as_markdown
from bot.conversation.summaries.timespans import Span
from bot.conversation.thread import ChannelType, Turn
from bot.errors import NotForYou, UnclearRequest, UnreadableChannel

_TOKEN = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_ASKS = re.compile(
    r"""
    (?:(?:please|bitte|(?:can|could|would)\ you|(?:kannst|könntest)\ du)\ )*
    (?:
        (?:summari[sz]e|sum\ up|recap|tl;?dr|catch\ me\ up|was\ habe\ ich\ verpasst
            |what(?:\ did|'ve|\ have)\ i\ miss(?:ed)?)\b
        (?P<after>[^?!]*)
    |   (?:(?:give|send|write|show|gib|schick|schreib)e?\ (?:(?:me|us|mir|uns|bitte)\ )*)?
        (?:(?:an?|the|eine)\ )?
        (?P<how>(?:short|brief|detailed|kurze|ausführliche)\ )?(?:quick\ )?
        (?:summary|recap|overview|zusammenfassung)\b
        (?P<of>[^?!]*)
    |   fasse?\ (?:(?:mir|uns|bitte|mal)\ )*(?P<within>[^?!]*?)\ ?zusammen\b
        (?P<then>[^?!]*)
    |   (?:what(?:'s|\ is)\ new|what(?:'s|\ has)?\ happened|what\ was\ said|was\ ist\ passiert)\b
        (?=[^?!]*(?:<\#|\bhere\b|\bhier\b|\b(?:this|diese[mn])\ (?:thread|discussion|channel|kanal)))
        (?P<said>[^?!]*)
    )
    [?!.\ ]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A question that is a request for a summary and nothing else; its groups are the request's words."""
_HERE = re.compile(
    r"\b(?:what (?:happened|was said) )?(?:in |of )?(?:this|the|diesen?|den) "
    r"(?P<what>thread|conversation|discussion|channel|kanal)\b|\bhere\b|\bhier\b",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"\b(?:for me\b|please\b|bitte\b|(?:in|of|on|from|von|aus)(?= <#)) ?", re.IGNORECASE
)
_CHANNEL_WORDS = frozenset({"channel", "kanal"})
_JUST_BEFORE = timedelta(microseconds=1)
_READ = "Read and summed up"


class SummarySources(Protocol):
    """Where the summaries that are answers come from, in one workspace."""

    summarizer: Summarizer

    async def may_read(self, user_id: str, channel_id: str, *, told_in: str) -> None:
        """Make sure that the person may have it read to them there.

        Raises NotForYou, UnreadableChannel and SlackError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWish:
    """What is to be summarised as an answer."""

    request: SummaryRequest
    span: Span | None


def asked_summary(turn: Turn, now: datetime) -> SummaryWish | None:
    """What the question asks to have summarised; None where it is another kind of question.

    The question is in Slack's own mrkdwn, `now` in the asker's time zone. Only words that are
    understood to the last one count: everything else is for the model.
    """
    question = turn.asker
    found = _ASKS.fullmatch(" ".join(_TOKEN.sub(" ", question.text).split()))
    if found is None or question.files:
        return None
    rest = " ".join(part for part in found.groups() if part).strip(" ,:")
    here = _HERE.search(rest)
    wants_channel = bool(here and (here["what"] or "").lower() in _CHANNEL_WORDS)
    try:
        request = read_request(_FILLERS.sub("", _HERE.sub(" ", rest)).strip())
        return _settled(turn, request, now, wants_channel=wants_channel)
    except UnclearRequest:
        return None


def _settled(
    turn: Turn, request: SummaryRequest, now: datetime, *, wants_channel: bool
) -> SummaryWish | None:
    """The request with a place: the thread it was asked in, or the channel around it.

    In direct messages that is the channel that the person has open beside them.
    """
    key, question_ts = turn.key, turn.asker.ts
    in_thread = key.thread_ts != question_ts
    if not request.channel_id:
        channel_id = key.channel_id
        if turn.channel_type is ChannelType.DM and (wants_channel or not in_thread):
            channel_id = turn.asker.viewing or (channel_id if in_thread else "")
        if not channel_id:
            return None  # nothing has been said yet
        request = replace(request, channel_id=channel_id)
        if in_thread and not wants_channel:
            request = replace(request, thread_ts=key.thread_ts)
    span = span_of(request, now=now, last_end=None)
    if request.channel_id == key.channel_id:
        # The question itself is not part of what is summarised.
        asked = Span.between_ts(request.thread_ts or question_ts, question_ts)
        start = span.start if span else asked.start
        span = Span(start=start, end=asked.end - _JUST_BEFORE)
    return SummaryWish(request=request, span=span)


async def answer(
    wish: SummaryWish,
    sources: SummarySources,
    reply: Reply,
    *,
    asker: Person,
    told_in: str,
    now: datetime,
) -> None:
    """Write the summary, or the sentence that says why there is none. Raises ModelError, SlackError."""
    request = wish.request
    try:
        await sources.may_read(asker.id, request.channel_id, told_in=told_in)
        summary = await sources.summarizer.summarize(
            request.channel_id,
            span=wish.span,
            thread_ts=request.thread_ts,
            wish=Wish(
                focus=request.focus,
                language=request.language,
                length=request.length,
                zone=now.tzinfo,
            ),
            on_progress=lambda progress: reply.step(_step(progress)),
        )
    except (NotForYou, UnreadableChannel) as error:
        reply.write(str(error))
        return
    reply.step(Step(id="summary", title=_READ, state=StepState.DONE))
    name = summary.reading.channel_name if request.channel_id != told_in else ""
    heading = f"**#{name}**\n\n" if name else ""
    reply.write(heading + as_markdown(summary, now=now, is_thread=bool(request.thread_ts)))


def _step(progress: Progress) -> Step:
    if not progress.parts:
        return Step(id="summary", title=f"Reading: {progress.messages:,} messages so far")
    if progress.parts == 1:
        return Step(id="summary", title=f"Summing up {progress.messages:,} messages")
    parts = f"{progress.parts_done} of {progress.parts} parts"
    return Step(id="summary", title=f"Summing up {progress.messages:,} messages: {parts}")
