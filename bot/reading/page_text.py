"""The title and the main text of a page's bytes. Pure, and slow for large pages: for a thread."""

import re

import webencodings

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_OTHER_TEXT = frozenset(
    {"text/plain", "text/markdown", "text/x-markdown", "application/json", "application/xml"}
) | {"text/xml", "text/json"}
_MOST_ELEMENTS = 50_000
"""The main text of so many is found in six seconds; of a million empty ones in thirty."""
_LONGEST_TITLE = 300
_DECLARED = re.compile(
    rb"""<meta[^>]+?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]+?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096
# PostgreSQL refuses NUL, and the other control characters mean nothing to anybody.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def is_text(kind: str) -> bool:
    """Whether this media type is one of those that can be read."""
    return kind in _HTML or kind in _OTHER_TEXT or kind.endswith(("+json", "+xml"))


def read_text(body: bytes, kind: str, charset: str, url: str) -> tuple[str, str]:
    """The title ("" where there is none) and the text of a page of this media type."""
    text = _decoded(body, charset)
    title = ""
    if kind in _HTML:
        title, text = _from_html(text, url)
    return " ".join(_CONTROL.sub("", title).split())[:_LONGEST_TITLE], _tidy(text)


def _decoded(body: bytes, charset: str) -> str:
    """A byte order mark counts first, then the header, then what the page says, as in browsers."""
    declared = charset
    if not webencodings.lookup(declared) and (found := _DECLARED.search(body[:_HEAD_BYTES])):
        declared = (found[1] or found[2]).decode("ascii", "replace")
        if declared.lower().startswith("utf-16"):
            declared = "utf-8"  # it could not have been found otherwise
    encoding = webencodings.lookup(declared)
    if encoding is None:
        encoding = webencodings.UTF8 if _is_utf8(body) else webencodings.lookup("windows-1252")
    text: str
    text, _ = webencodings.decode(body, encoding, errors="replace")
    return text


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        # The body may have been cut within its last character.
        return error.start >= len(body) - 3
    return True


def _from_html(html: str, url: str) -> tuple[str, str]:
    import trafilatura

    tree = trafilatura.load_html(html)
    if tree is None:
        return "", ""
    title = tree.xpath("string(//head/title)") or tree.xpath("string(//title)")
    if sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
        return title, trafilatura.html2txt(tree)
    text = trafilatura.extract(
        tree, url=url, output_format="markdown", include_links=True, include_comments=False
    )
    return title, text or trafilatura.html2txt(tree)


def _tidy(text: str) -> str:
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()
