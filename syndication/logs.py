"""Configures structlog: readable lines for a console, or JSON lines. Logs of libraries have the same format.

A database driver's exception may quote a row, and so an embargoed text: only its type is logged.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, Protocol

import structlog
from structlog.processors import JSONRenderer, TimeStamper, add_log_level, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_logger_name

from syndication.model.terminal import escape


class _LogSettings(Protocol):
    @property
    def format(self) -> str: ...
    @property
    def level(self) -> str: ...


Process = Literal["web", "worker", "serve", "demonstrate"]
"""The process that writes a log line."""

Event = MutableMapping[str, Any]

get_logger = structlog.get_logger


def setup(settings: _LogSettings, process: Process) -> None:
    """Sends logs to standard error, each line with the process that wrote it."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    json = settings.format == "json"
    renderer: Any = JSONRenderer() if json else _console()
    prepared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _of(process),
        add_log_level,
        TimeStamper(fmt="iso", utc=True),
        _redact_rows,
        *([format_exc_info] if json else []),
    ]
    structlog.configure(
        processors=[*prepared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[add_logger_name, *prepared],
            processors=[ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda failed: _uncaught(
        failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback
    )


def print_message(words: str, *, wrong: bool = False) -> None:
    """Prints a message to the operator: a line on a console, a log event if logs are JSON."""
    if isinstance(structlog.get_config()["processors"][-1], JSONRenderer):
        log = get_logger()
        (log.error if wrong else log.info)(words)
    else:
        print(escape(words), file=sys.stderr if wrong else sys.stdout, flush=True)


def _of(process: Process) -> Any:
    """Returns a processor that adds the process to each line. Context variables would not do: threads start without."""

    def name(_logger: Any, _method: str, event: Event) -> Event:
        event["process"] = process
        return event

    return name


def _redact_rows(_logger: Any, _method: str, event: Event) -> Event:
    """Replaces a database exception, whose message may quote a row, with the names of its types."""
    problem = event.get("exc_info")
    if problem is True:
        problem = sys.exc_info()
    error = problem[1] if isinstance(problem, tuple) else problem
    if isinstance(error, BaseException) and (names := _is_database_error(error)):
        event["error"] = names
        event.pop("exc_info")
    return event


_DRIVERS = frozenset(("sqlalchemy", "psycopg", "sqlite3"))


def _console() -> Any:
    # If the package rich is installed, structlog's default traceback shows local variables, and so embargoed texts.
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)

    def on_one_line(logger: Any, method: str, event: Event) -> str:
        safe = {key: escape(value) if isinstance(value, str) else value for key, value in event.items()}
        return escape(renderer(logger, method, safe), keep="\n")

    return on_one_line


def _is_database_error(error: BaseException) -> str:
    """Returns the types in an exception's chain if it includes a driver's, else "". Tracebacks print all of it."""
    found: list[BaseException] = []
    pending = [error]
    while pending:
        current = pending.pop()
        if any(current is known for known in found):
            continue
        found.append(current)
        pending += [other for other in (current.__context__, current.__cause__) if other is not None]
        pending += current.exceptions if isinstance(current, BaseExceptionGroup) else ()
    if not any(type(each).__module__.partition(".")[0] in _DRIVERS for each in found):
        return ""
    return " from ".join(dict.fromkeys(type(each).__name__ for each in found))


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Logs an exception that ends a process or a thread in the same format, without a driver's message."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    elif not issubclass(kind, SystemExit):
        get_logger().critical("uncaught", exc_info=(kind, error, traceback))
