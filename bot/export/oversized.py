"""Code and tables that a Slack message would cut, as files of their own."""

from collections.abc import Iterator

from bot.conversation.files import MadeFile, file_name
from bot.export.document import Code, Document, Heading, Table, walk, words
from bot.export.markdown import read_document
from bot.export.plain import make_csv

_MOST_LINES = 150
_MOST_CODE = 8_000
"""Characters; a longer text is laid over two messages."""
_MOST_ROWS = 100
_MOST_COLUMNS = 20
_MOST_TABLE = 8_000
_EXTENSIONS = {
    "bash": "sh",
    "c++": "cpp",
    "csharp": "cs",
    "javascript": "js",
    "jsx": "jsx",
    "kotlin": "kt",
    "markdown": "md",
    "perl": "pl",
    "plaintext": "txt",
    "powershell": "ps1",
    "python": "py",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala",
    "shell": "sh",
    "swift": "swift",
    "text": "txt",
    "typescript": "ts",
    "yaml": "yml",
}
"""Where a file's extension is not the language's own name."""
_LONGEST_EXTENSION = 4


def oversized(markdown: str) -> list[MadeFile]:
    """The code and the tables in an answer that are better had as files, each named differently."""
    taken: dict[str, int] = {}
    made = []
    for title, extension, data in _found(read_document(markdown)):
        name = file_name(title, extension)
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name = file_name(f"{title} {taken[name]}", extension)
        media_type = "text/csv" if extension == "csv" else "text/plain"
        made.append(MadeFile(name=name, media_type=media_type, data=data))
    return made


def _found(document: Document) -> Iterator[tuple[str, str, bytes]]:
    """Title, extension and bytes of each."""
    title = document.title
    for block in walk(document.blocks):
        match block:
            case Heading():
                title = words(block.spans) or title
            case Code() if block.text.count("\n") >= _MOST_LINES or len(block.text) > _MOST_CODE:
                yield title, _extension(block.language), f"{block.text}\n".encode()
            case Table() if _is_large(block):
                yield title, "csv", make_csv(Document(title=title, blocks=(block,)))
            case _:
                pass


def _is_large(table: Table) -> bool:
    cells = (cell for row in table.rows for cell in row)
    length = sum(len(span.text) for cell in cells for span in cell)
    return len(table.rows) > _MOST_ROWS or len(table.head) > _MOST_COLUMNS or length > _MOST_TABLE


def _extension(language: str) -> str:
    name = language.lower()
    if name in _EXTENSIONS:
        return _EXTENSIONS[name]
    return name if name.isalnum() and len(name) <= _LONGEST_EXTENSION else "txt"
