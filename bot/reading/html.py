"""HTML as Markdown: headings, lists, tables and links stay, scripts and styles go."""

import re
from collections.abc import Callable

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

_SILENT = ("script", "style", "noscript", "template", "svg", "head", "img", "iframe", "object")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


Picture = Callable[[str, str], str]
"""What stands for a picture of this address and with these words in its place."""


def to_markdown(html: str, picture: Picture | None = None) -> str:
    """The Markdown of a page or of a piece of one; plain text where it is nested beyond reason.

    Pictures are left out where nothing is to stand for them.
    """
    soup = BeautifulSoup(html, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    if picture is not None:
        for image in soup("img"):
            image.replace_with(picture(str(image.get("src", "")), str(image.get("alt", ""))))
    for element in soup(_SILENT):
        element.decompose()
    try:
        text = _CONVERTER.convert_soup(soup)
    except RecursionError:
        text = soup.get_text("\n", strip=True)
    text = _BLANK_LINES.sub("\n\n", text).strip()
    is_titled = not title or text.lstrip("# ").startswith(title)
    return text if is_titled else f"# {title}\n\n{text}".strip()


_CONVERTER = MarkdownConverter(
    heading_style="ATX",
    bullets="-",
    table_infer_header=True,
    escape_asterisks=False,
    escape_underscores=False,
)
