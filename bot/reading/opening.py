"""One file opened, whatever it is: runs in the workbench's process, loads only what the kind needs."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bot.conversation.documents.document import Document
from bot.errors import UnreadableFile
from bot.reading.product import CANT_SEE, Order, Product
from bot.reading.sniffing import Kind, sniff

Watch = Callable[[int, int], None]
"""Is told how many pages of how many are read."""

NO_TEXT = "there is no text in it"
_REASONS = {
    Kind.EMPTY: "it is empty",
    Kind.DAMAGED: "the file is damaged",
    Kind.LOCKED_OFFICE: "it is protected with a password",
    Kind.OLD_OFFICE: (
        "it is in the format of Word or PowerPoint before 2007; saved as .docx or .pptx I can read it"
    ),
    Kind.OUTLOOK: "it is in Outlook's own format; saved as .eml I can read it",
    Kind.UNKNOWN: "I don't know this kind of file",
}


def open_file(order: Order, watch: Watch) -> Product:
    """What is in the file. Raises UnreadableFile, and anything a parser may raise."""
    path = Path(order.path)
    kind = sniff(path, name=order.name, media_type=order.media_type)
    if kind in _REASONS:
        raise UnreadableFile(_REASONS[kind])
    product = _READERS.get(kind, _text)(path, order, watch)
    if any(not isinstance(piece, Document) or piece.passages for piece in product):
        return product
    raise UnreadableFile(NO_TEXT)


def _picture(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.pictures import PictureLimits, prepare

    if not order.pictures:
        raise UnreadableFile(CANT_SEE)
    return [prepare(path.read_bytes(), name=order.name, limits=PictureLimits())]


def _pdf(path: Path, order: Order, watch: Watch) -> Product:
    from bot.reading.pdf import read_pdf

    return read_pdf(path, order.name, watch, scans=order.pictures, figures=order.inside)


def _word(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.word import read_word

    return read_word(path, order.name, pictures=order.inside)


def _slides(path: Path, order: Order, watch: Watch) -> Product:
    from bot.reading.slides import read_slides

    return read_slides(path, order.name, watch, pictures=order.inside)


def _workbook(path: Path, order: Order, watch: Watch) -> Product:
    from bot.reading.sheets import read_workbook

    return read_workbook(path, order.name, watch, pictures=order.inside)


def _table(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.sheets import read_table

    return [read_table(path, order.name)]


def _open_document(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.open_document import read_open_document

    return read_open_document(path, order.name, pictures=order.inside)


def _mail(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.mail import read_mail

    return read_mail(path, order.name, pictures=order.inside)


def _archive(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.archives import list_archive

    return [list_archive(path, order.name)]


def _text(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.texts import read_plain

    return [read_plain(path, order.name)]


def _page(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.texts import read_page

    return [read_page(path, order.name)]


def _rich_text(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.texts import read_rich_text

    return [read_rich_text(path, order.name)]


def _video(path: Path, order: Order, watch: Watch) -> Product:
    from bot.reading.recordings import is_sound_alone, read_video

    if is_sound_alone(path):
        return _sound(path, order, watch)
    return [read_video(path, order.name, videos=order.videos, pictures=order.pictures)]


def _sound(path: Path, order: Order, _: Watch) -> Product:
    from bot.reading.recordings import read_sound

    return [read_sound(path, order.name)]


_READERS: Mapping[Kind, Callable[[Path, Order, Watch], Product]] = {
    Kind.PICTURE: _picture,
    Kind.PDF: _pdf,
    Kind.WORD: _word,
    Kind.SLIDES: _slides,
    Kind.SHEETS: _workbook,
    Kind.TABLE: _table,
    Kind.OPEN_TEXT: _open_document,
    Kind.OPEN_SLIDES: _open_document,
    Kind.MAIL: _mail,
    Kind.ARCHIVE: _archive,
    Kind.HTML: _page,
    Kind.RTF: _rich_text,
    Kind.VIDEO: _video,
    Kind.SOUND: _sound,
}
