"""Classifies database errors: the database is unavailable for now, or it rejected a statement.

Drivers classify differently: to them, text that is not UTF-8 is as "operational" as a full disk.
"""

import sqlite3
from typing import Any

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from syndication.errors import StoreError

DatabaseError = SQLAlchemyError
"""Any database error. Its message may quote a row, so only its kind is ever shown."""


counted: dict[str, int] = {}
"""This process's database errors: it was ``down``, gave way to another (``yielded``) or ``refused`` a statement."""


class DatabaseDown(StoreError):  # noqa: N818  # it is a state of the database
    """The database cannot be reached, is locked, is full or has no free connection: it may answer later."""

    @property
    def is_locked(self) -> bool:
        """Whether another program holds its lock."""
        return LOCKED in self.message


class SerializationConflict(DatabaseDown):
    """Two transactions conflicted and this one was rolled back: it can be retried at once."""


LOCKED = "is locked by another"

_SQLITE = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another connection",
    sqlite3.SQLITE_PROTOCOL: "is locked by another process",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_IOERR: "cannot be read or written because of a disk error",
    sqlite3.SQLITE_FULL: "has no space left on its disk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
}
_RECONNECTED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""A connection to such a file keeps the error, even after the file is usable again."""

_SQLITE_REFUSES = {
    sqlite3.SQLITE_NOTADB: "is not a SQLite file",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_CONSTRAINT: "rejects a value",
}

# Classes of SQLSTATE (PostgreSQL's appendix A): connection, resources, operator's intervention, system.
_POSTGRESQL_CLASSES = ("08", "53", "57", "58")
_POSTGRESQL_STATES = {
    "25006": "is read-only",
    "25P03": "ended an idle transaction",
    "55P03": "is locked by another process",
    "57014": "took too long to answer",
}
_AGAIN = {"40001", "40P01"}


def translate(context: ExceptionContext) -> DatabaseDown | None:
    """Returns the error to raise instead of the driver's, or None to raise the driver's."""
    error = context.sqlalchemy_exception
    # A failed ping before use is not an error: the pool opens another connection.
    if context.is_pre_ping or not isinstance(error, DBAPIError):
        return None
    meant = _meaning(error, context)
    count_error("yielded" if isinstance(meant, SerializationConflict) else "down" if meant is not None else "refused")
    return meant


def count_error(kind: str) -> None:
    """Counts an error; adding to a dict's value needs no lock."""
    counted.setdefault(kind, 0)
    counted[kind] += 1


def _meaning(error: DBAPIError, context: ExceptionContext) -> DatabaseDown | None:
    original: Any = error.orig
    if isinstance(original, sqlite3.Error) and _sqlite_code(original) in _RECONNECTED:
        context.is_disconnect = True
    if getattr(original, "sqlstate", None) in _AGAIN:
        return SerializationConflict(f"the transaction conflicted with another one ({type(original).__name__})")
    if error.connection_invalidated or context.is_disconnect or _is_down(original):
        return DatabaseDown(f"the database {kind(error)}")
    return None


def _is_down(original: Any) -> bool:
    if isinstance(original, sqlite3.Error):
        return _sqlite_code(original) in _SQLITE
    state: str | None = getattr(original, "sqlstate", None)
    if state is None:  # From libpq, when a connection cannot be opened or is lost.
        return type(original).__name__ in ("OperationalError", "ConnectionTimeout", "TimeoutError")
    return state.startswith(_POSTGRESQL_CLASSES) or state in _POSTGRESQL_STATES


def kind(error: BaseException) -> str:
    """Returns a predicate for a sentence that begins with the database's name; never the driver's message."""
    original: Any = getattr(error, "orig", None) or error
    name = type(original).__name__
    if isinstance(original, sqlite3.Error):
        words = (_SQLITE | _SQLITE_REFUSES).get(_sqlite_code(original), "rejects the statement")
        return f"{words} ({getattr(original, 'sqlite_errorname', name)})"
    if _is_down(original):
        return f"{_POSTGRESQL_STATES.get(getattr(original, 'sqlstate', None) or '', 'does not answer')} ({name})"
    return f"rejects the statement ({name})"


def _sqlite_code(original: sqlite3.Error) -> int:
    # The upper bits refine the lowest eight.
    return int(getattr(original, "sqlite_errorcode", 0)) & 0xFF
