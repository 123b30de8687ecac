"""E-mails that were saved as a file: who, to whom, when, the text, its pictures, and what was attached."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from functools import partial
from pathlib import Path

from bot.conversation.documents.document import Document
from bot.conversation.messages import Image
from bot.reading.album import Album
from bot.reading.charsets import decoded
from bot.reading.html import to_markdown
from bot.reading.passages import cut

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
ATTACHMENTS_LEFT = "what is attached is not read; shared as files I can read it"


def read_mail(path: Path, name: str, *, pictures: bool) -> list[Image | Document]:
    """The message, then the pictures in it and those attached to it."""
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
    album = Album(name, pictures=pictures)
    letter = _Letter(message, album)
    lines = [f"{header}: {message[header]}" for header in _HEADERS if message[header]]
    lines += ["", letter.body()]
    if attached := list(letter.attached()):
        lines += ["", "Attached:", *attached]
    notes = (ATTACHMENTS_LEFT if letter.has_more else "", album.note)
    passages = tuple(cut("\n".join(lines)))
    document = Document(
        name=name,
        extent="an e-mail",
        passages=passages,
        note="; ".join(note for note in notes if note),
    )
    return [document, *album.images(passages)]


class _Letter:
    """A message whose pictures are put into an album where the text has them, or behind it."""

    def __init__(self, message: EmailMessage, album: Album) -> None:
        self._message = message
        self._album = album
        self._inline = {
            str(part["Content-ID"]).strip(" <>"): part
            for part in message.walk()
            if _is_picture(part) and part["Content-ID"]
        }
        self._placed: set[int] = set()
        self.has_more = False
        """Whether something is attached that is no picture."""

    def body(self) -> str:
        """The text in Markdown."""
        part = self._message.get_body(("plain", "html"))
        if part is None:
            return ""
        text = _text(part)
        if part.get_content_subtype() != "html":
            return text.strip()
        return to_markdown(text, self._in_text)

    def _in_text(self, address: str, alt: str) -> str:
        part = self._inline.get(address.removeprefix("cid:"))
        if part is None:
            return ""  # it lies on the web, and may be there to tell who reads
        self._placed.add(id(part))
        return self._album.mark(partial(_bytes, part), alt=alt)

    def attached(self) -> Iterator[str]:
        """What is attached, a line each, and pictures that belong to a text that was not taken."""
        listed = [*self._message.iter_attachments(), *self._inline.values()]
        for part in {id(part): part for part in listed}.values():
            if id(part) in self._placed or part.get_content_maintype() == "multipart":
                continue
            about = f"- {part.get_filename() or 'without a name'} ({part.get_content_type()})"
            if _is_picture(part):
                mark = self._album.mark(partial(_bytes, part))
                yield f"{about} {mark}".rstrip()
            else:
                self.has_more = True
                yield about


def _text(part: MIMEPart) -> str:
    try:
        content = part.get_content()
    except (LookupError, ValueError):  # a charset that nobody knows
        content = part.get_payload(decode=True)
    return decoded(content) if isinstance(content, bytes) else str(content)


def _is_picture(part: MIMEPart) -> bool:
    return part.get_content_maintype() == "image"


def _bytes(part: MIMEPart) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
