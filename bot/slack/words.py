"""Everything that a Slack message says: its text, what is forwarded with it, other apps' cards. Pure.

A forwarded message leaves `text` empty and lies in `attachments`, marked `is_share`. Apps write
blocks and attachments, and leave a line for notifications in `text`, or none. What else is attached
to a person's message is what Slack shows of a link: nobody's word, and it comes later, as an edit
("Message event", "Attachments").
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.conversation.legible import legible

Payload = Mapping[str, Any]

FORWARDED = "Forwarded from {author}:"
_SOMEBODY = "somebody"
_PREVIEW = ("is_msg_unfurl", "is_app_unfurl", "from_url", "original_url")
"""What tells the preview of a link from what an app has attached."""


def words_of(message: Payload) -> str:
    """A message's text, with what else people read in it, in Slack's mrkdwn."""
    by_app = bool(message.get("bot_id"))
    attached = (
        _attached(attachment, by_app=by_app) for attachment in _objects(message.get("attachments"))
    )
    return legible(_lines(_own_words(message), *attached))


def forwarded_files(message: Payload) -> Iterator[Payload]:
    """The files of messages that are forwarded with this one."""
    for attachment in _objects(message.get("attachments")):
        if attachment.get("is_share"):
            yield from _objects(attachment.get("files"))


def _own_words(message: Payload) -> str:
    text = str(message.get("text") or "")
    if text and not message.get("bot_id"):
        return text  # made by Slack of what a person wrote: it is whole
    blocks = _of_blocks(message.get("blocks"))
    if _flat(blocks) in _flat(text):
        return text
    return blocks if _flat(text) in _flat(blocks) else _lines(text, blocks)


def _attached(attachment: Payload, *, by_app: bool) -> str:
    if attachment.get("is_share"):
        author = attachment.get("author_name") or attachment.get("author_subname") or _SOMEBODY
        words = _quoted(_of_card(attachment))
        return f"{FORWARDED.format(author=author)}\n{words}" if words else ""
    is_preview = not by_app or any(attachment.get(mark) for mark in _PREVIEW)
    return "" if is_preview else _of_card(attachment)


def _of_card(attachment: Payload) -> str:
    """What stands in an attachment; `fallback` says it all where nothing else does."""
    inner = [
        *_objects(attachment.get("blocks")),
        *(
            block
            for copied in _objects(attachment.get("message_blocks"))
            for block in _objects((copied.get("message") or {}).get("blocks"))
        ),
    ]
    title, link = attachment.get("title"), attachment.get("title_link")
    fields = (
        ": ".join(str(field[part]) for part in ("title", "value") if field.get(part))
        for field in _objects(attachment.get("fields"))
    )
    said = _lines(
        str(attachment.get("pretext") or ""),
        f"<{link}|{title}>" if title and link else str(title or ""),
        str(attachment.get("text") or "") or _of_blocks(inner),
        *fields,
    )
    return said or str(attachment.get("fallback") or "")


def _of_blocks(blocks: Any) -> str:
    return _lines(*(_of_block(block) for block in _objects(blocks)))


def _of_block(block: Payload) -> str:
    match block.get("type"):
        case "section" | "header" | "markdown":
            fields = (_text(field) for field in _objects(block.get("fields")))
            return _lines(_text(block.get("text")), *fields)
        case "context":
            return " ".join(filter(None, map(_text, _objects(block.get("elements")))))
        case "table":
            rows = (row for row in block.get("rows") or () if isinstance(row, list))
            return _lines(*(" | ".join(map(_rich, _objects(row))) for row in rows))
        case "rich_text":
            return _lines(*map(_rich, _objects(block.get("elements"))))
        case _:
            return ""


def _rich(element: Payload) -> str:
    """Rich text as mrkdwn, without its looks."""
    within = [_rich(inner) for inner in _objects(element.get("elements"))]
    match element.get("type"):
        case "text" | "raw_text" | "raw_number":
            return str(element.get("text") or element.get("value") or "")
        case "link":
            return str(element.get("text") or element.get("url") or "")
        case "user":
            return f"<@{element.get('user_id')}>"
        case "channel":
            return f"<#{element.get('channel_id')}>"
        case "emoji":
            return f":{element.get('name')}:"
        case "rich_text_list":
            return _lines(*(f"• {item}" for item in within))
        case "rich_text_preformatted":
            return f"```\n{''.join(within)}\n```"
        case "rich_text_quote":
            return _quoted("".join(within))
        case "rich_text":
            return _lines(*within)
        case _:
            return "".join(within)


def _text(value: Any) -> str:
    """A text object's words, or those of a string."""
    return str(value.get("text") or "") if isinstance(value, Mapping) else str(value or "")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part.strip())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _objects(value: Any) -> Iterable[Payload]:
    """The JSON objects of a list that may be anything."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
