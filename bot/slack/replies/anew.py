"""The last resort of a reply: words that Slack does not take as they should be, said in small pieces.

Slack's limits are told in characters, and not all of them are told ("chat.update", msg_too_long;
"msg_blocks_too_long"): a text of other letters, or with much code in it, may be too long for them.
A piece that is refused even so goes without any block, as plain text.
"""

from collections.abc import AsyncIterator, Sequence

from bot.errors import SlackRefused
from bot.slack.markdown.rendering import Draft, SegmentLimits
from bot.slack.replies.footer import BLOCKS_REFUSED, Blocks
from bot.slack.replies.place import Place
from bot.slack.replies.standing import EditedMessage

CONTENT_REFUSED = BLOCKS_REFUSED | {"msg_too_long", "msg_blocks_too_long", "msg_blocks_too_many"}
"""What Slack says to a text itself, wherever it is to stand."""
_SMALL = SegmentLimits(soft=2_400, firm=2_800, word=3_200, hard=3_500)
"""Below what Slack takes as plain text, 4,000 characters, and as many bytes in most scripts."""


async def say_anew(place: Place, text: str, blocks: Blocks) -> AsyncIterator[EditedMessage]:
    """Post a text in as many messages as it takes, `blocks` beneath the last. Raises SlackError."""
    pieces = _pieces(text)
    plainly = False
    for number, piece in enumerate(pieces, start=1):
        beneath = blocks if number == len(pieces) else ()
        try:
            yield await EditedMessage.post(place, piece, blocks=beneath, plainly=plainly)
        except SlackRefused as refusal:
            if refusal.code not in CONTENT_REFUSED or plainly:
                raise
            plainly = True
            yield await EditedMessage.post(place, piece, plainly=True)


def _pieces(text: str) -> Sequence[str]:
    draft = Draft(limits=_SMALL)
    draft.feed(text)
    draft.finish()
    return draft.segments
