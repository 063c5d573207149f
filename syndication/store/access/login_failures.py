"""Counts failed attempts (wrong passwords and codes) by name, across all web processes.

Unknown names are counted like existing ones, so that the limit does not reveal which exist. Names are stored as keyed
hashes, because users sometimes type their password there. One row is for all browsers in which the user never logged
in; each known browser has its own, so that attackers cannot lock users out. The table holds at most as many rows as
passwords can be verified within ``WINDOW``: each failure prunes older ones.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.access import LoginFailureRow

UNKNOWN_DEVICE = ""
"""The device that stands for all browsers in which the user never logged in."""

WINDOW = timedelta(minutes=15)
"""Starts with the first failure. Five windows can overlap an hour: 20 failures each make the 100 of ASVS 2.2.1."""


def seconds_to_wait(conn: Connection, name_hash: str, device: str, limit: int, now: datetime) -> float | None:
    """Returns the seconds to wait once there were ``limit`` failures, else None."""
    query = select(LoginFailureRow.failures, LoginFailureRow.since).where(
        LoginFailureRow.name_hash == name_hash, LoginFailureRow.device == device
    )
    row = conn.execute(query).one_or_none()
    if row is None or row.failures < limit or row.since + WINDOW <= now:
        return None
    # After the clock was set back, a row may be in the future.
    left: timedelta = min(row.since + WINDOW - now, WINDOW)
    return left.total_seconds()


def record(conn: Connection, name_hash: str, device: str, now: datetime) -> None:
    """Records a failed attempt."""
    prune(conn, now)
    one = insert(conn, LoginFailureRow).values(name_hash=name_hash, device=device, failures=1, since=now)
    more = {"failures": LoginFailureRow.failures + 1}
    conn.execute(one.on_conflict_do_update(index_elements=["name_hash", "device"], set_=more))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired rows, and rows in the future after the clock was set back."""
    over = (LoginFailureRow.since <= now - WINDOW) | (LoginFailureRow.since > now + WINDOW)
    conn.execute(delete(LoginFailureRow).where(over))
