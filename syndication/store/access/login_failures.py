"""How often a wrong password or code was given for a name, in all web processes together.

It is counted for names that nobody has as for those that somebody has, so that nothing shows which there are; of what
was typed there is only a keyed hash, because people type their password there. A name's row is for all browsers in
which its user never logged in; one in which they did has a row of its own, so that strangers lock nobody out.
Rows are as many as passwords can be verified within ``WINDOW``: each failure deletes those that are older.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.access import LoginFailureRow

UNKNOWN_DEVICE = ""
"""The device of all browsers in which a user never logged in."""

WINDOW = timedelta(minutes=15)
"""From the first failure on. Five windows touch an hour: 20 failures each are the 100 that ASVS 2.2.1 has."""


def seconds_to_wait(conn: Connection, name_hash: str, device: str, limit: int, now: datetime) -> float | None:
    """The seconds to wait if there were ``most`` failures already, else None."""
    query = select(LoginFailureRow.failures, LoginFailureRow.since).where(
        LoginFailureRow.name_hash == name_hash, LoginFailureRow.device == device
    )
    row = conn.execute(query).one_or_none()
    if row is None or row.failures < limit or row.since + WINDOW <= now:
        return None
    # After a clock that was set back a row may be of the future.
    left: timedelta = min(row.since + WINDOW - now, WINDOW)
    return left.total_seconds()


def record(conn: Connection, name_hash: str, device: str, now: datetime) -> None:
    """Count one more."""
    prune(conn, now)
    one = insert(conn, LoginFailureRow).values(name_hash=name_hash, device=device, failures=1, since=now)
    more = {"failures": LoginFailureRow.failures + 1}
    conn.execute(one.on_conflict_do_update(index_elements=["name_hash", "device"], set_=more))


def prune(conn: Connection, now: datetime) -> None:
    """Delete what counts no more, and what a clock that was set back left in the future."""
    over = (LoginFailureRow.since <= now - WINDOW) | (LoginFailureRow.since > now + WINDOW)
    conn.execute(delete(LoginFailureRow).where(over))
