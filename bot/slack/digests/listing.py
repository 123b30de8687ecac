"""A person's digests as Slack shows them, with buttons: in `/digest list` and in App Home. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.conversation.digests.digest import Digest, Pause, Plan
from bot.slack.digests.form import next_times

Blocks = list[dict[str, Any]]

NEW, EDIT, RUN, PAUSE, RESUME, DELETE = (
    "digest_new",
    "digest_edit",
    "digest_run",
    "digest_pause",
    "digest_resume",
    "digest_delete",
)
SAVE, CHANGE, CANCEL = "digest_save", "digest_change", "digest_cancel"
NONE_YET = "You have no digests yet. A digest sums up channels for you, by the clock."
PROPOSAL = "I would send a digest of {words}."
RESTS = {
    Pause.BY_OWNER: "⏸ It is paused.",
    Pause.NO_ACCESS: ":warning: It rests: I can't read its channels for you, or post where it goes.",
    Pause.OWNER_LEFT: ":warning: It rests.",
}
FAILING = ":warning: It could not be made {times}."
SURE = "It is deleted, together with what it remembers."


def listed(
    digests: Sequence[Digest], *, now: datetime, said: str = "", offers_new: bool = True
) -> Blocks:
    """All of a person's digests, each with what can be done with it; first what was just done."""
    news = [section(said)] if said else []
    if digests:
        return [*news, *(block for digest in digests for block in _one(digest, now))]
    offer = {"type": "actions", "elements": [button("New digest…", NEW, "new")]}
    return [*news, section(NONE_YET), *([offer] if offers_new else [])]


def order_value(plan: Plan) -> str:
    """A plan as a button's value, with as few characters as it takes."""
    return json.dumps(plan.as_json(), ensure_ascii=False)


def proposed(plan: Plan, *, now: datetime) -> Blocks:
    """What was ordered in words, before it is saved."""
    order = order_value(plan)
    return [
        section(PROPOSAL.format(words=plan.words)),
        small(next_times(plan, now)),
        {
            "type": "actions",
            "elements": [
                button("Save", SAVE, order, style="primary"),
                button("Change or preview…", CHANGE, order),
                button("Cancel", CANCEL, "cancel"),
            ],
        },
    ]


def _one(digest: Digest, now: datetime) -> Blocks:
    number = str(digest.id)
    rests = digest.pause is not Pause.NOT
    state = RESTS[digest.pause] if rests else next_times(digest.plan, now)
    if digest.failures:
        count = digest.failures
        times = "the last time" if count == 1 else f"the last {count} times"
        state = f"{state}\n{FAILING.format(times=times)}"
    delete = {
        **button("Delete", DELETE, number, style="danger"),
        "confirm": {
            "title": plain("Delete this digest?"),
            "text": plain(SURE),
            "confirm": plain("Delete"),
            "deny": plain("Keep it"),
        },
    }
    return [
        section(f"{digest.plan.words}."),
        small(state),
        {
            "type": "actions",
            "elements": [
                button("Resume", RESUME, number) if rests else button("Pause", PAUSE, number),
                *([] if rests else [button("Run now", RUN, number)]),
                button("Edit", EDIT, number),
                delete,
            ],
        },
    ]


def section(text: str) -> dict[str, Any]:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def small(text: str) -> dict[str, Any]:
    """A quiet line of mrkdwn."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def button(label: str, action: str, value: str, *, style: str = "") -> dict[str, Any]:
    """A button of an `actions` block."""
    element = {"type": "button", "action_id": action, "text": plain(label), "value": value}
    return {**element, "style": style} if style else element


def plain(text: str) -> dict[str, str]:
    """Text without any marks."""
    return {"type": "plain_text", "text": text}
