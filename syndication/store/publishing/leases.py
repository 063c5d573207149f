"""Leases on sections: they expire, so a dead worker blocks no section.

A lease only avoids duplicate work. A late worker is harmless because the version is compared when it writes.
``mine`` are the sections of a worker's configuration with their fingerprints: a row with another fingerprint was
registered later by another configuration, and is left to that configuration's workers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from syndication.model.values import ALL
from syndication.store.db.types import UtcTime
from syndication.store.tables.publishing import NEWSROOM, READERS, ChangeRow, SectionStateRow

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
    *,
    unless_changes: bool = False,
    most: int = 1,
) -> list[str]:
    """Takes the lease of the section that has waited longest and can be regenerated now; returns [] if there is none.

    A section whose last version is from this very second waits for the next: Last-Modified counts whole seconds. One
    that failed waits for its retry time, and then comes after those that were already waiting before it: so a section
    that is retried again and again, or changes all the time, blocks no other. A request without a change comes after
    sections with changes, for at most ``REQUEST_DELAY``. Of sections requested at the same time, ``all`` comes last:
    readers wait for an article's own section. Feeds that readers asked for come after all of the newsroom's;
    ``priorities`` may leave them out. ``unless_changes``: none while changes wait in the queue, which may be of a
    section that comes before it. If the first one is of the newsroom's, was requested without a change and may be
    found to be as it is, others like it are taken with it, up to ``most``.
    """
    values = {
        "now": now,
        "second": now.replace(microsecond=0),
        "too_late": _latest_expiry(now, lease),
        "recent": now - REQUEST_DELAY,
        "owner": owner,
        "program": revision,
        "until": now + lease,
    }
    for priority in priorities:
        after = 0
        while rows := conn.execute(_WAITING[unless_changes], values | {"rank": priority, "after": after}).all():
            for row in rows:
                if not _is_mine(row, mine):
                    continue
                taken = values | {"of": row.section, "print": row.fingerprint, "rank": priority}
                if conn.execute(_TAKEN, taken).rowcount:
                    like = [one.section for one in rows if one.may_be_same and one is not row and _is_mine(one, mine)]
                    like = like[: most - 1] if row.may_be_same and priority == NEWSROOM else []
                    others = set(conn.scalars(_ALSO_TAKEN, taken | {"sections": like})) if like else ()
                    return [row.section, *(slug for slug in like if slug in others)]
            after += len(rows)
    return []


def _ready() -> ColumnElement[bool]:
    """A section of a priority that waits, is not leased by others, and can be regenerated now."""
    row, now = SectionStateRow, bindparam("now", type_=UtcTime())
    over = or_(row.lease_until <= now, row.lease_until > bindparam("too_late", type_=UtcTime()))
    return and_(
        row.requested_generation > row.completed_generation,
        row.priority == bindparam("rank", type_=row.priority.type),
        # An older program never overwrites a newer program's rendering.
        row.revision <= bindparam("program", type_=row.revision.type),
        or_(row.lease_until.is_(None), over, row.lease_owner == bindparam("owner", type_=row.lease_owner.type)),
        or_(row.retry_at.is_(None), row.retry_at <= now),
        or_(row.updated_at.is_(None), row.updated_at != bindparam("second", type_=UtcTime())),
    )


def _first_waiting(ready: ColumnElement[bool]) -> Any:
    row = SectionStateRow
    asked = and_(row.noticed_at.is_(None), row.requested_at > bindparam("recent", type_=UtcTime()))
    may_be_same = and_(row.noticed_at.is_(None), row.basis.is_not(None)).label("may_be_same")
    query = select(row.section, row.fingerprint, may_be_same).where(ready)
    return (
        query.order_by(
            case((asked, 1), else_=0), func.coalesce(row.retry_at, row.requested_at), row.section == ALL, row.section
        )
        .limit(PAGE)
        .offset(bindparam("after", type_=Integer()))
    )


def _taken(*conditions: ColumnElement[bool]) -> Update:
    """Takes leases, unless another worker holds the row or was faster."""
    row = SectionStateRow
    free = select(row.section).where(_ready(), *conditions).with_for_update(skip_locked=True)
    values: dict[str, Any] = {"lease_owner": bindparam("owner"), "lease_until": bindparam("until")}
    return update(row).where(row.section.in_(free)).values(values).execution_options(synchronize_session=False)


_WAITING = {
    False: _first_waiting(_ready()),
    True: _first_waiting(and_(_ready(), not_(exists(select(ChangeRow.seq))))),
}
_TAKEN = _taken(
    SectionStateRow.section == bindparam("of", type_=SectionStateRow.section.type),
    SectionStateRow.fingerprint == bindparam("print", type_=SectionStateRow.fingerprint.type),
)
_LIKE_IT = SectionStateRow.section.in_(bindparam("sections", expanding=True))
_ALSO_TAKEN = _taken(_LIKE_IT).returning(SectionStateRow.section)


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
