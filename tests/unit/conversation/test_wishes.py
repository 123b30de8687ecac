"""Files and charts are made when somebody asks for them, and not when they are only mentioned."""

import pytest

from bot.conversation.files import FileFormat
from bot.conversation.wishes import wanted_formats, wants_chart

W, X, P, F = FileFormat.WORD, FileFormat.EXCEL, FileFormat.SLIDES, FileFormat.PDF
C, M, T, H = FileFormat.CSV, FileFormat.MARKDOWN, FileFormat.TEXT, FileFormat.HTML


@pytest.mark.parametrize(
    ("question", "formats"),
    [
        ("@bot make it a Word file", (W,)),
        ("Please summarise this as a Word document", (W,)),
        ("can I have that as Word?", (W,)),
        ("as a .docx please: save as plan.docx", (W,)),
        ("give me a spreadsheet of the prices", (X,)),
        ("put it into Excel", (X,)),
        ("export this to xlsx", (X,)),
        ("Create a short Excel table with the numbers", (X,)),
        ("turn this into slides", (P,)),
        ("make a PowerPoint presentation about our plan", (P,)),
        ("prepare a slide deck for Monday", (P,)),
        ("write a PDF report about it", (F,)),
        ("PDF please", (F,)),
        ("@bot and as pdf?", (F,)),
        ("convert it to PDF", (F,)),
        ("the same in PDF format", (F,)),
        ("give me a CSV file", (C,)),
        ("as CSV", (C,)),
        ("save it as Markdown", (M,)),
        ("as a text file", (T,)),
        ("make an HTML page", (H,)),
        ("as Word and as PDF", (W, F)),
        ("call it `Q3 report.pdf`", (F,)),
        ("Erstelle mir bitte eine Word-Datei daraus", (W,)),
        ("Das bitte als PDF", (F,)),
        ("als Excel-Tabelle bitte", (X,)),
        ("mach eine Präsentation über das Projekt", (P,)),
        ("schreib das als Markdown-Datei", (M,)),
        ("请生成一份PDF", (F,)),
        ("做成Word文档", (W,)),
        ("导出为 Excel", (X,)),
        ("帮我制作一个幻灯片", (P,)),
        ("保存为CSV文件", (C,)),
    ],
)
def test_a_file_is_asked_for(question: str, formats: tuple[FileFormat, ...]) -> None:
    assert wanted_formats(question) == formats


@pytest.mark.parametrize(
    "question",
    [
        "what does the PDF say?",
        "summarise this PDF",
        "summarise report.pdf",
        "write a summary of the Word document",
        "make a list of the numbers in the spreadsheet",
        "explain it in a word",
        "what is another word for big?",
        "give me a word for that",
        "write word by word",
        "how do I open a csv file in python?",
        "who gave the presentation yesterday?",
        "translate the slides",
        "create a table from the Excel file",
        "as a table",
        "format it as a markdown table",
        "was steht in der PDF-Datei?",
        "这个PDF说了什么？",
        "总结这份Excel",
        "send the mail to Anna",
        "",
    ],
)
def test_a_file_is_only_talked_about(question: str) -> None:
    assert wanted_formats(question) == ()


@pytest.mark.parametrize(
    "question",
    [
        "draw it",
        "as a bar chart",
        "plot the numbers",
        "als Balkendiagramm",
        "画个图",
        "a pie chart",
    ],
)
def test_a_chart_is_asked_for(question: str) -> None:
    assert wants_chart(question)


@pytest.mark.parametrize("question", ["what is drawn?", "the withdrawal", "photograph", "总结"])
def test_no_chart_is_asked_for(question: str) -> None:
    assert not wants_chart(question)
