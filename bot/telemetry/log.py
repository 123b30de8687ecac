"""The log: one line an event, with the ids of what it is about, and never with a secret."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

MASK = "********"
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|xoxe\.[\w.-]+|\bsk-[\w-]{8,}"
    r"|(?<=Bearer )[\w.~+/=-]+|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
    r"|(?<=hooks\.slack\.com/)[\w/-]+"
)
_registered: set[str] = set()
_LOUD_LIBRARIES = (
    "aiosqlite",
    "alembic",
    "apscheduler",
    "httpcore",
    "httpx",
    "markdown_it",
    "slack_bolt",
    "slack_sdk",
    "uvicorn",
)


def register_secret(secret: str) -> None:
    """Mask this text wherever it appears in the log."""
    if len(secret) >= 6:
        _registered.add(secret)


def masked(text: str) -> str:
    """The text without any secret."""
    for secret in _registered:
        text = text.replace(secret, MASK)
    return _SECRETS.sub(MASK, text)


def get_logger(room: str) -> FilteringBoundLogger:
    """The logger of one room of the program."""
    logger: FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


@contextmanager
def bind(**ids: str | int) -> Iterator[None]:
    """Put these ids on every line that is logged inside, in this task and those it starts."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def configure_logging(*, level: str, json: bool) -> None:
    """Log to standard error, for people or (`json`) for machines; libraries' lines alike."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    ending: list[Processor] = (
        [structlog.processors.format_exc_info, _mask, structlog.processors.JSONRenderer()]
        if json
        else [
            structlog.processors.format_exc_info,
            _mask,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in _LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: _mask_value(value) for key, value in event.items()}


def _mask_value(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case bool() | int() | float() | None:
            return value
        case dict():
            return {key: _mask_value(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_mask_value(item) for item in value]
        case _:
            return masked(str(value))
