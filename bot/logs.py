"""Structured logs: one JSON object a line, an event name and fields, redacted before they are written."""

from __future__ import annotations

import logging
import sys
import warnings

import structlog

from bot.redaction import redact


def configure_logs(level: str) -> None:
    """Send every log, ours and the libraries', through one redacting formatter to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    if not sys.warnoptions:
        # They are for who writes the program; some quote what people sent, and Python keeps each for ever.
        warnings.simplefilter("ignore")
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # aiohttp logs a traceback for every malformed request that the internet sends.
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    for chatty in ("httpx", "asyncio", "rasa_sdk", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a fault is not just what a client sent: no HTTP, or a body that cannot be decompressed."""
    kind = record.exc_info[0] if record.exc_info else None
    sent = kind is not None and kind.__name__ == "RequestPayloadError"
    return not sent and "Error handling request" not in record.getMessage()
