"""The log: one JSON object a line on stderr, in ASCII with everything else escaped, short, without data.

`structlog.get_logger()` writes to it, and so do libraries that use `logging` (DBOS, gunicorn).
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

LONGEST = 1000  # characters of one value
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _Lossy:
    """A stream whose lines are lost when its disk is full: a request must not fail for its line of log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(level: str = "info") -> None:
    """Set the log up for this process; to be called once by each entry point."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _bounded, structlog.processors.JSONRenderer(ensure_ascii=True)],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Lossy(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_traceback,
                _bounded,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(LEVELS[level], logging.INFO))
    # DBOS adds a handler of its own unless it has one, and speaks of every start in ten lines.
    dbos = logging.getLogger("dbos")
    dbos.handlers, dbos.propagate = [handler], False
    dbos.setLevel(max(LEVELS[level], logging.WARNING))


def _bounded(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        text = value if isinstance(value, str) else str(value)
        if len(text) > LONGEST:
            event[key] = text[:LONGEST] + f"... ({len(text)} characters)"
    return event


def _without_traceback(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback's text may hold values; the type of the error is enough beside the event."""
    info = event.pop("exc_info", None)
    if isinstance(info, BaseException):
        event["exception"] = type(info).__name__
    elif isinstance(info, tuple) and info[0] is not None:
        event["exception"] = info[0].__name__
    return event
