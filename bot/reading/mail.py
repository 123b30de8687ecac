"""E-mails that were saved as a file: who, to whom, when, the text, and what was attached."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from pathlib import Path

from bot.conversation.documents.document import Document
from bot.reading.charsets import decoded
from bot.reading.html import to_markdown
from bot.reading.passages import cut

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
ATTACHMENTS_LEFT = "what is attached is not read; shared as files I can read it"


def read_mail(path: Path, name: str) -> Document:
    """The message."""
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
    attached = [f"- {one}" for one in _attached(message)]
    lines = [f"{header}: {message[header]}" for header in _HEADERS if message[header]]
    lines += ["", _body(message)]
    if attached:
        lines += ["", "Attached:", *attached]
    return Document(
        name=name,
        extent="an e-mail",
        passages=tuple(cut("\n".join(lines))),
        note=ATTACHMENTS_LEFT if attached else "",
    )


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    text = _text(part)
    return to_markdown(text) if part.get_content_subtype() == "html" else text.strip()


def _text(part: MIMEPart) -> str:
    try:
        content = part.get_content()
    except (LookupError, ValueError):  # a charset that nobody knows
        content = part.get_payload(decode=True)
    return decoded(content) if isinstance(content, bytes) else str(content)


def _attached(message: EmailMessage) -> Iterator[str]:
    for part in message.iter_attachments():
        yield f"{part.get_filename() or 'without a name'} ({part.get_content_type()})"
