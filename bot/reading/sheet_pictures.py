"""Where the pictures are in an Excel workbook (.xlsx): on which sheet, at which cell."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from zipfile import BadZipFile, ZipFile

from lxml import etree

_WORKBOOK = "xl/workbook.xml"
_DRAWING = "/drawing"
_SHEETS = "//*[local-name()='sheet']"
_RELATION = "@*[local-name()='id']"
_BLIPS = "//*[local-name()='blip']"
_EMBEDDED = "@*[local-name()='embed']"
_ANCHOR = "ancestor::*[contains(local-name(), 'Anchor')][1]"
_FROM = "./*[local-name()='from']/*[local-name()='{axis}']/text()"
_ALT = ".//*[local-name()='cNvPr']/@descr"
_ERRORS = (KeyError, ValueError, etree.LxmlError, BadZipFile, NotImplementedError)
"""Of a part that is not there, or is no XML; the figures of the workbook are read all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A picture on a sheet."""

    row: int
    """Counted from 0, like the column."""
    column: int
    alt: str
    load: Callable[[], bytes]

    @property
    def cell(self) -> str:
        """Where its corner is, as Excel calls it: `B4`."""
        letters, left = "", self.column + 1
        while left:
            left, letter = divmod(left - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.row + 1}"


def by_sheet(archive: ZipFile) -> dict[str, list[Placed]]:
    """The pictures of each sheet, from top to bottom; none of what is no such workbook."""
    try:
        relations = _relations(archive, _WORKBOOK)
        sheets = _parsed(archive, _WORKBOOK).xpath(_SHEETS)
        parts = {
            str(sheet.get("name")): relations["".join(sheet.xpath(_RELATION))] for sheet in sheets
        }
    except _ERRORS:
        return {}
    return {name: _of_sheet(archive, part) for name, part in parts.items()}


def _of_sheet(archive: ZipFile, sheet: str) -> list[Placed]:
    placed: list[Placed] = []
    try:
        for part in _relations(archive, sheet, kind=_DRAWING).values():
            placed += _of_drawing(archive, part)
    except _ERRORS:
        pass
    return sorted(placed, key=lambda one: (one.row, one.column))


def _of_drawing(archive: ZipFile, drawing: str) -> Iterator[Placed]:
    relations = _relations(archive, drawing)
    for blip in _parsed(archive, drawing).xpath(_BLIPS):
        part = relations.get("".join(blip.xpath(_EMBEDDED)), "")
        for anchor in blip.xpath(_ANCHOR) if part else ():
            yield Placed(
                row=_number(anchor, "row"),
                column=_number(anchor, "col"),
                alt="".join(anchor.xpath(_ALT)[:1]),
                load=partial(archive.read, part),
            )


def _number(anchor: Any, axis: str) -> int:
    found = "".join(anchor.xpath(_FROM.format(axis=axis)))[:7]
    return int(found) if found.isascii() and found.isdecimal() else 0


def _relations(archive: ZipFile, part: str, *, kind: str = "") -> dict[str, str]:
    """Which parts of the archive that part speaks of, by the names it has for them."""
    folder, name = posixpath.split(part)
    try:
        relations = _parsed(archive, f"{folder}/_rels/{name}.rels")
    except KeyError:
        return {}
    return {
        str(one.get("Id")): posixpath.normpath(
            posixpath.join(f"/{folder}", str(one.get("Target")))
        ).lstrip("/")
        for one in relations
        if one.get("TargetMode") != "External" and str(one.get("Type")).endswith(kind)
    }


def _parsed(archive: ZipFile, part: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(archive.read(part), parser)
