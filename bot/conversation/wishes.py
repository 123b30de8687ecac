"""What a question wishes to have besides words: files of some format, or a chart. Pure.

A file that is only talked about ("what does the PDF say?") is not asked for: there has to be a
word for making (`as`, `create`, `export`, `als`, `生成`), or the format has to be all that is said.
"""

import re
from collections.abc import Mapping
from functools import cache

from bot.conversation.files import FileFormat

_NAMES: Mapping[FileFormat, str] = {
    FileFormat.WORD: (
        r"(?:ms |microsoft )?word[- ]?(?:file|doc(?:ument)?|datei|dokument|文件|文档)s?"
        r"|(?-i:Word(?![ -](?:by|for|of|from|count|list|games?)\b))|docx"
    ),
    FileFormat.EXCEL: (
        r"(?:ms |microsoft )?excel(?:[- ]?(?:file|sheet|table|workbook|datei|tabelle|文件|表格?))?"
        r"|spread ?sheet|work ?book|xlsx|电子表格"
    ),
    FileFormat.SLIDES: (
        r"power ?point(?:[- ](?:file|presentation|slides?|datei|präsentation))?|pptx?"
        r"|slide ?(?:deck|show)|slides|deck|presentation|präsentation|folien(?:satz)?"
        r"|幻灯片|演示文稿"
    ),
    FileFormat.PDF: r"pdf(?:[- ]?(?:file|document|report|datei|dokument|文件|文档))?",
    FileFormat.CSV: r"csv(?:[- ]?(?:file|datei|文件))?",
    FileFormat.MARKDOWN: r"(?:markdown|md)[- ]?(?:file|document|datei|文件|文档)|markdown(?! ?table)",
    FileFormat.TEXT: r"(?:plain )?text[- ]?(?:file|datei)|txt(?:[- ]?(?:file|datei))?|文本文件",
    FileFormat.HTML: r"(?:html|web)[- ]?(?:file|page|document|datei|seite|文件)|html(?! ?(?:tag|element))",
}
_ARTICLE = r"(?:(?:an?|one|some|eine?[nmrs]?|new|neue[rnms]?|short|kurze[rnms]?|一[个份张篇]?)\s*)*"
_MADE = (
    # "as a PDF", "als Word-Datei", "into slides", "in PDF format"
    r"\b(?:as|into|als)\s+(?:the\s+)?{article}(?:\w+\s+)?(?:{name})\b"
    r"|\bto\s+{article}(?:{name})\b"
    r"|\b(?:in|im)\s+{article}(?:{name})(?:[- ]?format|\s+form)\b"
    # "make me a short PDF report about …", "erstelle eine Präsentation"
    r"|\b(?:{verbs})\b(?:\s+(?:me|us|it|this|that|them|mir|uns|bitte))*\s+"
    r"{article}(?:(?!(?:{little})\b)[\w-]+\s+){{0,2}}(?:{name})\b"
    # "生成一份PDF", "导出为 Excel"
    r"|(?:做成|做个|做一[个份]|生成|导出|保存|存成|输出|转换?[为成]|写成|写一[个份]|整理成|制作|创建|给我)"
    r"[为成]?\s*{article}[^，。？！,.?!]{{0,6}}?(?:{name})"
)
_VERBS = (
    "make|create|write|generate|build|prepare|produce|export|give|send|draft|draw up|need|want"
    "|put together|turn|convert|download|save|attach|mach|mache|erstell|erstelle|schreib|schreibe"
    "|generiere|exportier|exportiere|speicher|speichere|gib|schick|schicke|bau|baue"
)
_LITTLE = (
    "the|this|that|these|those|of|from|about|in|into|for|with|to|on|out|what|who|and|or"
    "|der|die|das|den|dem|des|aus|von|über|mit|für|zu|im|auf"
)
_ALONE = r"^\W*(?:and|now|or|also|please|bitte|und|auch|jetzt)?\W*(?:{article})(?:{name})(?:\s+(?:please|bitte|too|instead|file|now))*\W*$"
_NAMED = re.compile(
    r"(?:\b(?:as|into|to|named|called|als|namens|name it|call it)|[为成叫])\s*[`\"“']?"
    r"[\w .()-]{0,60}?\.(docx|xlsx|pptx|pdf|csv|md|txt|html)\b",
    re.IGNORECASE,
)
_MOST_READ = 4_000
"""Characters; who asks for a file says so sooner."""
_MENTION = re.compile(r"@\S+\s*")


@cache
def _pattern(file_format: FileFormat) -> re.Pattern[str]:
    given = {"name": _NAMES[file_format], "article": _ARTICLE, "verbs": _VERBS, "little": _LITTLE}
    made, alone = _MADE.format(**given), _ALONE.format(**given)
    # Chinese has no spaces: a Latin name ends where its letters do.
    ending = re.compile(r"\\b(?=$|\|)")
    made = ending.sub("(?![A-Za-z0-9_])", made)
    return re.compile(f"{made}|{alone}", re.IGNORECASE | re.MULTILINE)


_ANY_NAME = re.compile("|".join(_NAMES.values()), re.IGNORECASE)
"""Most questions name no format at all: the long patterns are for the others."""
_CHART = re.compile(
    r"\b(?:(?:bar|line|pie|area|column) ?(?:chart|graph|plot|diagram)s?|charts?|diagrams?|graphs?"
    r"|plot|draw|visuali[sz]e|visuali[sz]ation"
    r"|(?:balken|linien|torten|kreis|säulen|flächen)?-?diagramme?|zeichne|visualisier\w*)\b"
    r"|图表|柱状图|折线图|饼图|面积图|画(?:个|一[个张])?图|可视化",
    re.IGNORECASE,
)


def wanted_formats(question: str) -> tuple[FileFormat, ...]:
    """The formats in which the question wants its answer, in the order of `FileFormat`."""
    asked = _MENTION.sub("", question[:_MOST_READ])
    named = {FileFormat(found[1].lower()) for found in _NAMED.finditer(asked)}
    if not named and not _ANY_NAME.search(asked):
        return ()
    return tuple(one for one in FileFormat if one in named or _pattern(one).search(asked))


def wants_chart(question: str) -> bool:
    """Whether numbers are to be drawn."""
    return _CHART.search(question[:_MOST_READ]) is not None
