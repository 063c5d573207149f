"""The state of each feed: its requested, published and failed regenerations."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Case, Connection, Row, and_, case, func, literal, not_, null, or_, select, true, update

from syndication.store.db.types import UtcTime
from syndication.store.db.upsert import insert
from syndication.store.publishing import holds
from syndication.store.publishing.holds import Hold
from syndication.store.tables.publishing import EntryRow, LeftOutRow, SectionStateRow

SectionStatus = Literal["current", "pending", "failing", "unpublished", "held"]


MISSED_SHOWN = timedelta(hours=1)
"""How long missed changes are reported after a sweep found them: twelve more sweeps find none by then."""


@dataclass(frozen=True, slots=True)
class SectionState:
    """A feed's state; see ``SectionStateRow`` for the three generations.

    ``hold``: entries vanished, and the feed keeps them. A sweep last found, at ``missed_at``, that changes of
    ``missed_entries`` entries had not been noticed.
    """

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
    requested_generation: int
    completed_generation: int
    attempted_generation: int
    requested_at: datetime | None
    missed_at: datetime | None = None
    missed_entries: int | None = None
    hold: Hold | None = None

    @property
    def is_held(self) -> bool:
        """Whether the feed keeps vanished entries, and no editor has said to publish it without them."""
        return self.hold is not None and self.hold.released_at is None

    def recently_missed(self, now: datetime) -> int:
        """Returns the number of entries whose changes a sweep has found within the last hour."""
        recently = self.missed_at is not None and self.missed_at > now - MISSED_SHOWN
        return self.missed_entries or 0 if recently else 0

    @property
    def status(self) -> SectionStatus:
        """The status, as ``section_status`` decides it."""
        return section_status(self)

    @property
    def pending(self) -> bool:
        """Whether a regeneration is waiting or running."""
        return self.requested_generation > self.completed_generation


def section_status(state: SectionState | None) -> SectionStatus:
    """Returns the status of a section; ``state`` is None if no worker has registered it yet."""
    if state is not None and state.failures:
        return "failing"
    if state is None or not state.version:
        return "unpublished"
    if state.is_held:
        return "held"
    return "pending" if state.pending else "current"


def register(conn: Connection, fingerprints: Mapping[str, str], revision: int, now: datetime) -> list[str]:
    """Requests each section whose configuration or renderer differs from that of its documents; returns the slugs.

    ``revision`` is the program's render revision: sections registered by a newer program are left to it. From here on a
    section belongs to the workers of this configuration: a lease under another configuration is lost.
    """
    # Locked on PostgreSQL, and inserted without conflicts: two workers that start together both register.
    known = {
        row.section: row
        for row in conn.execute(
            select(SectionStateRow.__table__)
            .where(SectionStateRow.section.in_(fingerprints) if len(fingerprints) <= FEW else true())
            .order_by(SectionStateRow.section)
            .with_for_update()
        )
    }
    marked = []
    for slug in sorted(fingerprints):
        values = {"fingerprint": fingerprints[slug], "revision": revision, "requested_at": now}
        if slug not in known:
            conn.execute(
                insert(conn, SectionStateRow)
                .values(section=slug, requested_generation=1, **values)
                .on_conflict_do_nothing()
            )
        elif known[slug].revision > revision or _same(known[slug], values):
            continue
        else:
            conn.execute(
                update(SectionStateRow)
                .where(SectionStateRow.section == slug)
                .values(
                    requested_generation=SectionStateRow.requested_generation + 1,
                    noticed_at=_noticed(None),
                    retry_at=None,
                    failures=0,
                )
                .values(**NO_LEASE, **values)
            )
        marked.append(slug)
    return marked


FEW = 500
"""So many sections are registered without reading the state of all others."""

NO_TIMES: Mapping[str, datetime] = {}
NO_LEASE = {"lease_owner": None, "lease_until": None}


def _same(row: Row[Any], values: Mapping[str, Any]) -> bool:
    return bool(row.fingerprint == values["fingerprint"] and row.revision == values["revision"])


def request(
    conn: Connection, slugs: Iterable[str], now: datetime, noticed_at: Mapping[str, datetime] = NO_TIMES
) -> dict[str, int]:
    """Requests a regeneration of these sections; returns the generation of each. A request resets the back-off.

    ``noticed_at`` has, by section, the time of the oldest waiting change, or of a due moment. A section that is already
    waiting keeps its place: if each change put it back, a busy one would never be reached. Always in the same order, so
    that two writers never deadlock.
    """
    waits, moment = SectionStateRow.requested_generation > SectionStateRow.completed_generation, literal(now, UtcTime())
    generations = {}
    for slug in sorted(set(slugs)):
        row = conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section == slug)
            .values(
                requested_generation=SectionStateRow.requested_generation + 1,
                requested_at=case((waits, SectionStateRow.requested_at), else_=moment),
                noticed_at=_noticed(noticed_at.get(slug)),
                failures=0,
                # Not NULL: a section that failed and changes all the time is no more urgent than the others.
                retry_at=case((SectionStateRow.retry_at > now, moment), else_=SectionStateRow.retry_at),
            )
            .returning(SectionStateRow.requested_generation)
        ).one_or_none()
        if row is not None:
            generations[slug] = row.requested_generation
    return generations


def _noticed(since: datetime | None) -> Case[datetime | None]:
    """Returns the time of the oldest waiting change: the one already recorded, or the new one."""
    waits = SectionStateRow.requested_generation > SectionStateRow.completed_generation
    if since is None:
        return case((waits, SectionStateRow.noticed_at), else_=null())
    return case(
        (and_(waits, SectionStateRow.noticed_at < since), SectionStateRow.noticed_at), else_=literal(since, UtcTime())
    )


def list_foreign(conn: Connection, mine: Mapping[str, str]) -> list[str]:
    """Returns the sections registered by another configuration than ``mine`` (fingerprints by slug)."""
    ours = and_(SectionStateRow.section.in_(mine), SectionStateRow.fingerprint.in_(mine.values()))
    return list(conn.scalars(select(SectionStateRow.section).where(not_(ours))))


def list_due(conn: Connection, now: datetime) -> dict[str, datetime]:
    """Returns the sections with a due moment (an embargo's end, an expiry, an age), and the moment."""
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.next_due).where(SectionStateRow.next_due <= now)
    )
    return {row.section: row.next_due for row in rows}


def clear_due(conn: Connection, slugs: Collection[str]) -> None:
    """Clears the due moments of requested sections; the regeneration finds the next ones."""
    conn.execute(update(SectionStateRow).where(SectionStateRow.section.in_(slugs)).values(next_due=None))


def next_due(conn: Connection) -> datetime | None:
    """Returns the next scheduled change of any feed."""
    return conn.scalar(select(func.min(SectionStateRow.next_due)))


def list_stale(conn: Connection, slugs: Collection[str], before: datetime) -> list[str]:
    """Returns the sections not regenerated since ``before`` and not waiting anyway."""
    regenerated = SectionStateRow.regenerated_at
    return list(
        conn.scalars(
            select(SectionStateRow.section).where(
                SectionStateRow.section.in_(slugs),
                SectionStateRow.requested_generation <= SectionStateRow.completed_generation,
                or_(regenerated.is_(None), regenerated < before),
            )
        )
    )


def oldest_waiting(found: Iterable[SectionState], oldest_change: datetime | None) -> datetime | None:
    """Returns the time of the oldest change that is in no feed yet: still in the queue, or requested."""
    moments = [state.requested_at for state in found if state.pending]
    return min((moment for moment in (*moments, oldest_change) if moment is not None), default=None)


def list_states(conn: Connection, only: Collection[str] | None = None) -> list[SectionState]:
    """Returns every section that was ever registered, by slug; ``only``: of these few, at the cost of these few."""
    entries = select(EntryRow.section, func.count().label("n")).group_by(EntryRow.section)
    missing = select(LeftOutRow.section, func.count().label("n")).group_by(LeftOutRow.section)
    if only is not None:
        entries = entries.where(EntryRow.section.in_(only))
        missing = missing.where(LeftOutRow.section.in_(only))
    counted, left_out = entries.subquery(), missing.subquery()
    query = (
        select(
            SectionStateRow.__table__,
            func.coalesce(counted.c.n, 0).label("entries"),
            func.coalesce(left_out.c.n, 0).label("left_out"),
        )
        .outerjoin(counted, counted.c.section == SectionStateRow.section)
        .outerjoin(left_out, left_out.c.section == SectionStateRow.section)
        .order_by(SectionStateRow.section)
    )
    rows = conn.execute(query if only is None else query.where(SectionStateRow.section.in_(only))).mappings()
    held = holds.list_holds(conn)
    columns = [name for name in SectionState.__slots__ if name != "hold"]
    return [SectionState(**{name: row[name] for name in columns}, hold=held.get(row["section"])) for row in rows]


def configured_states(conn: Connection, sections: Collection[str]) -> dict[str, SectionState]:
    """Returns the states of these sections, without those that no worker has registered yet.

    Sections that are no longer configured stay in the store but are neither regenerated nor served.
    """
    return {state.section: state for state in list_states(conn) if state.section in sections}
