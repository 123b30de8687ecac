"""What a file really is: its first bytes have the last word, its name only says which kind of text."""

import zipfile
from enum import StrEnum
from pathlib import Path, PurePath

import olefile

_HEAD = 4096
_ENOUGH_TEXT = 65_536


class Kind(StrEnum):
    """The kinds of files that are told apart."""

    PICTURE = "picture"
    PDF = "PDF"
    WORD = "Word document"
    SLIDES = "PowerPoint presentation"
    SHEETS = "workbook"
    OPEN_TEXT = "OpenDocument text"
    OPEN_SLIDES = "OpenDocument presentation"
    RTF = "RTF"
    MAIL = "e-mail"
    HTML = "HTML"
    TABLE = "table"
    TEXT = "text"
    VIDEO = "video"
    SOUND = "recording"
    ARCHIVE = "archive"
    LOCKED_OFFICE = "Office file with a password"
    OLD_OFFICE = "Office file of before 2007"
    OUTLOOK = "Outlook message"
    DAMAGED = "damaged"
    EMPTY = "empty"
    UNKNOWN = "unknown"


_BEGINNINGS = (
    (b"\x89PNG\r\n", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
    (b"BM", Kind.PICTURE),
    (b"II*\x00", Kind.PICTURE),
    (b"MM\x00*", Kind.PICTURE),
    (b"{\\rtf", Kind.RTF),
    (b"\x1aE\xdf\xa3", Kind.VIDEO),  # Matroska and WebM
    (b"FLV\x01", Kind.VIDEO),
    (b"\x30\x26\xb2\x75", Kind.VIDEO),  # ASF: wmv and wma
    (b"ID3", Kind.SOUND),
    (b"fLaC", Kind.SOUND),
    (b"OggS", Kind.SOUND),
    (b"#!AMR", Kind.SOUND),
    (b"\xff\xfb", Kind.SOUND),
    (b"\xff\xf3", Kind.SOUND),
    (b"\xff\xf1", Kind.SOUND),  # AAC
    (b"\x1f\x8b", Kind.ARCHIVE),
    (b"7z\xbc\xaf", Kind.ARCHIVE),
    (b"Rar!", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\xfd7zXZ", Kind.ARCHIVE),
)
_RIFF = {b"WEBP": Kind.PICTURE, b"WAVE": Kind.SOUND, b"AVI ": Kind.VIDEO}
_STILL_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"heim", b"heis")
_SOUND_BRANDS = (b"M4A ", b"M4B ")
_IN_ZIP = {"word/": Kind.WORD, "ppt/": Kind.SLIDES, "xl/": Kind.SHEETS}
_OPEN_DOCUMENTS = {
    "application/vnd.oasis.opendocument.text": Kind.OPEN_TEXT,
    "application/vnd.oasis.opendocument.presentation": Kind.OPEN_SLIDES,
    "application/vnd.oasis.opendocument.spreadsheet": Kind.SHEETS,
}
"""Templates and other relatives have a word more behind."""
_TABLES = frozenset({".csv", ".tsv", ".tab"})
_PAGES = frozenset({".html", ".htm", ".xhtml"})
_CANVAS = "application/vnd.slack-docs"
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


def sniff(path: Path, *, name: str, media_type: str) -> Kind:
    """The kind of a file, from its bytes. Name and media type help among texts only."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        sample = head + file.read(_ENOUGH_TEXT - _HEAD)
    if not head.strip():
        return Kind.EMPTY
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_zip(path)
    if head.startswith(olefile.MAGIC):
        return _in_ole(path)
    if _is_pdf(head, name, media_type):
        return Kind.PDF
    found = _by_beginning(head)
    if found is not None:
        return found
    return _kind_of_text(sample, PurePath(name).suffix.lower(), media_type.lower())


def _is_pdf(head: bytes, name: str, media_type: str) -> bool:
    """Readers have always allowed rubbish in front of a PDF; a text may well speak of one."""
    claims = media_type == "application/pdf" or name.lower().endswith(".pdf")
    return head.startswith(b"%PDF") or (claims and b"%PDF-" in head[:1024])


def _by_beginning(head: bytes) -> Kind | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _STILL_BRANDS:
            return Kind.PICTURE
        return Kind.SOUND if brand in _SOUND_BRANDS else Kind.VIDEO
    if head[4:8] in {b"moov", b"mdat", b"wide"}:
        return Kind.VIDEO  # QuickTime of old has no ftyp
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G":
        return Kind.VIDEO  # an MPEG transport stream
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), None)


def _in_zip(path: Path) -> Kind:
    """Office files are archives; what lies in them says which."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < _HEAD:
                media_type = archive.read("mimetype").decode("ascii", "replace").strip()
                return _open_document(media_type)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return Kind.DAMAGED
    if "[Content_Types].xml" not in names:
        return Kind.ARCHIVE
    return next(
        (kind for folder, kind in _IN_ZIP.items() if any(one.startswith(folder) for one in names)),
        Kind.ARCHIVE,
    )


def _open_document(media_type: str) -> Kind:
    found = (kind for known, kind in _OPEN_DOCUMENTS.items() if media_type.startswith(known))
    return next(found, Kind.ARCHIVE)


def _in_ole(path: Path) -> Kind:
    """Microsoft's container: old Office files, and new ones that have a password."""
    try:
        with olefile.OleFileIO(path) as container:
            for stream, kind in {
                "EncryptedPackage": Kind.LOCKED_OFFICE,
                "Workbook": Kind.SHEETS,
                "Book": Kind.SHEETS,
                "__properties_version1.0": Kind.OUTLOOK,
            }.items():
                if container.exists(stream):
                    return kind
    except (OSError, ValueError, IndexError):
        return Kind.UNKNOWN
    return Kind.OLD_OFFICE


def _kind_of_text(sample: bytes, suffix: str, media_type: str) -> Kind:
    has_mark = sample.startswith(_BYTE_ORDER_MARKS)
    if not has_mark and (b"\x00" in sample or _control_share(sample) > 0.05):
        return Kind.UNKNOWN
    beginning = sample.lstrip()[:200].lower()
    if suffix == ".eml" or media_type == "message/rfc822":
        return Kind.MAIL
    if suffix in _TABLES or media_type in {"text/csv", "text/tab-separated-values"}:
        return Kind.TABLE
    is_page = beginning.startswith((b"<!doctype html", b"<html"))
    if is_page or suffix in _PAGES or media_type == _CANVAS:
        return Kind.HTML
    return Kind.TEXT


def _control_share(sample: bytes) -> float:
    """Signs that no text has; UTF-16 without a mark and binary files are full of them."""
    control = sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in sample)
    return control / len(sample)
