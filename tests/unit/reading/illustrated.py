"""Documents with pictures in them, made by the libraries that people's programs use, too."""

import io
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import docx
import odfdo
import openpyxl
import pptx
import pypdfium2
from openpyxl.drawing.image import Image as ExcelImage
from PIL import Image as Pillow
from pptx.util import Inches

RED, GREEN, BLUE = "#c01010", "#10a010", "#1010c0"


def png(colour: str = RED, size: tuple[int, int] = (300, 200)) -> bytes:
    """A picture of one colour."""
    encoded = io.BytesIO()
    Pillow.new("RGB", size, colour).save(encoded, "PNG")
    return encoded.getvalue()


def jpeg(colour: str) -> bytes:
    """The same as a JPEG."""
    encoded = io.BytesIO()
    Pillow.new("RGB", (300, 200), colour).save(encoded, "JPEG")
    return encoded.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    """A picture like a photo, another one each time."""
    encoded = io.BytesIO()
    bands = [Pillow.effect_noise(size, 60) for _ in range(3)]
    Pillow.merge("RGB", bands).save(encoded, "JPEG", quality=88)
    return encoded.getvalue()


def colour_of(data: bytes) -> str:
    """Of a picture of one colour, without what its encoding has changed."""
    small = Pillow.open(io.BytesIO(data)).convert("RGB").resize((1, 1))
    red, green, blue = small.getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel
    return min(
        (RED, GREEN, BLUE),
        key=lambda one: sum(
            abs(int(one[at : at + 2], 16) - value)
            for at, value in zip((1, 3, 5), (red, green, blue), strict=True)
        ),
    )


def slides(path: Path, *pictures: Sequence[bytes], alt: str = "") -> Path:
    """A presentation; each slide has a title and these pictures, one above the other."""
    deck = pptx.Presentation()
    for number, shown in enumerate(pictures, start=1):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = f"Quay {number}"
        for place, picture in enumerate(shown):
            shape = slide.shapes.add_picture(
                io.BytesIO(picture), Inches(1), Inches(2 + place), height=Inches(1)
            )
            shape.element.nvPicPr.cNvPr.set("descr", alt)
    deck.save(str(path))
    return path


def word(path: Path, *parts: str | bytes, alt: str = "") -> Path:
    """A Word document: headings begin with #, pictures are bytes, the rest is paragraphs."""
    document = docx.Document()
    for part in parts:
        if isinstance(part, bytes):
            shape = document.add_picture(io.BytesIO(part))
            shape._inline.docPr.set("descr", alt)
        elif part.startswith("#"):
            document.add_heading(part.lstrip("# "), level=1)
        else:
            document.add_paragraph(part)
    document.save(str(path))
    return path


def open_text(path: Path, *parts: str | bytes, alt: str = "") -> Path:
    """An OpenDocument text, of the same parts."""
    document = odfdo.Document("text")
    document.body.clear()
    for part in parts:
        if isinstance(part, bytes):
            paragraph = odfdo.Paragraph("See ")
            paragraph.append(_frame(document, part, alt))
            document.body.append(paragraph)
        elif part.startswith("#"):
            document.body.append(odfdo.Header(1, part.lstrip("# ")))
        else:
            document.body.append(odfdo.Paragraph(part))
    document.save(str(path))
    return path


def open_slides(path: Path, *pictures: Sequence[bytes], alt: str = "") -> Path:
    """An OpenDocument presentation."""
    document = odfdo.Document("presentation")
    document.body.clear()
    for number, shown in enumerate(pictures, start=1):
        page = odfdo.DrawPage(f"page{number}", name=f"Quay {number}")
        page.append(odfdo.Frame.text_frame(f"Quay {number}", size=("7cm", "5cm")))
        for picture in shown:
            page.append(_frame(document, picture, alt))
        document.body.append(page)
    document.save(str(path))
    return path


def workbook(path: Path, **sheets: Sequence[tuple[str, bytes]]) -> Path:
    """An Excel workbook: sheets with a few figures, and pictures at cells."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, placed in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(["Item", "Amount"])
        sheet.append([name, 4812])
        for cell, picture in placed:
            sheet.add_image(ExcelImage(io.BytesIO(picture)), cell)
    book.save(path)
    return path


def mail(path: Path, *, inline: bytes, attached: bytes, plain: str = "") -> Path:
    """An e-mail with a picture in its text, and one attached to it."""
    message = EmailMessage()
    message["From"], message["Subject"] = "Mira Holm <mira@example.com>", "The quay"
    html = '<p>Here it is:</p><img src="cid:quay@example.com" alt="The quay"><p>Yours</p>'
    if plain:
        message.set_content(plain)
        message.add_alternative(html, subtype="html")
        body = message.get_body(("html",))
    else:
        message.set_content(html, subtype="html")
        body = message
    assert body is not None
    body.add_related(inline, "image", "png", cid="<quay@example.com>", filename="quay.png")
    message.add_attachment(attached, "image", "png", filename="map.png")
    path.write_bytes(message.as_bytes())
    return path


def _frame(document: odfdo.Document, picture: bytes, alt: str) -> odfdo.Frame:
    address = document.add_file(io.BytesIO(picture))
    frame = odfdo.Frame.image_frame(address, size=("6cm", "4cm"), anchor_type="as-char")
    if alt:
        frame.svg_title = alt
    return frame


def pdf(path: Path, *figures: tuple[bytes, float] | None) -> Path:
    """A printed report; each page has a figure (a JPEG) that takes this share of its area, or none."""
    report = Path(__file__).parents[2] / "samples" / "files" / "report.pdf"
    with pypdfium2.PdfDocument(report) as print_, pypdfium2.PdfDocument.new() as book:
        for figure in figures:
            book.import_pages(print_, [0])
            if figure is not None:
                _put(book, book[len(book) - 1], *figure)
        book.save(path)
    return path


def _put(
    book: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, picture: bytes, share: float
) -> None:
    """A picture at the foot of the page, as wide as the page."""
    width, height = page.get_size()
    image = pypdfium2.PdfImage.new(book)
    image.load_jpeg(io.BytesIO(picture), inline=True)
    image.set_matrix(pypdfium2.PdfMatrix().scale(width, height * share))
    page.insert_obj(image)
    page.gen_content()
