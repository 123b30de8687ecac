"""The text of made files, read by programs that had no part in making them."""

import re
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed (apt: libreoffice-writer)"
)
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed (apt: poppler-utils)"
)

REPORT = (Path(__file__).parents[2] / "samples" / "report.md").read_text(encoding="utf-8")


def pdf_text(data: bytes, folder: Path) -> str:
    """A PDF's text by poppler, in the order of the text itself."""
    path = folder / "made.pdf"
    path.write_bytes(data)
    found = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    return found.stdout.decode()


def converted(data: bytes, extension: str, to: str, folder: Path) -> bytes:
    """A file opened by LibreOffice and saved as something else."""
    source = folder / f"made.{extension}"
    source.write_bytes(data)
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            to,
            "--outdir",
            folder / "converted",
            source,
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return (folder / "converted" / f"made.{to.split(':')[0]}").read_bytes()


def office_text(data: bytes, parts: str) -> str:
    """All text in an Office file's parts of that name, straight from the XML."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = sorted(
            (name for name in archive.namelist() if re.fullmatch(parts, name)),
            key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)],
        )
        # Our own XML, not somebody's.
        trees = [ElementTree.fromstring(archive.read(name)) for name in names]  # noqa: S314
    return "\n".join(
        one.text or ("\n" if one.tag.endswith(("}br", "}p")) else "")
        for tree in trees
        for one in tree.iter()
    )


def letters(text: str) -> str:
    """Only what makes words, so that line breaks and marks don't count."""
    return "".join(one for one in text if one.isalnum())
