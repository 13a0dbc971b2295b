"""Structured logs: one JSON object a line for machines, readable lines on a terminal."""

from __future__ import annotations

import logging.config
import sys
from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(log_format: str) -> dict[str, Any]:
    """Make the logging dictionary for `json`, `text`, or, when empty, whichever suits standard error."""
    text = log_format == "text" or (not log_format and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer()
    trace = [] if text else [structlog.processors.format_exc_info]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "sild": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *trace, renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "sild"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"sild": {"level": "INFO"}},
    }


def configure(settings: dict[str, Any]) -> None:
    """Set up the standard library's logging and send structlog through it; Django calls this at start."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
