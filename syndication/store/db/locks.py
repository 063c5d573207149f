"""Whether somebody holds the database's lock for so long that nothing can be written.

Reading works then, on SQLite and on PostgreSQL, so that only a look at the lock tells it from a worker that has ended.
"""

from sqlalchemy import text

from syndication.store.db.database import Database
from syndication.store.db.errors import DatabaseDown

LOCKED_SECONDS = 0.25
"""Seconds that a look waits for SQLite's lock: the service's own writers need far less."""

BLOCKED_SECONDS = 2.0
"""Seconds after which a session of PostgreSQL that waits for a lock counts as blocked; each gives up after ten."""


def is_locked(database: Database) -> bool:
    """Returns whether the database is locked; look only if nobody has written for seconds, as it may wait a little."""
    return _is_locked_file(database) if database.dialect == "sqlite" else _has_blocked_session(database)


def _is_locked_file(database: Database) -> bool:
    try:
        with database.write_within(LOCKED_SECONDS):
            return False
    except DatabaseDown as error:
        return error.is_locked


def _has_blocked_session(database: Database) -> bool:
    blocked = text(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query_start < clock_timestamp() - make_interval(secs => :seconds))"
    )
    with database.read() as conn:
        return bool(conn.scalar(blocked, {"seconds": BLOCKED_SECONDS}))
