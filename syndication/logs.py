"""Logs by structlog: for people on a console, as JSON lines for machines.

An exception of a database driver may hold a row, and so an embargoed text: only its type is logged.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, Protocol

import structlog


class _LogSettings(Protocol):
    @property
    def format(self) -> str: ...
    @property
    def level(self) -> str: ...


get_logger = structlog.get_logger


def _without_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception of the database by the name of its type, whose words may quote a row."""
    problem = event.get("exc_info")
    if problem is True:
        problem = sys.exc_info()
    error = problem[1] if isinstance(problem, tuple) else problem
    if isinstance(error, BaseException) and type(error).__module__.partition(".")[0] in _DRIVERS:
        event["error"] = type(error).__name__
        event.pop("exc_info")
    return event


_DRIVERS = frozenset(("sqlalchemy", "psycopg", "sqlite3"))


def _console() -> Any:
    # Where the package rich is installed, tracebacks would show local variables, and so embargoed texts.
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def setup(settings: _LogSettings, process: Literal["web", "worker", "serve"]) -> None:
    """Write logs to standard error, each line with the process it comes from."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    json = settings.format == "json"
    renderer: Any = structlog.processors.JSONRenderer() if json else _console()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_rows,
            *([structlog.processors.format_exc_info] if json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
