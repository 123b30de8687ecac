"""Archives are looked at before anything unpacks them: a bomb is told by what it says of itself."""

import zipfile
from pathlib import Path

from bot.conversation.documents.document import Document
from bot.errors import UnreadableFile
from bot.reading.passages import cut

MOST_BYTES = 512 * 1024 * 1024
"""Of everything in it, unpacked."""
MOST_RATIO = 250
"""An entry that unpacks to more than so many times its size is a bomb, or as bad as one."""
MOST_ENTRIES = 20_000
_SMALL = 4 * 1024 * 1024
"""Below this size any ratio is harmless; empty sheets of a workbook compress a thousandfold."""
_MOST_LISTED = 500

BOMB = "it would unpack to far more than I can take"
LOCKED = "it is protected with a password"
DAMAGED = "the file is damaged"
NOT_LISTED = "it is an archive; unpacked, I can read the files in it"
ONLY_NAMES = "only the names: the files in an archive are not opened"


def check(path: Path) -> None:
    """Make sure that a zip archive may be unpacked. Raises UnreadableFile."""
    with _opened(path) as archive:
        entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise UnreadableFile(BOMB)
    for entry in entries:
        if entry.file_size > max(_SMALL, MOST_RATIO * entry.compress_size):
            raise UnreadableFile(BOMB)
        if entry.flag_bits & 1:
            raise UnreadableFile(LOCKED)


def list_archive(path: Path, name: str) -> Document:
    """The names and sizes of what is in a zip archive. Raises UnreadableFile for other archives."""
    if not zipfile.is_zipfile(path):
        raise UnreadableFile(NOT_LISTED)
    with _opened(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    lines = [f"- {entry.filename} ({entry.file_size:,} bytes)" for entry in entries[:_MOST_LISTED]]
    if len(entries) > _MOST_LISTED:
        lines.append(f"- … and {len(entries) - _MOST_LISTED:,} more")
    return Document(
        name=name,
        extent=f"an archive of {len(entries):,} files",
        passages=tuple(cut("\n".join(lines))),
        note=ONLY_NAMES,
    )


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(DAMAGED) from error
