"""Who regenerates which section: leases that expire, so that a dead worker holds nothing up.

A lease only saves double work. What makes a late worker harmless is the compare of versions when it writes.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from syndication.store.bookkeeping import SectionRow


def _waiting(slugs: Collection[str], revision: int) -> ColumnElement[bool]:
    # An older program never overwrites what a newer one renders.
    return and_(SectionRow.section.in_(slugs), SectionRow.mark > SectionRow.done, SectionRow.revision <= revision)


def claim(
    conn: Connection, slugs: Collection[str], revision: int, owner: str, now: datetime, lease: timedelta
) -> str | None:
    """Take the lease of the section that waits longest and may be regenerated now; None if there is none.

    A section whose last version is of this very second waits for the next one: Last-Modified counts whole
    seconds. One that failed waits for its time.
    """
    second = now.replace(microsecond=0)
    free = or_(SectionRow.lease_until.is_(None), SectionRow.lease_until <= now, SectionRow.lease_owner == owner)
    may = and_(
        or_(SectionRow.retry_at.is_(None), SectionRow.retry_at <= now),
        or_(SectionRow.updated_at.is_(None), SectionRow.updated_at != second),
    )
    section = conn.scalar(
        select(SectionRow.section)
        .where(_waiting(slugs, revision), free, may)
        .order_by(SectionRow.marked_at, SectionRow.section)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if section is not None:
        conn.execute(
            update(SectionRow).where(SectionRow.section == section).values(lease_owner=owner, lease_until=now + lease)
        )
    return section


def pending(conn: Connection, slugs: Collection[str], revision: int) -> bool:
    """Whether any section waits, claimable now or later."""
    return conn.scalar(select(SectionRow.section).where(_waiting(slugs, revision)).limit(1)) is not None


def ready_at(conn: Connection, slugs: Collection[str], revision: int, now: datetime) -> datetime | None:
    """When the first waiting section may be claimed: ``now`` or later; None if none waits."""
    rows = conn.execute(
        select(SectionRow.retry_at, SectionRow.updated_at, SectionRow.lease_until).where(_waiting(slugs, revision))
    )
    second = now.replace(microsecond=0)
    moments = []
    for row in rows:
        wait = second + timedelta(seconds=1) if row.updated_at == second else now
        moments.append(max(moment for moment in (now, wait, row.retry_at, row.lease_until) if moment is not None))
    return min(moments, default=None)


def failed(
    conn: Connection, section: str, mark: int | None, error: str, retry: tuple[timedelta, timedelta], now: datetime
) -> int:
    """Record a failure and when to try again; gives the mark that was tried.

    ``mark`` is None for an attempt that did not even read it: then it is the present one. ``retry`` is the first
    pause and the longest: each pause is twice the one before. A change or a request that came meanwhile is tried
    at once.
    """
    first, longest = retry
    tried = SectionRow.mark if mark is None else mark
    row = conn.execute(
        update(SectionRow)
        .where(SectionRow.section == section)
        .values(failures=SectionRow.failures + 1, tried=tried, error=error, lease_owner=None, lease_until=None)
        .returning(SectionRow.failures, SectionRow.mark, SectionRow.tried)
    ).one()
    pause = min(longest, first * 2 ** min(row.failures - 1, 20))
    retry_at = now + pause if row.mark == row.tried else None
    conn.execute(update(SectionRow).where(SectionRow.section == section).values(retry_at=retry_at))
    return int(row.tried)


def longest_wait(conn: Connection) -> datetime | None:
    """When the section that waits longest was first marked."""
    return conn.scalar(select(func.min(SectionRow.marked_at)).where(SectionRow.mark > SectionRow.done))
