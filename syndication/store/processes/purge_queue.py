"""The purge queue: versions to purge from caches. Publishing only adds a row, and so never waits.

Once a version of a section is purged, all earlier versions are done as well.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update
from sqlalchemy.orm import aliased

from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
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


def work(lease: timedelta, longest: timedelta) -> Work:
    """Returns what the attempts are about."""
    return Work(PurgeRow, lease, longest)


def list_due(conn: Connection, work: Work, now: datetime) -> list[Purge]:
    """Returns the purges that can be sent now, oldest first. Versions before one already tried are skipped."""
    tried = aliased(PurgeRow)
    newer = exists().where(tried.section == PurgeRow.section, tried.version > PurgeRow.version, tried.attempts > 0)
    return _read(conn, work.is_due(now), ~newer)


def claim(conn: Connection, work: Work, owner: str, now: datetime, keys: Collection[Key]) -> list[Key]:
    """Takes those of ``keys`` that no other worker has taken."""
    which = attempts.any_of(work, keys)
    return [attempts.key_of(work, row) for row in attempts.claim(conn, work, owner, now, len(keys), which)]


def record_success(conn: Connection, key: Key, now: datetime) -> None:
    """Records that this version, and so all before it, was purged."""
    conn.execute(delete(PurgeRow).where(PurgeRow.section == key[0], PurgeRow.version <= key[1]))
    deliveries.record_purged(conn, *key, "done", now)


def record_failure(
    conn: Connection, work: Work, key: Key, error: str, now: datetime, retry_at: datetime | None
) -> None:
    """Records a failed attempt and when to retry; None: the retries ended without success."""
    attempts.fail(conn, work, [Failure(key, error, retry_at)], now)
    if retry_at is None:
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
