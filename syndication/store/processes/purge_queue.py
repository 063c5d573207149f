"""The purge queue: versions to purge from caches. Publishing only adds a row, and so never waits.

Once a version of a section is purged, all earlier versions are done as well.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from syndication.store.publishing import deliveries
from syndication.store.tables.publishing import PurgeRow

KEPT = timedelta(days=1)
"""How long a failed purge is reported: after that, the cache's copies have expired."""

Key = tuple[str, int]
"""A section and its version."""


@dataclass(frozen=True, slots=True)
class Purge:
    """A version to purge from caches; ``attempts`` is the number of attempts so far.

    ``since`` is when the first unpurged version of the section was published, ``error`` why the last attempt failed.
    """

    section: str
    version: int
    created_at: datetime
    since: datetime
    attempts: int
    error: str | None
    given_up_at: datetime | None

    @property
    def key(self) -> Key:
        """The unique key."""
        return self.section, self.version


def enqueue(conn: Connection, section: str, version: int, now: datetime) -> None:
    """Enqueues a purge, in the transaction that publishes the version."""
    conn.execute(insert(PurgeRow).values(section=section, version=version, created_at=now))


def list_waiting(conn: Connection) -> list[Purge]:
    """Returns the newest unpurged version of each section, including those given up."""
    newer = aliased(PurgeRow)
    return _read(conn, ~exists().where(newer.section == PurgeRow.section, newer.version > PurgeRow.version))


def pending_sections(conn: Connection) -> set[str]:
    """Returns the sections with a pending purge."""
    return set(conn.scalars(select(PurgeRow.section).where(PurgeRow.given_up_at.is_(None)).distinct()))


def list_due(conn: Connection, now: datetime, longest: timedelta) -> list[Purge]:
    """Returns the purges that can be sent now, oldest first. Versions before one already tried are skipped.

    Nothing waits for more than ``longest``: a later time was set by a clock that has been set back since.
    """
    tried = aliased(PurgeRow)
    newer = exists().where(tried.section == PurgeRow.section, tried.version > PurgeRow.version, tried.attempts > 0)
    return _read(conn, _is_due(now, longest), ~newer)


def claim(conn: Connection, keys: Collection[Key], now: datetime, lease: timedelta, longest: timedelta) -> list[Key]:
    """Takes those of ``keys`` that no other worker has taken; a dead worker holds one for at most ``lease``."""
    taken = []
    for section, version in keys:
        this = and_(PurgeRow.section == section, PurgeRow.version == version)
        free = select(PurgeRow.version).where(this, _is_due(now, longest)).with_for_update(skip_locked=True)
        if conn.scalar(free) is not None:
            conn.execute(update(PurgeRow).where(this).values(attempts=PurgeRow.attempts + 1, retry_at=now + lease))
            taken.append((section, version))
    return taken


def record_success(conn: Connection, key: Key, now: datetime) -> None:
    """Records that this version, and so all before it, was purged."""
    conn.execute(delete(PurgeRow).where(PurgeRow.section == key[0], PurgeRow.version <= key[1]))
    deliveries.record_purged(conn, *key, "done", now)


def record_failure(conn: Connection, key: Key, error: str, retry_at: datetime) -> None:
    """Records a failed attempt and when to retry."""
    _update(conn, key, {"error": error, "retry_at": retry_at})


def record_given_up(conn: Connection, key: Key, error: str, now: datetime) -> None:
    """Records that the retries ended without success."""
    _update(conn, key, {"error": error, "given_up_at": now})
    deliveries.record_purged(conn, *key, "given-up", None)


def ask_again(conn: Connection, section: str, version: int, now: datetime) -> None:
    """Lets a purge that was given up be sent again, from the first attempt on; without one, that of ``version``."""
    here = PurgeRow.section == section
    fresh = {"given_up_at": None, "retry_at": None, "attempts": 0, "created_at": now}
    conn.execute(update(PurgeRow).where(here, PurgeRow.given_up_at.is_not(None)).values(fresh))
    if not conn.scalar(select(exists().where(here))):
        enqueue(conn, section, version, now)
    deliveries.reopen_purges(conn, section)


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired rows."""
    old = PurgeRow.created_at < now - KEPT
    for row in conn.execute(select(PurgeRow.section, PurgeRow.version).where(old, PurgeRow.given_up_at.is_(None))):
        deliveries.record_purged(conn, row.section, row.version, "given-up", None)
    conn.execute(delete(PurgeRow).where(old))


def _is_due(now: datetime, longest: timedelta) -> ColumnElement[bool]:
    waits = PurgeRow.retry_at.between(now + timedelta(microseconds=1), now + longest)
    return and_(PurgeRow.given_up_at.is_(None), or_(PurgeRow.retry_at.is_(None), ~waits))


def _read(conn: Connection, *where: ColumnElement[bool]) -> list[Purge]:
    older = aliased(PurgeRow)
    since = select(func.min(older.created_at)).where(older.section == PurgeRow.section).scalar_subquery()
    columns = [getattr(PurgeRow, name) for name in Purge.__slots__ if name != "since"]
    rows = conn.execute(
        select(*columns, since.label("since"))
        .where(*where)
        .order_by(PurgeRow.created_at, PurgeRow.section, PurgeRow.version)
    )
    return [Purge(**row._mapping) for row in rows]


def _update(conn: Connection, key: Key, values: dict[str, object]) -> None:
    conn.execute(update(PurgeRow).where(PurgeRow.section == key[0], PurgeRow.version == key[1]).values(values))
