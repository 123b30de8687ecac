"""What stands beneath an answer: its sources, and one quiet line on how it was made. Pure."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.conversation.messages import Source, Usage
from bot.conversation.modes import Mode

MOST_SOURCES = 10
_NOT_IN_LINKS = str.maketrans("[]<>|`\n", "()() ' ")


def sources_line(sources: Iterable[Source]) -> str:
    """The pages an answer rests on, as links people can follow; made by us, not by the model."""
    links = []
    for number, source in enumerate(list(sources)[:MOST_SOURCES], start=1):
        host = urlsplit(source.url).hostname or source.url
        title = " ".join((source.title or host).translate(_NOT_IN_LINKS).split())[:80]
        address = source.url.replace(" ", "%20").replace(")", "%29").replace("(", "%28")
        links.append(f"{number}. [{title or host}]({address})")
    return "**Sources**\n" + "\n".join(links) if links else ""


def footer(model: str, mode: Mode | None, usage: Usage | None, seconds: float) -> str:
    """Which model, which scenario, what it took; a summary is made without any."""
    parts = [model, mode.preset.name if mode else "summary"]
    if mode and mode.thinking:
        parts.append("thinking")
    parts.append(f"{seconds:.1f} s")
    if usage:
        cached = round(100 * usage.cached_tokens / max(usage.input_tokens, 1))
        share = f" ({cached} % cached)" if cached else ""
        parts.append(f"{usage.input_tokens + usage.output_tokens:,} tokens{share}")
    return " · ".join(parts)
