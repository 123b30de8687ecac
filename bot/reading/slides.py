"""PowerPoint: each slide with its title, points, tables, figures of charts, pictures, speaker's notes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError
from pptx.util import Emu

from bot.conversation.documents.document import Document, Passage
from bot.conversation.messages import Image
from bot.errors import UnreadableFile
from bot.reading.album import Album
from bot.reading.archives import check
from bot.reading.passages import cut

MOST_SLIDES = 1_000
_MOST_DEPTH = 8
DAMAGED = "the file is damaged"
ONLY_FIRST = "only the first {read:,} of {count:,} slides were read"
_PICTURES = ".//a:blip/@r:embed | .//a:blip[not(@r:embed)]/@r:link"
_BACKGROUND = "./p:cSld/p:bg//a:blip/@r:embed"
_ALT = ".//p:cNvPr/@descr"


def read_slides(
    path: Path, name: str, watch: Callable[[int, int], None], *, pictures: bool
) -> list[Image | Document]:
    """The presentation, then the pictures in it. Raises UnreadableFile."""
    check(path)
    try:
        presentation = Presentation(str(path))
    except (PythonPptxError, KeyError, ValueError) as error:
        raise UnreadableFile(DAMAGED) from error
    count = len(presentation.slides)
    passages: list[Passage] = []
    album = Album(name, pictures=pictures)
    for number, slide in enumerate(islice(presentation.slides, MOST_SLIDES), start=1):
        watch(number - 1, count)
        place = f"slide {number}"
        lines = _Slide(slide, album, place).lines()
        passages.extend(cut("\n".join(lines) or "(no text)", place))
    notes = [album.note] if album.note else []
    if count > MOST_SLIDES:
        notes.append(ONLY_FIRST.format(read=MOST_SLIDES, count=count))
    extent = "1 slide" if count == 1 else f"{count:,} slides"
    document = Document(name=name, extent=extent, passages=tuple(passages), note="; ".join(notes))
    return [document, *album.images(passages)]


class _Slide:
    """One slide, written down from top to bottom."""

    def __init__(self, slide: Any, album: Album, place: str) -> None:
        self._slide = slide
        self._album = album
        self._place = place

    def lines(self) -> Iterator[str]:
        """Its Markdown."""
        slide = self._slide
        title = slide.shapes.title
        if title is not None and title.text_frame.text.strip():
            yield f"## {' '.join(title.text_frame.text.split())}"
        title_id = title.shape_id if title is not None else None
        yield from self._pictures(slide.element.xpath(_BACKGROUND))
        yield from self._of(shape for shape in slide.shapes if shape.shape_id != title_id)
        if slide.has_notes_slide:
            notes = slide.notes_slide.notes_text_frame
            if notes is not None and notes.text.strip():
                yield f"\nSpeaker's notes: {notes.text.strip()}"

    def _of(self, shapes: Iterable[Any], depth: int = 0) -> Iterator[str]:
        """As people read a slide, not as the shapes were drawn."""
        for shape in sorted(shapes, key=lambda shape: (shape.top or Emu(0), shape.left or Emu(0))):
            if hasattr(shape, "shapes"):
                if depth < _MOST_DEPTH:
                    yield from self._of(shape.shapes, depth + 1)
                continue
            # Shapes are filled with pictures, too, and so are cells of tables.
            yield from self._pictures(shape.element.xpath(_PICTURES), shape.element.xpath(_ALT))
            if shape.has_text_frame:
                yield from _of_text(shape.text_frame)
            elif getattr(shape, "has_table", False):
                yield from _of_table(shape.table)
            elif getattr(shape, "has_chart", False):
                yield from _of_chart(shape.chart)

    def _pictures(self, ids: Sequence[str], alt: Sequence[str] = ()) -> Iterator[str]:
        for one in dict.fromkeys(ids):
            load = partial(_bytes, self._slide, one)
            mark = self._album.mark(load, alt="".join(alt[:1]), place=self._place)
            if mark:
                yield mark


def _bytes(slide: Any, relation: str) -> bytes:
    data: bytes = slide.part.related_part(relation).blob
    return data


def _of_text(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        text = "".join(run.text for run in paragraph.runs).strip()
        if text:
            yield f"{'  ' * paragraph.level}- {text}"


def _of_table(table: Any) -> Iterator[str]:
    yield ""
    for position, row in enumerate(table.rows):
        yield f"| {' | '.join(' '.join(cell.text.split()) for cell in row.cells)} |"
        if position == 0:
            yield f"|{' --- |' * len(row.cells)}"
    yield ""


def _of_chart(chart: Any) -> Iterator[str]:
    title = chart.chart_title.text_frame.text if chart.has_title else ""
    yield f"\nChart{f' {title!r}' if title else ''}:"
    for plot in chart.plots:
        names = [str(category) for category in plot.categories]
        yield f"| | {' | '.join(names)} |"
        yield f"|{' --- |' * (len(names) + 1)}"
        for series in plot.series:
            values = ("" if value is None else f"{value:g}" for value in series.values)
            yield f"| {series.name} | {' | '.join(values)} |"
    yield ""
