"""Files that go out with an answer: which formats a question asks for, and what they are called."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class FileFormat(StrEnum):
    """What an answer can be made into; the value is the file name's extension."""

    WORD = "docx"
    EXCEL = "xlsx"
    SLIDES = "pptx"
    PDF = "pdf"
    CSV = "csv"
    MARKDOWN = "md"
    TEXT = "txt"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file ready to be handed over."""

    name: str
    media_type: str
    data: bytes
    alt_text: str = ""
    """What a picture shows, for people who can't see it."""


LABELS = {
    FileFormat.WORD: "Word document",
    FileFormat.EXCEL: "Excel workbook",
    FileFormat.SLIDES: "PowerPoint presentation",
    FileFormat.PDF: "PDF",
    FileFormat.CSV: "CSV file",
    FileFormat.MARKDOWN: "Markdown file",
    FileFormat.TEXT: "text file",
    FileFormat.HTML: "web page (HTML)",
}
"""What people call the formats."""

_MOST_NAME = 60
_NOT_IN_NAMES = re.compile(r"[^\w .,()&+-]+")
_UNTITLED = "Document"


def file_name(title: str, extension: str) -> str:
    """A file name that every system takes, with the title's own letters."""
    words = _NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", title).replace("_", " "))
    short = " ".join(words.split())[:_MOST_NAME].strip(" .,-")
    return f"{short or _UNTITLED}.{extension}"


INSTRUCTIONS = """\
{asker} wants this as a file, and gets it: your answer itself is turned into a {formats}. So write \
the whole document in Markdown, beginning with its title as a # heading, and nothing around it: no \
greeting, no remark about the file, nothing about what you can or can't do.{more}"""
"""What the model is told when its answer becomes a file."""
_MORE = {
    FileFormat.EXCEL: " Give tables, each under a ## heading that names its sheet.",
    FileFormat.CSV: " Give one table, with a row of column names.",
    FileFormat.SLIDES: (
        " Begin each slide with a ## heading; three to six short bullet points make a slide."
    ),
}


def file_instructions(formats: Sequence[FileFormat], asker: str) -> str:
    """What the model is told about the files wanted; empty where none is."""
    if not formats:
        return ""
    named = " and a ".join(LABELS[one] for one in formats)
    more = "".join(_MORE.get(one, "") for one in formats)
    return INSTRUCTIONS.format(asker=asker, formats=named, more=more)
