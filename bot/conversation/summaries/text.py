"""A summary as Markdown: each statement with links to the messages it comes from. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.summaries.lines import one_line
from bot.conversation.summaries.summary import (
    ActionItem,
    ChannelMessage,
    FileShared,
    Summary,
)
from bot.conversation.summaries.timespans import in_words

QUIET = "Nothing was said in {place} {span}."
QUIET_THREAD = "Nobody has said anything in this thread."
NOTHING_OF_NOTE = "Nothing in {place} stood out {span}."
_CODE_OR_MARK = re.compile(r"(`[^`]*`)|_")
READ = "{read:,} of {total:,} {messages}{threads}{files}{span}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """What stands above the parts of a summary."""

    decisions: str
    action_items: str
    open_questions: str
    files: str


HEADINGS: Mapping[str, Headings] = {
    language: Headings(
        decisions=decisions, action_items=actions, open_questions=questions, files=files
    )
    for language, decisions, actions, questions, files in (
        ("English", "Decisions", "Action items", "Open questions", "Files"),
        ("German", "Entscheidungen", "Aufgaben", "Offene Fragen", "Dateien"),
        ("French", "Décisions", "Tâches", "Questions ouvertes", "Fichiers"),
        ("Spanish", "Decisiones", "Tareas", "Preguntas abiertas", "Archivos"),
        ("Italian", "Decisioni", "Attività", "Domande aperte", "File"),
        ("Portuguese", "Decisões", "Tarefas", "Perguntas em aberto", "Arquivos"),
        ("Dutch", "Besluiten", "Actiepunten", "Open vragen", "Bestanden"),
        ("Polish", "Decyzje", "Zadania", "Otwarte pytania", "Pliki"),
        ("Russian", "Решения", "Задачи", "Открытые вопросы", "Файлы"),
        ("Chinese", "决定", "待办事项", "未决问题", "文件"),
        ("Japanese", "決定事項", "アクション項目", "未解決の質問", "ファイル"),
        ("Korean", "결정 사항", "할 일", "미해결 질문", "파일"),
    )
}
"""By the language's English name; others get the English ones."""


def as_markdown(summary: Summary, *, now: datetime, is_thread: bool = False) -> str:
    """The whole summary. `now` is in the reader's time zone."""
    parts = list(_parts(summary)) or [_nothing(summary, now, is_thread=is_thread)]
    return "\n\n".join([*parts, _small(what_was_read(summary, now=now))])


def what_was_read(summary: Summary, *, now: datetime) -> str:
    """Such as "812 of 812 messages, 41 threads, Mon 9:00 to Fri 17:30", and what is missing."""
    reading = summary.reading
    within = reading.within()
    threads = reading.threads
    line = READ.format(
        read=len(reading.messages),
        total=reading.total,
        messages="message" if reading.total == 1 else "messages",
        threads=f", {threads:,} {'thread' if threads == 1 else 'threads'}" if threads else "",
        files=what_was_opened(summary),
        span=f", {in_words(within, now=now)}" if within else "",
    )
    return " ".join([f"{line}.", *reading.gaps, *summary.gaps])


def what_was_opened(summary: Summary) -> str:
    """Such as ", 3 files, 2 pictures", to go on with; empty where none was."""
    counts = (("file", summary.documents), ("picture", summary.pictures))
    return "".join(
        f", {count:,} {noun if count == 1 else f'{noun}s'}" for noun, count in counts if count
    )


class _Links:
    """Numbers the messages in the order in which they are named first."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def to(self, sources: Sequence[ChannelMessage]) -> str:
        """Links to these messages, with a space before."""
        return "".join(f" [{self._number(one)}]({one.permalink})" for one in sources)

    def _number(self, message: ChannelMessage) -> int:
        return self._numbers.setdefault(message.ts, len(self._numbers) + 1)


def _parts(summary: Summary) -> Iterator[str]:
    links = _Links()
    headings = HEADINGS.get(summary.language, HEADINGS["English"])
    if summary.headline:
        yield f"**{_bare(summary.headline.text)}**{links.to(summary.headline.sources)}"
    for topic in summary.topics:
        points = [f"{point.text}{links.to(point.sources)}" for point in topic.points]
        yield _list(topic.title, points)
    if summary.decisions:
        said = [f"{one.text}{links.to(one.sources)}" for one in summary.decisions]
        yield _list(headings.decisions, said)
    if summary.action_items:
        items = [f"{_action(one)}{links.to(one.sources)}" for one in summary.action_items]
        yield _list(headings.action_items, items)
    if summary.open_questions:
        asked = [f"{one.text}{links.to(one.sources)}" for one in summary.open_questions]
        yield _list(headings.open_questions, asked)
    if summary.files:
        files = [f"{_file(one)}{links.to([one.message])}" for one in summary.files]
        yield _list(headings.files, files)


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{_bare(title)}**", *(f"- {line}" for line in lines)])


def _action(item: ActionItem) -> str:
    who = f"**{_bare(item.who)}**: " if item.who else ""
    when = f" ({item.by_when})" if item.by_when else ""
    return f"{who}{item.what}{when}"


def _file(shared: FileShared) -> str:
    name = one_line(shared.file.name).replace("`", "'")
    author = one_line(shared.message.author).replace("](", "] (")  # a name may look like a link
    return f"`{name}`, {author}"


def _bare(text: str) -> str:
    """With stars that don't end the bold print."""
    return text.replace("*", "∗").strip()


def _nothing(summary: Summary, now: datetime, *, is_thread: bool) -> str:
    reading = summary.reading
    if is_thread and not reading.messages:
        return QUIET_THREAD
    place = f"#{reading.channel_name}" if reading.channel_name else "this conversation"
    span = f"from {in_words(reading.span, now=now)}" if reading.span else ""
    sentence = NOTHING_OF_NOTE if reading.messages else QUIET
    return sentence.format(place=place, span=span).replace(" .", ".")


def _small(text: str) -> str:
    """In italics; names of files, between backticks, keep their underscores."""
    return f"_{_CODE_OR_MARK.sub(lambda found: found[0] if found[1] else ' ', text)}_"
