"""Leases on sections: they expire, so a dead worker blocks no section.

A lease only avoids duplicate work. A late worker is harmless because the version is compared when it writes.
``mine`` are the sections of a worker's configuration with their fingerprints: a row with another fingerprint was
registered later by another configuration, and is left to that configuration's workers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, update

from syndication.model.values import ALL
from syndication.store.tables.publishing import NEWSROOM, READERS, SectionStateRow

OWN_FEEDS = (NEWSROOM,)
EVERY_FEED = (NEWSROOM, READERS)
"""The priorities of the newsroom's feeds, and of these and those that readers asked for."""

REQUEST_DELAY = timedelta(seconds=10)
"""A request gives way to sections with changes for at most this long, so that it is served eventually."""


PAGE = 200
"""Waiting sections read at a time; a claim needs a second page only if another configuration's sections come first."""


def _waiting(revision: int, priorities: Sequence[int] = EVERY_FEED) -> ColumnElement[bool]:
    return and_(
        SectionStateRow.requested_generation > SectionStateRow.completed_generation,
        SectionStateRow.priority.in_(priorities),
        # An older program never overwrites a newer program's rendering.
        SectionStateRow.revision <= revision,
    )


def _is_mine(row: Any, mine: Mapping[str, str]) -> bool:
    return bool(mine.get(row.section) == row.fingerprint)


def _latest_expiry(now: datetime, lease: timedelta) -> datetime:
    """Returns the latest valid end of a lease: a later one was taken before the clock was set back, and is void.

    Not ``now + lease``: two workers may claim in a different order than they read the time.
    """
    return now + 2 * lease


def claim(
    conn: Connection,
    mine: Mapping[str, str],
    revision: int,
    owner: str,
    now: datetime,
    lease: timedelta,
    priorities: Sequence[int] = EVERY_FEED,
) -> str | None:
    """Takes the lease of the section that has waited longest and can be regenerated now; returns None if there is none.

    A section whose last version is from this very second waits for the next: Last-Modified counts whole seconds. One
    that failed waits for its retry time, and then comes after those that were already waiting before it: so a section
    that is retried again and again, or changes all the time, blocks no other. A request without a change comes after
    sections with changes, for at most ``REQUEST_DELAY``. Of sections requested at the same time, ``all`` comes last:
    readers wait for an article's own section. Feeds that readers asked for come after all of the newsroom's;
    ``priorities`` may leave them out.
    """
    second = now.replace(microsecond=0)
    over = or_(SectionStateRow.lease_until <= now, SectionStateRow.lease_until > _latest_expiry(now, lease))
    free = or_(SectionStateRow.lease_until.is_(None), over, SectionStateRow.lease_owner == owner)
    may = and_(
        or_(SectionStateRow.retry_at.is_(None), SectionStateRow.retry_at <= now),
        or_(SectionStateRow.updated_at.is_(None), SectionStateRow.updated_at != second),
    )
    query = select(SectionStateRow.section, SectionStateRow.fingerprint).order_by(
        case(
            (and_(SectionStateRow.noticed_at.is_(None), SectionStateRow.requested_at > now - REQUEST_DELAY), 1),
            else_=0,
        ),
        func.coalesce(SectionStateRow.retry_at, SectionStateRow.requested_at),
        SectionStateRow.section == ALL,
        SectionStateRow.section,
    )
    section = None
    for priority in priorities:
        section = section or _first_unlocked(conn, query, and_(_waiting(revision, [priority]), free, may), mine)
    if section is not None:
        conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section == section)
            .values(lease_owner=owner, lease_until=now + lease)
        )
    return section


def _first_unlocked(
    conn: Connection, query: Select[str, str], ready: ColumnElement[bool], mine: Mapping[str, str]
) -> str | None:
    """Locks the first ``ready`` row that is ``mine`` and that no other worker has locked; returns its section."""
    after = 0
    while rows := conn.execute(query.where(ready).limit(PAGE).offset(after)).all():
        for row in rows:
            if _is_mine(row, mine):
                locked = select(SectionStateRow.section).where(
                    ready,
                    SectionStateRow.section == row.section,
                    SectionStateRow.fingerprint == row.fingerprint,
                )
                found: str | None = conn.scalar(locked.with_for_update(skip_locked=True))
                if found is not None:
                    return found
        after += len(rows)
    return None


def any_pending(conn: Connection, mine: Mapping[str, str], revision: int) -> bool:
    """Returns whether any section is waiting, whether it can be claimed now or later."""
    query = select(SectionStateRow.section, SectionStateRow.fingerprint).where(_waiting(revision))
    after = 0
    while rows := conn.execute(query.limit(PAGE).offset(after)).all():
        if any(_is_mine(row, mine) for row in rows):
            return True
        after += len(rows)
    return False


def ready_at(
    conn: Connection,
    mine: Mapping[str, str],
    revision: int,
    now: datetime,
    lease: timedelta,
    priorities: Sequence[int] = EVERY_FEED,
) -> datetime | None:
    """Returns when the first waiting section can be claimed: ``now`` or later; None if none is waiting."""
    rows = conn.execute(
        select(
            SectionStateRow.section,
            SectionStateRow.fingerprint,
            SectionStateRow.retry_at,
            SectionStateRow.updated_at,
            SectionStateRow.lease_until,
        ).where(_waiting(revision, priorities))
    )
    second = now.replace(microsecond=0)
    moments = []
    for row in rows:
        if not _is_mine(row, mine):
            continue
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
    """Records a failure of the lease's holder and the retry time; returns the generation that was attempted.

    Returns None, with nothing recorded, if another worker holds the lease by now: it decides. ``generation`` is
    None for an attempt that could not even read it: then it is the current one. ``retry`` is the first and the longest
    pause: each pause is twice the one before. A change or request in the meantime is tried at once.
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
    """Records which article the lease's owner renders next; None: it has rendered all of them."""
    conn.execute(
        update(SectionStateRow)
        .where(SectionStateRow.section == section, SectionStateRow.lease_owner == owner)
        .values(rendering_article_id=article_id)
    )
