"""What stands beneath an answer in Slack: a quiet line, buttons, thumbs ("Blocks", feedback buttons)."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversation.events import Again
from bot.conversation.ports import Closing

Blocks = Sequence[Mapping[str, Any]]

STOP_ACTION = "stop_reply"
RATE_ACTION = "rate_reply"
AGAIN_ACTIONS = {f"{how.value}_reply": how for how in Again}
_LABELS = {
    Again.RETRY: "Retry",
    Again.REGENERATE: "Regenerate",
    Again.CONTINUE: "Continue",
}
_MOST_TEXT = 11_800
"""A `markdown` block takes 12,000 characters a message."""
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "streaming_mode_mismatch"})
"""What Slack says to blocks that a workspace, or a stream, does not take."""


def stop_button(reply_id: int) -> Blocks:
    """For as long as an edited message grows; streams have Slack's own."""
    return _actions([_button("Stop", STOP_ACTION, str(reply_id))])


def closing_blocks(closing: Closing, reply_id: int) -> list[Blocks]:
    """What stands beneath the answer, from the richest to the plainest that Slack may take."""
    line: Blocks = ()
    if closing.footer:
        text = {"type": "plain_text", "text": closing.footer, "emoji": False}
        line = ({"type": "context", "elements": [text]},)
    buttons = _actions(
        [_button(_LABELS[how], f"{how.value}_reply", str(reply_id)) for how in closing.buttons]
    )
    thumbs = _thumbs(reply_id) if closing.can_be_rated else ()
    choices = [(*line, *buttons, *thumbs), (*line, *buttons), ()]
    return [blocks for position, blocks in enumerate(choices) if blocks not in choices[:position]]


def _thumbs(reply_id: int) -> Blocks:
    def thumb(label: str, value: str) -> dict[str, Any]:
        text = {"type": "plain_text", "text": label}
        return {"text": text, "value": f"{reply_id}:{value}", "accessibility_label": label}

    element = {
        "type": "feedback_buttons",
        "action_id": RATE_ACTION,
        "positive_button": thumb("Good answer", "good"),
        "negative_button": thumb("Bad answer", "bad"),
    }
    return ({"type": "context_actions", "elements": [element]},)


def _actions(buttons: list[dict[str, Any]]) -> Blocks:
    return ({"type": "actions", "elements": buttons},) if buttons else ()


def _button(label: str, action: str, value: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label},
        "value": value,
    }


def with_note(segments: Sequence[str], note: str) -> list[str]:
    """The texts of the messages, the note beneath the last, or after it where it has no room."""
    texts = [text for text in segments if text.strip()]
    if not note:
        return texts
    if not texts or len(texts[-1]) + len(note) > _MOST_TEXT:
        return [*texts, note]
    return [*texts[:-1], f"{texts[-1]}\n\n{note}"]
