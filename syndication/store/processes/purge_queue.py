"""Versions of which caches in front are to be told. Whoever publishes only adds a row, and so waits for nobody.

Once a cache was told of a version of a section, all that were before it are done with.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from syndication.store.tables.publishing import PurgeRow

KEPT = timedelta(days=1)
"""How long it is told that a cache could not be reached: whatever it had then has run out since."""

Key = tuple[str, int]
"""A section and its version."""


@dataclass(frozen=True, slots=True)
class Purge:
    """A version of a section of which a cache is to be told; ``attempts`` were made so far.

    ``since`` is when the section's first version was published of which it does not know, ``error`` why it was not
    told.
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
        """What tells it from all others."""
        return self.section, self.version


def enqueue(conn: Connection, section: str, version: int, now: datetime) -> None:
    """Ask, in the transaction that publishes a version, that caches be told of it."""
    conn.execute(insert(PurgeRow).values(section=section, version=version, created_at=now))


def list_waiting(conn: Connection) -> list[Purge]:
    """Of each section the newest version of which a cache does not know yet, also if it was given up."""
    newer = aliased(PurgeRow)
    return _read(conn, ~exists().where(newer.section == PurgeRow.section, newer.version > PurgeRow.version))


def pending_sections(conn: Connection) -> set[str]:
    """The sections of which a cache is to be told."""
    return set(conn.scalars(select(PurgeRow.section).where(PurgeRow.given_up_at.is_(None)).distinct()))


def list_due(conn: Connection, now: datetime, longest: timedelta) -> list[Purge]:
    """What may be sent now, the oldest first. Behind a version that was tried already none is of any use.

    Nothing waits for more than ``longest``: a time farther ahead is of a clock that stands so no more.
    """
    tried = aliased(PurgeRow)
    newer = exists().where(tried.section == PurgeRow.section, tried.version > PurgeRow.version, tried.attempts > 0)
    return _read(conn, _is_due(now, longest), ~newer)


def claim(conn: Connection, keys: Collection[Key], now: datetime, lease: timedelta, longest: timedelta) -> list[Key]:
    """Take those of ``keys`` that nobody else has taken; who dies with one holds it no longer than ``lease``."""
    taken = []
    for section, version in keys:
        this = and_(PurgeRow.section == section, PurgeRow.version == version)
        free = select(PurgeRow.version).where(this, _is_due(now, longest)).with_for_update(skip_locked=True)
        if conn.scalar(free) is not None:
            conn.execute(update(PurgeRow).where(this).values(attempts=PurgeRow.attempts + 1, retry_at=now + lease))
            taken.append((section, version))
    return taken


def record_success(conn: Connection, key: Key) -> None:
    """The cache was told of this version, and so of those before it."""
    conn.execute(delete(PurgeRow).where(PurgeRow.section == key[0], PurgeRow.version <= key[1]))


def record_failure(conn: Connection, key: Key, error: str, retry_at: datetime) -> None:
    """The cache could not be told; it is tried again."""
    _update(conn, key, {"error": error, "retry_at": retry_at})


def record_given_up(conn: Connection, key: Key, error: str, now: datetime) -> None:
    """The cache could not be told for so long that nobody tries any more."""
    _update(conn, key, {"error": error, "given_up_at": now})


def prune(conn: Connection, now: datetime) -> None:
    """Delete what is kept no longer."""
    conn.execute(delete(PurgeRow).where(PurgeRow.created_at < now - KEPT))


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
