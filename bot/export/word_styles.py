"""What a Word document of ours looks like: fonts, spaces, and lists that count by themselves."""

from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph

BODY, TITLE, QUOTE, CODE = "Normal", "Title", "Quote", "Code"
INLINE_CODE, LINK = "Inline Code", "Hyperlink"
HEADINGS = {level: f"Heading {level}" for level in range(1, 7)}

_FONT, _MONO, _CJK = "Calibri", "Consolas", "Microsoft YaHei"
_DARK, _BLUE, _GREY = (
    RGBColor(0x1F, 0x2A, 0x44),
    RGBColor(0x1D, 0x5F, 0xB4),
    RGBColor(0x55, 0x55, 0x55),
)
_SIZES = {1: 18, 2: 15, 3: 13, 4: 12, 5: 11, 6: 11}
_BULLETS = "•◦▪"
_STEP = Cm(0.75)
"""How far each level of a list is moved in."""
_LEVELS = 9


def dress(file: WordDocument) -> None:
    """Give a new file our paper and styles."""
    section = file.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.2)
    _font(file, BODY, size=11)
    file.styles[BODY].paragraph_format.space_after = Pt(8)
    file.styles[BODY].paragraph_format.line_spacing = 1.12
    _font(file, TITLE, size=24, colour=_DARK, bold=True)
    for level, name in HEADINGS.items():
        _font(file, name, size=_SIZES[level], colour=_DARK, bold=True)
        file.styles[name].font.italic = False
        file.styles[name].paragraph_format.space_before = Pt(16 - 2 * level)
        file.styles[name].paragraph_format.space_after = Pt(6)
    _font(file, QUOTE, size=11, colour=_GREY)
    file.styles[QUOTE].paragraph_format.left_indent = Cm(0.8)
    _add_code(file)
    link = file.styles.add_style(LINK, WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb, link.font.underline = _BLUE, True


def _add_code(file: WordDocument) -> None:
    file.styles.add_style(CODE, WD_STYLE_TYPE.PARAGRAPH).base_style = file.styles[BODY]
    _font(file, CODE, size=9, name=_MONO)
    style = file.styles[CODE]
    style.paragraph_format.line_spacing = 1.0
    shade(style.element.get_or_add_pPr(), "F4F5F7")
    file.styles.add_style(INLINE_CODE, WD_STYLE_TYPE.CHARACTER)
    _font(file, INLINE_CODE, size=10, name=_MONO)


def _font(
    file: WordDocument,
    style: str,
    *,
    size: float,
    name: str = _FONT,
    colour: RGBColor | None = None,
    bold: bool | None = None,
) -> None:
    """Word takes a font per script: without `eastAsia`, Chinese falls to whatever it has first."""
    font = file.styles[style].font
    font.name, font.size, font.bold, font.color.rgb = name, Pt(size), bold, colour
    fonts = file.styles[style].element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), name)
    fonts.set(qn("w:eastAsia"), _CJK)


def shade(properties: Any, colour: str) -> None:
    """Fill the background of a paragraph or cell; `colour` as RRGGBB."""
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shading.set(qn(f"w:{name}"), value)
    properties.append(shading)


def soften(properties: Any) -> None:
    """Give a table light lines, and room between them and the words."""
    borders, margins = OxmlElement("w:tblBorders"), OxmlElement("w:tblCellMar")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "C9CFDA")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    for side, width in (("top", "40"), ("left", "100"), ("bottom", "40"), ("right", "100")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), width)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = properties.find(qn("w:tblLook"))
    for element in (borders, margins):
        look.addprevious(element)  # in the order of ECMA-376, CT_TblPr


class Numbering:
    """The lists of one file. Each list with numbers is a definition of its own, so that it counts anew."""

    def __init__(self, file: WordDocument) -> None:
        self._numbering = file.part.numbering_part.element
        self._bullets = self._define(ordered=False)
        self._numbers = self._define(ordered=True)

    def indent(self, level: int) -> Length:
        """How far the text of that level stands from the margin."""
        return Length(_STEP * (level + 1))

    def begin(self, start: int | None, level: int) -> int:
        """A new list at that level; returns its number in the file."""
        number = self._numbering.add_num(self._bullets if start is None else self._numbers)
        if start is not None:
            number.add_lvlOverride(ilvl=level).add_startOverride(start)
        return int(number.numId)

    def apply(self, paragraph: WordParagraph, number: int, level: int) -> None:
        """Make a paragraph an entry of a list."""
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001
        properties.get_or_add_numId().val = number
        properties.get_or_add_ilvl().val = level

    def _define(self, *, ordered: bool) -> int:
        """Add a kind of list with all its levels; returns its abstract number."""
        known = [int(one.get(qn("w:abstractNumId"))) for one in self._abstract()]
        definition = OxmlElement("w:abstractNum")
        definition.set(qn("w:abstractNumId"), str(max(known, default=0) + 1))
        for level in range(_LEVELS):
            definition.append(self._level(level, ordered=ordered))
        # Definitions come before the lists that use them (ECMA-376, CT_Numbering).
        position = len(self._abstract())
        self._numbering.insert(position, definition)
        return int(definition.get(qn("w:abstractNumId")))

    def _abstract(self) -> list[Any]:
        return list(self._numbering.findall(qn("w:abstractNum")))

    def _level(self, level: int, *, ordered: bool) -> Any:
        made = OxmlElement("w:lvl")
        made.set(qn("w:ilvl"), str(level))
        text = f"%{level + 1}." if ordered else _BULLETS[level % len(_BULLETS)]
        kind = "decimal" if ordered else "bullet"
        for name, value in (("start", "1"), ("numFmt", kind), ("lvlText", text), ("lvlJc", "left")):
            element = OxmlElement(f"w:{name}")
            element.set(qn("w:val"), value)
            made.append(element)
        properties, indent = OxmlElement("w:pPr"), OxmlElement("w:ind")
        indent.set(qn("w:left"), str(self.indent(level).twips))
        indent.set(qn("w:hanging"), str(Length(_STEP * 2 // 3).twips))
        properties.append(indent)
        made.append(properties)
        return made
