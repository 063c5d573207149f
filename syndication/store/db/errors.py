"""What a database's failure means: that it is away for now, or that a statement was refused.

A driver sorts its errors otherwise: to it a text that is not UTF-8 is as "operational" as a full disk.
"""

import sqlite3
from typing import Any

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from syndication.errors import StoreError

DatabaseError = SQLAlchemyError
"""Whatever the database says. Its words may quote a row, so that only the kind of it is ever told."""


counted: dict[str, int] = {}
"""How often a database failed this process: it was ``down``, had another go first (``yielded``) or ``refused``."""


class DatabaseDown(StoreError):  # noqa: N818  # it is a state of the database
    """The database cannot be reached, is locked, is full or is out of connections: later it may answer again."""


class SerializationConflict(DatabaseDown):
    """Two transactions got into each other's way and this one was chosen to yield: it may be tried again at once."""


_SQLITE = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another connection",
    sqlite3.SQLITE_PROTOCOL: "is locked by another process",
    sqlite3.SQLITE_READONLY: "may not be written to",
    sqlite3.SQLITE_IOERR: "cannot be read or written, by a fault of the disk",
    sqlite3.SQLITE_FULL: "has no space left on its disk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
}
_RECONNECTED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""A connection that came to such a file stays as it is, also when the file is as it should be again."""

_SQLITE_REFUSES = {
    sqlite3.SQLITE_NOTADB: "is a file, but none of SQLite",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_CONSTRAINT: "refuses a value",
}

# Classes of SQLSTATE (PostgreSQL's appendix A): connection, resources, operator's intervention, system.
_POSTGRESQL_CLASSES = ("08", "53", "57", "58")
_POSTGRESQL_STATES = {
    "25006": "may not be written to",
    "25P03": "ended a transaction that stood still",
    "55P03": "is locked by another process",
    "57014": "took longer than anybody waits",
}
_AGAIN = {"40001", "40P01"}


def translate(context: ExceptionContext) -> DatabaseDown | None:
    """The error that is raised in the place of the driver's, or None if the driver's is raised."""
    error = context.sqlalchemy_exception
    # A ping that fails before the connection is used is no error: the pool makes another connection.
    if context.is_pre_ping or not isinstance(error, DBAPIError):
        return None
    meant = _meaning(error, context)
    count_error("yielded" if isinstance(meant, SerializationConflict) else "down" if meant is not None else "refused")
    return meant


def count_error(kind: str) -> None:
    """Count a failure: no lock is needed for an addition to a dict's value."""
    counted.setdefault(kind, 0)
    counted[kind] += 1


def _meaning(error: DBAPIError, context: ExceptionContext) -> DatabaseDown | None:
    original: Any = error.orig
    if isinstance(original, sqlite3.Error) and _sqlite_code(original) in _RECONNECTED:
        context.is_disconnect = True
    if getattr(original, "sqlstate", None) in _AGAIN:
        return SerializationConflict(f"the database let another transaction go first ({type(original).__name__})")
    if error.connection_invalidated or context.is_disconnect or _is_down(original):
        return DatabaseDown(f"the database {kind(error)}")
    return None


def _is_down(original: Any) -> bool:
    if isinstance(original, sqlite3.Error):
        return _sqlite_code(original) in _SQLITE
    state: str | None = getattr(original, "sqlstate", None)
    if state is None:  # libpq says so when a connection cannot be made or is lost.
        return type(original).__name__ in ("OperationalError", "ConnectionTimeout", "TimeoutError")
    return state.startswith(_POSTGRESQL_CLASSES) or state in _POSTGRESQL_STATES


def kind(error: BaseException) -> str:
    """What the database does, for a sentence that begins with its name: never in the driver's words."""
    original: Any = getattr(error, "orig", None) or error
    name = type(original).__name__
    if isinstance(original, sqlite3.Error):
        words = (_SQLITE | _SQLITE_REFUSES).get(_sqlite_code(original), "refuses what it was asked")
        return f"{words} ({getattr(original, 'sqlite_errorname', name)})"
    if _is_down(original):
        return f"{_POSTGRESQL_STATES.get(getattr(original, 'sqlstate', None) or '', 'does not answer')} ({name})"
    return f"refuses what it was asked ({name})"


def _sqlite_code(original: sqlite3.Error) -> int:
    # The upper bits say more exactly what the lowest eight say.
    return int(getattr(original, "sqlite_errorcode", 0)) & 0xFF
