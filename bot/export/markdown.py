"""Markdown becomes a document. Nothing that a reader would see is lost on the way."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.conversation.charts import FENCE, parse_chart
from bot.export.document import (
    Block,
    Code,
    Document,
    Drawing,
    Heading,
    Item,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Side,
    Span,
    Spans,
    Table,
    words,
)

_UNTITLED = "Document"
_MOST_TITLE = 120
_DEEPEST = 60
"""Lists in lists; what is nested deeper would be dropped, and nobody nests so deep."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no XML may hold, and so no Office file."""
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_BOXES = {" ": "☐", "x": "☑", "X": "☑"}


def make_parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough and bare links; HTML stays text."""
    options = {"html": False, "linkify": True, "maxNesting": _DEEPEST}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough", "linkify"])
    if parser.linkify is not None:
        # `notes.md` is a file, not a page in Moldova.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser.disable("reference")  # what looks like a definition is a line of the answer


_PARSER = make_parser()


def clean(markdown: str) -> str:
    """Markdown without what no file can hold."""
    return _UNWRITABLE.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n"))


def read_document(markdown: str, *, title: str = "") -> Document:
    """Read a whole document; without a title of its own it has its first heading's."""
    root = SyntaxTreeNode(_PARSER.parse(clean(markdown)))
    blocks = tuple(_blocks(root.children))
    return Document(title=_title(title, blocks), blocks=blocks)


def _title(given: str, blocks: Sequence[Block]) -> str:
    own = " ".join(clean(given).split())
    first = next((words(one.spans) for one in blocks if isinstance(one, Heading)), "")
    return (own or first)[:_MOST_TITLE].strip() or _UNTITLED


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        block = _block(node)
        if block is not None:
            yield block


def _block(node: SyntaxTreeNode) -> Block | None:
    match node.type:
        case "heading":
            return Heading(level=int(node.tag[1]), spans=_spans(node))
        case "paragraph":
            spans = _spans(node)
            return Paragraph(spans=spans) if spans else None
        case "bullet_list":
            return Listing(items=tuple(_item(child) for child in node.children))
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            return Listing(items=tuple(_item(child) for child in node.children), start=start)
        case "table":
            return _table(node)
        case "fence" | "code_block":
            return _code(node)
        case "blockquote":
            return Quote(blocks=tuple(_blocks(node.children)))
        case "hr":
            return Rule()
        case other:
            raise NotImplementedError(other)


def _code(node: SyntaxTreeNode) -> Block:
    language = node.info.split()[0] if node.info.split() else ""
    if language.lower() == FENCE and (chart := parse_chart(node.content)) is not None:
        return Drawing(chart=chart)
    return Code(text=node.content.rstrip("\n"), language=language)


def _item(node: SyntaxTreeNode) -> Item:
    blocks = list(_blocks(node.children))
    if blocks and isinstance(blocks[0], Paragraph):
        blocks[0] = Paragraph(spans=_with_box(blocks[0].spans))
    return Item(blocks=tuple(blocks))


def _with_box(spans: Spans) -> Spans:
    """A task's `[x]` as a box that is ticked."""
    found = _TASK.match(spans[0].text)
    if found is None:
        return spans
    box = _BOXES[found[1]] + spans[0].text[found.end() :]
    return (replace(spans[0], text=box), *spans[1:])


def _table(node: SyntaxTreeNode) -> Table:
    rows = [row for part in node.children for row in part.children]
    head = rows[0].children
    return Table(
        head=tuple(_spans(cell) for cell in head),
        rows=tuple(tuple(_spans(cell) for cell in row.children) for row in rows[1:]),
        sides=tuple(_side(cell) for cell in head),
    )


def _side(cell: SyntaxTreeNode) -> Side:
    style = str(cell.attrs.get("style", ""))
    return next((side for side in Side if side.value in style), Side.LEFT)


def _spans(node: SyntaxTreeNode) -> Spans:
    inline = node.children[0] if node.children else None
    return _joined(_styled(inline.children, Span(text=""))) if inline is not None else ()


def _styled(nodes: Sequence[SyntaxTreeNode], style: Span) -> Iterator[Span]:
    """The runs of text beneath inline nodes; `style` is what stands around them."""
    for node in nodes:
        match node.type:
            case "text":
                yield replace(style, text=_BREAK.sub("\n", node.content))
            case "softbreak":
                yield replace(style, text=" ")
            case "hardbreak":
                yield replace(style, text="\n")
            case "code_inline":
                yield replace(style, text=node.content, code=True)
            case "strong":
                yield from _styled(node.children, replace(style, bold=True))
            case "em":
                yield from _styled(node.children, replace(style, italic=True))
            case "s":
                yield from _styled(node.children, replace(style, strike=True))
            case "link":
                address = str(node.attrs.get("href", ""))
                yield from _styled(node.children, replace(style, link=address))
            case "image":
                # A picture's address is not fetched: that would tell its server who reads.
                address = str(node.attrs.get("src", ""))
                text = node.content or "image"
                yield replace(style, text=text, link=style.link or address)
            case other:
                raise NotImplementedError(other)


def _joined(spans: Iterator[Span]) -> Spans:
    """Neighbours of one style as one run."""
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before is not None and replace(before, text="") == replace(span, text=""):
            joined[-1] = replace(before, text=before.text + span.text)
        elif span.text:
            joined.append(span)
    return tuple(joined)
