"""Who regenerates which section: leases that expire, so that a dead worker holds nothing up.

A lease only saves double work. What makes a late worker harmless is the compare of versions when it writes.
``mine`` are the sections of a worker's configuration with their fingerprints: a row with another fingerprint was
registered by another configuration since, and is left to the workers of that one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update

from syndication.model.values import ALL
from syndication.store.tables.publishing import SectionStateRow

REQUEST_DELAY = timedelta(seconds=10)
"""A request waits no longer than this for sections with changes: its turn comes, whatever changes."""


def _waiting(mine: Mapping[str, str], revision: int) -> ColumnElement[bool]:
    return and_(
        SectionStateRow.section.in_(mine),
        SectionStateRow.fingerprint.in_(mine.values()),
        SectionStateRow.requested_generation > SectionStateRow.completed_generation,
        # An older program never overwrites what a newer one renders.
        SectionStateRow.revision <= revision,
    )


def _latest_expiry(now: datetime, lease: timedelta) -> datetime:
    """No lease ends later than this, unless it was taken before the clock was set back: then it holds no more.

    Not ``now + lease``: two workers that claim at once may do so in another order than they asked for the time.
    """
    return now + 2 * lease


def claim(
    conn: Connection, mine: Mapping[str, str], revision: int, owner: str, now: datetime, lease: timedelta
) -> str | None:
    """Take the lease of the section that waits longest and may be regenerated now; None if there is none.

    A section whose last version is of this very second waits for the next one: Last-Modified counts whole
    seconds. One that failed waits for its time, and then stands behind those that have waited since before it:
    so none that is tried again and again, or changes all the time, holds up another.
    One that was requested without a change goes behind those with changes, for so long as ``REQUEST_DELAY`` says.
    Of those marked at one moment ``all`` comes last: an article's own section is what its readers wait for.
    """
    second = now.replace(microsecond=0)
    over = or_(SectionStateRow.lease_until <= now, SectionStateRow.lease_until > _latest_expiry(now, lease))
    free = or_(SectionStateRow.lease_until.is_(None), over, SectionStateRow.lease_owner == owner)
    may = and_(
        or_(SectionStateRow.retry_at.is_(None), SectionStateRow.retry_at <= now),
        or_(SectionStateRow.updated_at.is_(None), SectionStateRow.updated_at != second),
    )
    section = conn.scalar(
        select(SectionStateRow.section)
        .where(_waiting(mine, revision), free, may)
        .order_by(
            case(
                (and_(SectionStateRow.noticed_at.is_(None), SectionStateRow.requested_at > now - REQUEST_DELAY), 1),
                else_=0,
            ),
            func.coalesce(SectionStateRow.retry_at, SectionStateRow.requested_at),
            SectionStateRow.section == ALL,
            SectionStateRow.section,
        )
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if section is not None:
        conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section == section)
            .values(lease_owner=owner, lease_until=now + lease)
        )
    return section


def any_pending(conn: Connection, mine: Mapping[str, str], revision: int) -> bool:
    """Whether any section waits, claimable now or later."""
    return conn.scalar(select(SectionStateRow.section).where(_waiting(mine, revision)).limit(1)) is not None


def ready_at(
    conn: Connection, mine: Mapping[str, str], revision: int, now: datetime, lease: timedelta
) -> datetime | None:
    """When the first waiting section may be claimed: ``now`` or later; None if none waits."""
    rows = conn.execute(
        select(SectionStateRow.retry_at, SectionStateRow.updated_at, SectionStateRow.lease_until).where(
            _waiting(mine, revision)
        )
    )
    second = now.replace(microsecond=0)
    moments = []
    for row in rows:
        wait = second + timedelta(seconds=1) if row.updated_at == second else now
        held = None if row.lease_until is None or row.lease_until > _latest_expiry(now, lease) else row.lease_until
        moments.append(max(moment for moment in (now, wait, row.retry_at, held) if moment is not None))
    return min(moments, default=None)


def record_failure(
    conn: Connection,
    section: str,
    owner: str,
    generation: int | None,
    error: str,
    retry: tuple[timedelta, timedelta],
    now: datetime,
) -> int | None:
    """Record a failure of the lease's holder and when to try again; returns the generation that was attempted.

    None, with nothing recorded, if the lease is another's by now: what becomes of the section is for that one to
    say. ``generation`` is None for an attempt that did not even read it: then it is the present one. ``retry`` is the
    first pause and the longest: each pause is twice the one before. A change or a request that came meanwhile is
    tried at once.
    """
    tried = SectionStateRow.requested_generation if generation is None else generation
    row = conn.execute(
        update(SectionStateRow)
        .where(SectionStateRow.section == section, SectionStateRow.lease_owner == owner)
        .values(
            failures=SectionStateRow.failures + 1,
            attempted_generation=tried,
            error=error,
            lease_owner=None,
            lease_until=None,
        )
        .returning(SectionStateRow.failures, SectionStateRow.requested_generation, SectionStateRow.attempted_generation)
    ).one_or_none()
    if row is None:
        return None
    first, longest = (pause.total_seconds() for pause in retry)
    pause = (
        min(longest, first * 2 ** min(row.failures - 1, 20))
        if row.requested_generation == row.attempted_generation
        else 0.0
    )
    retry_at = now + timedelta(seconds=pause)
    conn.execute(update(SectionStateRow).where(SectionStateRow.section == section).values(retry_at=retry_at))
    return int(row.attempted_generation)


def record_rendering_article(conn: Connection, section: str, owner: str, article_id: str | None) -> None:
    """Write down which article the lease's owner renders next; None: it is done with all of them."""
    conn.execute(
        update(SectionStateRow)
        .where(SectionStateRow.section == section, SectionStateRow.lease_owner == owner)
        .values(rendering_article_id=article_id)
    )
