"""Which parts of the sitemaps wait to be written: marked by changes, by due times, and by another configuration."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from syndication.model.sitemaps import ARCHIVE, NEWS, bounds, month_in
from syndication.store.db.types import UtcTime
from syndication.store.db.upsert import for_each_dialect, insert
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.sitemaps import SitemapEntryRow, SitemapFileRow, SitemapStateRow

LEASE = timedelta(seconds=30)
"""How long another worker waits for one that shows no sign of life; renewed with every write."""

RETRY = timedelta(minutes=1)
"""The pause after a failure."""

_LONGEST_WAIT = 2 * max(LEASE, RETRY)
"""A lease beyond this comes from a clock that was set back."""

PAUSES = {NEWS: timedelta(seconds=1), ARCHIVE: timedelta(0)}
MONTH_PAUSE = timedelta(seconds=10)
"""The pause between two times that a part is written: a busy newsroom changes one month all the time."""

PUBLISHED: ColumnElement[str] = literal_column("'published'")
"""A literal, not a parameter: only then do both databases recognize that the partial index applies."""

START = datetime(1, 1, 1, tzinfo=UTC)
"""Where the calendar begins; the bounds of a month do not depend on the time."""

OFF = ""
"""The fingerprint while sitemaps are turned off."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A part that this worker writes now, and the generation that its files will answer to.

    ``alone``: no other part could be written now.
    """

    part: str
    generation: int
    now: datetime
    alone: bool = False


def register(conn: Connection, fingerprint: str) -> bool:
    """Records the configuration of the sitemaps; returns whether it is another one, for which all is requested.

    ``OFF`` deletes the files. As with sections, the configuration that was registered last owns them.
    """
    # Also a lock: of two workers that start, the second one waits here.
    conn.execute(insert(conn, SitemapStateRow).values(part=ARCHIVE, fingerprint=None).on_conflict_do_nothing())
    own = SitemapStateRow.part == ARCHIVE
    different = SitemapStateRow.fingerprint.is_distinct_from(fingerprint)
    changed = update(SitemapStateRow).where(own, different)
    changed = changed.values(fingerprint=fingerprint, revision=SitemapStateRow.revision + 1)
    if not conn.execute(changed).rowcount:
        return False
    if fingerprint != OFF:
        request(conn, [*_parts(conn), ARCHIVE, NEWS])
        return True
    conn.execute(delete(SitemapFileRow))
    conn.execute(delete(SitemapEntryRow))
    conn.execute(delete(SitemapStateRow).where(~own))
    return True


def _request(insert: Any) -> Any:
    statement = insert(SitemapStateRow).values(part=bindparam("part", type_=Text()))
    raised = {"requested_generation": SitemapStateRow.requested_generation + 1}
    return statement.on_conflict_do_update(index_elements=["part"], set_=raised)


_REQUEST = for_each_dialect(_request)


def request(conn: Connection, parts: Iterable[str]) -> None:
    """Requests that these parts are written again."""
    # In one order, the archive first, so that no two transactions wait for each other.
    ordered = sorted(set(parts), key=lambda part: (part != ARCHIVE, part))
    if ordered:
        conn.execute(_REQUEST[conn.dialect.name], [{"part": part} for part in ordered])


def request_all(conn: Connection) -> None:
    """Requests everything, if sitemaps are on: any article may have changed.

    What changed of single articles says ``noticed``: the parts that they are in now, and those whose entries name them,
    whatever has become of their rows.
    """
    if is_on(conn):
        request(conn, [*_parts(conn), ARCHIVE, NEWS])


def is_on(conn: Connection) -> bool:
    """Returns whether the sitemaps are turned on by the configuration that was registered last."""
    found = conn.scalar(select(SitemapStateRow.fingerprint).where(SitemapStateRow.part == ARCHIVE))
    return found is not None and found != OFF


def claim(conn: Connection, owner: str, fingerprint: str, now: datetime) -> Claim | None:
    """Takes a lease on a waiting part: the news first, then the search for months, then the newest month."""
    found = conn.scalars(_CLAIMABLE, _times(owner, fingerprint, now)).all()
    if not found:
        return None
    values = {"of": found[0], "owner": owner, "until": now + LEASE}
    generation = conn.scalar(_CLAIM, values)
    return Claim(found[0], int(generation or 0), now, alone=len(found) == 1)


def renew(conn: Connection, owner: str, fingerprint: str, part: str, now: datetime) -> bool:
    """Renews the lease. Returns False if another worker or another configuration has taken over: its files stay."""
    values = {"of": part, "by": owner, "print": fingerprint, "until": now + LEASE}
    return conn.execute(_RENEW, values).rowcount == 1


def complete(
    conn: Connection,
    owner: str,
    fingerprint: str,
    claim: Claim,
    next_due: datetime | None,
    now: datetime,
    *,
    again: bool,
    empty: bool,
) -> bool:
    """Records that the part is written; returns False if another worker or another configuration has taken over.

    ``again``: it has to be once more; ``empty``: it has no file.
    """
    values = {
        "of": claim.part,
        "by": owner,
        "print": fingerprint,
        "generation": claim.generation,
        "more": 1 if again else 0,
        "now": now,
        "due": next_due,
    }
    if not conn.execute(_COMPLETE, values).rowcount:
        return False
    if empty and next_due is None and not again and claim.part not in (ARCHIVE, NEWS):
        own = SitemapStateRow.part == claim.part
        conn.execute(delete(SitemapStateRow).where(own, SitemapStateRow.requested_generation == claim.generation))
    return True


def fail(conn: Connection, owner: str, part: str, now: datetime) -> None:
    """Lets the part wait after a failure."""
    _release(conn, owner, part, now + RETRY)


def release(conn: Connection, owner: str, part: str) -> None:
    """Gives the lease back: another worker can begin the part at once."""
    _release(conn, owner, part, None)


def _release(conn: Connection, owner: str, part: str, until: datetime | None) -> None:
    mine = and_(SitemapStateRow.part == part, SitemapStateRow.lease_owner == owner)
    conn.execute(update(SitemapStateRow).where(mine).values(lease_owner=None, lease_until=until))


@dataclass(frozen=True, slots=True)
class WaitingParts:
    """When the next part can be claimed (None: none waits for anything), and what waits already.

    ``marks`` are the parts with the generations requested: other ones than before mean that more has come.
    """

    ready_at: datetime | None = None
    marks: frozenset[tuple[str, int]] = frozenset()


def list_waiting(conn: Connection, owner: str, fingerprint: str, now: datetime) -> WaitingParts:
    """Returns which parts wait, now or for a moment to come."""
    moments, marks = [], set()
    for row in conn.execute(_WAITING, {"print": fingerprint}):
        waiting = row.requested_generation > row.completed_generation
        if waiting or row.next_due <= now:
            marks.add((row.part, row.requested_generation))
        after = [now if waiting else row.next_due]
        if row.rendered_at is not None and row.rendered_at <= now:
            after.append(row.rendered_at + _pause(row.part))
        if row.lease_until is not None and row.lease_owner != owner:
            after.append(min(row.lease_until, now + _LONGEST_WAIT))
        moments.append(max(after))
    return WaitingParts(min(moments, default=None), frozenset(marks))


def read_revision(conn: Connection) -> int:
    """Returns the number that rises with each change of any file."""
    return conn.scalar(select(SitemapStateRow.revision).where(SitemapStateRow.part == ARCHIVE)) or 0


def lock_revision(conn: Connection, owner: str, fingerprint: str, part: str) -> int | None:
    """Returns the revision, and locks it: two workers never write the index at once. Before any other row.

    None: another worker has taken over this part, or another configuration.
    """
    row = conn.execute(_LOCKED_REVISION, {"of": part}).one()
    return row.revision if (row.holder, row.fingerprint) == (owner, fingerprint) else None


def set_revision(conn: Connection, revision: int) -> None:
    """Records that files have changed."""
    conn.execute(_SET_REVISION, {"number": revision})


def find_older_month(conn: Connection, before: str | None) -> str | None:
    """Returns the newest month before ``before`` with a published article; one step in an index."""
    query = select(cast(ArticleRow.published_at, Text)).where(ArticleRow.status == PUBLISHED)
    since, _ = bounds("0001-01", START)
    query = query.where(ArticleRow.published_at >= since)
    if before is not None:
        query = query.where(ArticleRow.published_at < bounds(before, START)[0])
    return month_in(conn.scalar(query.order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc()).limit(1)))


def _parts(conn: Connection) -> list[str]:
    return list(conn.scalars(select(SitemapStateRow.part).union(select(SitemapEntryRow.part).distinct())))


def _pending() -> ColumnElement[bool]:
    return SitemapStateRow.requested_generation > SitemapStateRow.completed_generation


def _is_mine() -> ColumnElement[bool]:
    """Whether the configuration that was registered last is this one."""
    registered = select(SitemapStateRow.fingerprint).where(SitemapStateRow.part == ARCHIVE).scalar_subquery()
    return registered == bindparam("print", type_=Text())


def _times(owner: str, fingerprint: str, now: datetime) -> dict[str, Any]:
    return {
        "owner": owner,
        "print": fingerprint,
        "now": now,
        "too_late": now + _LONGEST_WAIT,
        "news_before": now - PAUSES[NEWS],
        "months_before": now - MONTH_PAUSE,
    }


def _claimable() -> Select[str]:
    row = SitemapStateRow
    until, rendered, now = row.lease_until, row.rendered_at, bindparam("now", type_=UtcTime())
    owner = bindparam("owner", type_=Text())
    free = or_(until.is_(None), until <= now, until > bindparam("too_late", type_=UtcTime()), row.lease_owner == owner)
    rested = or_(
        rendered.is_(None),
        rendered > now,  # The clock was set back.
        and_(row.part == ARCHIVE, rendered <= now),
        and_(row.part == NEWS, rendered <= bindparam("news_before", type_=UtcTime())),
        rendered <= bindparam("months_before", type_=UtcTime()),
    )
    order = case((row.part == NEWS, 0), (row.part == ARCHIVE, 1), else_=2)
    query = select(row.part).where(or_(_pending(), row.next_due <= now), free, rested, _is_mine())
    # The second one says whether it is worth to come again.
    return query.order_by(order, row.part.desc()).limit(2).with_for_update(skip_locked=True)


def _changed(*where: ColumnElement[bool], **values: Any) -> Update:
    own = SitemapStateRow.part == bindparam("of", type_=Text())
    return update(SitemapStateRow).where(own, *where).values(values).execution_options(synchronize_session=False)


_HELD = SitemapStateRow.lease_owner == bindparam("by", type_=Text()), _is_mine()
_UNTIL = bindparam("until", type_=UtcTime())
_CLAIMABLE = _claimable()
_CLAIM = _changed(lease_owner=bindparam("owner", type_=Text()), lease_until=_UNTIL).returning(
    SitemapStateRow.requested_generation
)
_RENEW = _changed(*_HELD, lease_until=_UNTIL)
_COMPLETE = _changed(
    *_HELD,
    completed_generation=bindparam("generation", type_=BigInteger()),
    requested_generation=SitemapStateRow.requested_generation + bindparam("more", type_=BigInteger()),
    rendered_at=bindparam("now", type_=UtcTime()),
    next_due=bindparam("due", type_=UtcTime()),
    lease_owner=null(),
    lease_until=null(),
)
_WAITING = select(SitemapStateRow.__table__).where(or_(_pending(), SitemapStateRow.next_due.is_not(None)), _is_mine())
_PART = aliased(SitemapStateRow)
_LOCKED_REVISION = (
    select(
        SitemapStateRow.revision,
        SitemapStateRow.fingerprint,
        select(_PART.lease_owner).where(_PART.part == bindparam("of", type_=Text())).scalar_subquery().label("holder"),
    )
    .where(SitemapStateRow.part == ARCHIVE)
    .with_for_update()
)
_SET_REVISION = (
    update(SitemapStateRow)
    .where(SitemapStateRow.part == ARCHIVE)
    .values(revision=bindparam("number", type_=BigInteger()))
    .execution_options(synchronize_session=False)
)


def _pause(part: str) -> timedelta:
    return PAUSES.get(part, MONTH_PAUSE)
