"""The state of each feed: what is asked of it, what is published, and what is wrong with it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Case, Connection, Row, and_, case, func, literal, not_, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from syndication.store.db.types import UtcTime
from syndication.store.tables.publishing import EntryRow, LeftOutRow, SectionRow


@dataclass(frozen=True, slots=True)
class SectionState:
    """A feed's state for people: ``mark > done`` says that work is waiting, ``tried`` is the last attempt's mark."""

    section: str
    version: int
    entries: int
    left_out: int
    updated_at: datetime | None
    regenerated_at: datetime | None
    next_due: datetime | None
    failures: int
    retry_at: datetime | None
    error: str | None
    mark: int
    done: int
    tried: int
    marked_at: datetime | None

    @property
    def pending(self) -> bool:
        """Whether a regeneration is waiting or under way."""
        return self.mark > self.done


def register(conn: Connection, fingerprints: Mapping[str, str], revision: int, now: datetime) -> list[str]:
    """Mark each section whose configuration or renderer is another than its documents were made with.

    ``revision`` is the program's render revision: what a newer program has registered is left to it. From here on
    the section belongs to the workers of this configuration: who holds its lease under another one loses it.
    """
    # Locked on PostgreSQL, and added without a quarrel: two workers that start together both register.
    known = {
        row.section: row
        for row in conn.execute(select(SectionRow.__table__).order_by(SectionRow.section).with_for_update())
    }
    insert = sqlite_insert if conn.dialect.name == "sqlite" else postgresql_insert
    marked = []
    for slug in sorted(fingerprints):
        values = {"fingerprint": fingerprints[slug], "revision": revision, "marked_at": now}
        if slug not in known:
            conn.execute(insert(SectionRow).values(section=slug, mark=1, **values).on_conflict_do_nothing())
        elif known[slug].revision > revision or _same(known[slug], values):
            continue
        else:
            conn.execute(
                update(SectionRow)
                .where(SectionRow.section == slug)
                .values(mark=SectionRow.mark + 1, noticed_at=_noticed(None), retry_at=None, failures=0)
                .values(**NO_LEASE, **values)
            )
        marked.append(slug)
    return marked


NOTHING: Mapping[str, datetime] = {}
NO_LEASE = {"lease_owner": None, "lease_until": None}


def _same(row: Row[Any], values: Mapping[str, Any]) -> bool:
    return bool(row.fingerprint == values["fingerprint"] and row.revision == values["revision"])


def request(
    conn: Connection, slugs: Iterable[str], now: datetime, noticed: Mapping[str, datetime] = NOTHING
) -> dict[str, int]:
    """Ask for a regeneration of these sections; gives each one's mark. A request resets the back-off.

    ``noticed`` says by section since when a change, or a moment that came, has been waited for.
    One that waits already keeps its place: were it put back with each change, a busy one would never be reached.
    In one order always, so that two writers never wait for each other.
    """
    waits, moment = SectionRow.mark > SectionRow.done, literal(now, UtcTime())
    marks = {}
    for slug in sorted(set(slugs)):
        row = conn.execute(
            update(SectionRow)
            .where(SectionRow.section == slug)
            .values(
                mark=SectionRow.mark + 1,
                marked_at=case((waits, SectionRow.marked_at), else_=moment),
                noticed_at=_noticed(noticed.get(slug)),
                failures=0,
                # Not NULL: one that failed and changes all the time is no more urgent than the others.
                retry_at=case((SectionRow.retry_at > now, moment), else_=SectionRow.retry_at),
            )
            .returning(SectionRow.mark)
        ).one_or_none()
        if row is not None:
            marks[slug] = row.mark
    return marks


def _noticed(since: datetime | None) -> Case[datetime | None]:
    """The oldest change that waits: the one that is known, or the one that is noticed now."""
    waits = SectionRow.mark > SectionRow.done
    if since is None:
        return case((waits, SectionRow.noticed_at), else_=null())
    return case((and_(waits, SectionRow.noticed_at < since), SectionRow.noticed_at), else_=literal(since, UtcTime()))


def others(conn: Connection, mine: Mapping[str, str]) -> list[str]:
    """The sections that another configuration than ``mine`` (fingerprints by slug) has registered."""
    ours = and_(SectionRow.section.in_(mine), SectionRow.fingerprint.in_(mine.values()))
    return list(conn.scalars(select(SectionRow.section).where(not_(ours))))


def due(conn: Connection, now: datetime) -> dict[str, datetime]:
    """The sections for which a moment has come, and which: an embargo's end, an expiry, an age."""
    rows = conn.execute(select(SectionRow.section, SectionRow.next_due).where(SectionRow.next_due <= now))
    return {row.section: row.next_due for row in rows}


def clear_due(conn: Connection, slugs: Collection[str]) -> None:
    """The due moments of these sections are on their marks now; a regeneration finds the next ones."""
    conn.execute(update(SectionRow).where(SectionRow.section.in_(slugs)).values(next_due=None))


def next_due(conn: Connection) -> datetime | None:
    """The first moment at which a feed changes by itself."""
    return conn.scalar(select(func.min(SectionRow.next_due)))


def stale(conn: Connection, slugs: Collection[str], before: datetime) -> list[str]:
    """The sections that nobody regenerated since ``before``, and that do not wait for it anyway."""
    regenerated = SectionRow.regenerated_at
    return list(
        conn.scalars(
            select(SectionRow.section).where(
                SectionRow.section.in_(slugs),
                SectionRow.mark <= SectionRow.done,
                or_(regenerated.is_(None), regenerated < before),
            )
        )
    )


def waiting_since(found: Iterable[SectionState], oldest_change: datetime | None) -> datetime | None:
    """How long ago the first change that is in no feed yet was made: it is in the queue still, or a mark."""
    moments = [state.marked_at for state in found if state.pending]
    return min((moment for moment in (*moments, oldest_change) if moment is not None), default=None)


def states(conn: Connection) -> list[SectionState]:
    """Every section that was ever registered, by slug."""
    entries = select(EntryRow.section, func.count().label("n")).group_by(EntryRow.section).subquery()
    missing = select(LeftOutRow.section, func.count().label("n")).group_by(LeftOutRow.section).subquery()
    rows = conn.execute(
        select(
            SectionRow.__table__,
            func.coalesce(entries.c.n, 0).label("entries"),
            func.coalesce(missing.c.n, 0).label("left_out"),
        )
        .outerjoin(entries, entries.c.section == SectionRow.section)
        .outerjoin(missing, missing.c.section == SectionRow.section)
        .order_by(SectionRow.section)
    ).mappings()
    return [SectionState(**{name: row[name] for name in SectionState.__slots__}) for row in rows]
