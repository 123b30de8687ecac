"""One function for every format: Markdown in, a file out. Only what the format needs is loaded."""

import re
from collections.abc import Callable, Mapping

from bot.conversation.charts import Chart, described
from bot.conversation.files import FileFormat, MadeFile, file_name
from bot.errors import FileFailed
from bot.export.document import Document
from bot.export.markdown import read_document
from bot.export.plain import make_csv, make_markdown, make_text, make_web_page

MOST_CHARACTERS = 500_000
"""Some 250 pages."""
TOO_LONG = "That is too long for one file."
_WRAPPED = re.compile(
    r"\s*(?:[^\n`#|]{1,200}\n\s*)?(`{3,})(?:markdown|md)[ \t]*\n(.*)\n\1[ \t]*\s*", re.DOTALL
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    FileFormat.WORD: f"{_OFFICE}.wordprocessingml.document",
    FileFormat.EXCEL: f"{_OFFICE}.spreadsheetml.sheet",
    FileFormat.SLIDES: f"{_OFFICE}.presentationml.presentation",
    FileFormat.PDF: "application/pdf",
    FileFormat.CSV: "text/csv",
    FileFormat.MARKDOWN: "text/markdown",
    FileFormat.TEXT: "text/plain",
    FileFormat.HTML: "text/html",
}


def make_picture(chart: Chart) -> MadeFile:
    """A chart as PNG, described for those who can't see it. Raises FileFailed."""
    from bot.export.pages import chart_picture

    return MadeFile(
        name=file_name(chart.title or "Chart", "png"),
        media_type="image/png",
        data=chart_picture(chart),
        alt_text=described(chart),
    )


def make_file(markdown: str, file_format: FileFormat, title: str = "") -> MadeFile:
    """Make a file of that format; without a title it has the Markdown's first heading.

    Takes CPU for as long as the text is long: call it outside the event loop. Raises FileFailed.
    """
    if len(markdown) > MOST_CHARACTERS:
        raise FileFailed(TOO_LONG)
    markdown = _unwrapped(markdown)
    document = read_document(markdown, title=title)
    return MadeFile(
        name=file_name(document.title, file_format.value),
        media_type=MEDIA_TYPES[file_format],
        data=_MAKERS[file_format](markdown, document),
    )


def _unwrapped(markdown: str) -> str:
    """The document itself where a model has put the whole of it into a Markdown fence."""
    found = _WRAPPED.fullmatch(markdown)
    return found[2] if found else markdown


def _word(_: str, document: Document) -> bytes:
    from bot.export.word import make_word

    return make_word(document)


def _excel(_: str, document: Document) -> bytes:
    from bot.export.sheets import make_sheets

    return make_sheets(document)


def _slides(_: str, document: Document) -> bytes:
    from bot.export.slides import make_slides

    return make_slides(document)


def _pdf(_: str, document: Document) -> bytes:
    from bot.export.pages import make_pdf

    return make_pdf(document)


_MAKERS: Mapping[FileFormat, Callable[[str, Document], bytes]] = {
    FileFormat.WORD: _word,
    FileFormat.EXCEL: _excel,
    FileFormat.SLIDES: _slides,
    FileFormat.PDF: _pdf,
    FileFormat.CSV: lambda _, document: make_csv(document),
    FileFormat.MARKDOWN: lambda markdown, _: make_markdown(markdown),
    FileFormat.TEXT: lambda _, document: make_text(document),
    FileFormat.HTML: make_web_page,
}
