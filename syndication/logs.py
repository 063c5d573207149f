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
    """Replace an exception of the database by the names of its types, whose words may quote a row."""
    problem = event.get("exc_info")
    if problem is True:
        problem = sys.exc_info()
    error = problem[1] if isinstance(problem, tuple) else problem
    if isinstance(error, BaseException) and (names := _of_the_database(error)):
        event["error"] = names
        event.pop("exc_info")
    return event


class _WithoutRows(logging.Filter):
    """The same for what libraries log by themselves, as the scheduler does of a job that failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None and (names := _of_the_database(error)):
            record.msg = f"{record.msg} ({names})"
            record.exc_info = record.exc_text = None
        return True


_DRIVERS = frozenset(("sqlalchemy", "psycopg", "sqlite3"))


def _console() -> Any:
    # Where the package rich is installed, tracebacks would show local variables, and so embargoed texts.
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _of_the_database(error: BaseException) -> str:
    """The types of an exception and of those behind it, if a driver's is among them; a traceback prints them all."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if any(one is known for known in found):
            continue
        found.append(one)
        waiting += [other for other in (one.__context__, one.__cause__) if other is not None]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
    if not any(type(one).__module__.partition(".")[0] in _DRIVERS for one in found):
        return ""
    return " from ".join(dict.fromkeys(type(one).__name__ for one in found))


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
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithoutRows())
    logging.basicConfig(
        level=max(level, logging.WARNING), handlers=[handler], format="%(levelname)s %(name)s %(message)s"
    )
