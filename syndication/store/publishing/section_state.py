"""The state of each feed: its requested, published and failed regenerations."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    Case,
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from syndication.store.db.batches import MAX_PARAMETERS, batched
from syndication.store.db.types import UtcTime
from syndication.store.db.upsert import insert
from syndication.store.publishing import holds
from syndication.store.publishing.holds import EditorHold, Hold
from syndication.store.publishing.publication_numbers import last_number, take_number
from syndication.store.tables.publishing import (
    ASLEEP,
    NEWSROOM,
    READERS,
    EntryRow,
    HoldRow,
    LeftOutRow,
    SectionStateRow,
)

SectionStatus = Literal["current", "pending", "stalled", "failing", "unpublished", "held"]
"""``stalled``: what readers get is not updated: no worker or no web process is running, or a change waits too long."""


STALLED_AFTER = timedelta(seconds=10)
"""How long a change may wait until its feed is not called up to date: a worker needs about a second."""

MISSED_SHOWN = timedelta(hours=1)
"""How long missed changes are reported after a sweep found them: twelve more sweeps find none by then."""


@dataclass(frozen=True, slots=True)
class SectionState:
    """A feed's state; see ``SectionStateRow`` for the three generations.

    ``hold``: entries vanished, and the feed keeps them. ``editor_hold``: an editor holds it at one version. A sweep
    last found, at ``missed_at``, that changes of ``missed_entries`` entries had not been noticed. ``cadence`` is as
    stored (``model.freshness``).
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
    cadence: str | None = None
    hold: Hold | None = None
    editor_hold: EditorHold | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last regeneration failed. A change starts the count of failures again, the error stays."""
        return bool(self.failures or self.error)

    @property
    def is_held(self) -> bool:
        """Whether the feed keeps vanished entries, and no editor has said to publish it without them."""
        return self.hold is not None and self.hold.released_at is None and self.editor_hold is None

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


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether anybody updates what readers get at ``now``; ``queued_at``: the oldest change that is of no section yet.

    ``workers`` and ``webs`` are the numbers of running processes.
    """

    now: datetime
    workers: int
    queued_at: datetime | None
    webs: int

    def stalls(self, state: SectionState) -> bool:
        """Returns whether nobody updates this feed for its readers."""
        return not self.is_served or (state.pending and self._is_old(state.requested_at))

    @property
    def is_served(self) -> bool:
        """Whether there are a worker and a web process, without which nothing new reaches readers."""
        return bool(self.workers and self.webs)

    @property
    def has_old_changes(self) -> bool:
        """Whether a change waits for too long that may concern any feed."""
        return self._is_old(self.queued_at)

    def _is_old(self, since: datetime | None) -> bool:
        return since is not None and since < self.now - STALLED_AFTER


def section_status(state: SectionState | None, progress: Progress | None = None) -> SectionStatus:
    """Returns the status of a section; ``state`` is None if no worker has registered it yet.

    With ``progress``, no feed is current that nobody updates.
    """
    if state is not None and state.is_failing:
        return "failing"
    if state is None or not state.version:
        return "unpublished"
    if state.is_held or state.editor_hold is not None:
        return "held"
    if progress is not None and progress.stalls(state):
        return "stalled"
    return "pending" if state.pending or (progress is not None and progress.has_old_changes) else "current"


def _waits() -> ColumnElement[bool]:
    return SectionStateRow.requested_generation > SectionStateRow.completed_generation


def register(
    conn: Connection, fingerprints: Mapping[str, str], revision: int, now: datetime, readers: Collection[str] = ()
) -> list[str]:
    """Requests each section whose configuration or renderer differs from that of its documents; returns the slugs.

    ``revision`` is the program's render revision: sections registered by a newer program are left to it. From here on a
    section belongs to the workers of this configuration: a lease under another configuration is lost. ``readers`` are
    the slugs of those that readers asked for, which come after the newsroom's own.
    """
    # Locked on PostgreSQL, and inserted without conflicts: two workers that start together both register.
    columns = SectionStateRow.section, SectionStateRow.fingerprint, SectionStateRow.revision
    known = {
        row.section: row
        for some in batched(sorted(fingerprints))
        for row in conn.execute(
            select(*columns)
            .where(SectionStateRow.section.in_(some))
            .order_by(SectionStateRow.section)
            .with_for_update()
        )
    }
    common = {"revision": revision, "requested_at": now}
    priorities = dict.fromkeys(readers, READERS)
    new = sorted(fingerprints.keys() - known.keys())
    changed = sorted(
        slug
        for slug, row in known.items()
        if slug in fingerprints
        and row.revision <= revision
        and (row.fingerprint, row.revision) != (fingerprints[slug], revision)
    )
    if new:
        rows = [
            {
                "section": slug,
                "fingerprint": fingerprints[slug],
                "requested_generation": 1,
                "priority": priorities.get(slug, NEWSROOM),
            }
            for slug in new
        ]
        conn.execute(insert(conn, SectionStateRow).on_conflict_do_nothing(), [row | common for row in rows])
        _lock(conn, new)
    if changed:
        conn.execute(
            update(SectionStateRow.__table__)  # type: ignore[arg-type]  # a Table: many rows with their own values
            .where(SectionStateRow.section == bindparam("slug"))
            .values(
                basis=None,
                fingerprint=bindparam("print"),
                requested_generation=SectionStateRow.requested_generation + 1,
                noticed_at=case((_waits(), SectionStateRow.noticed_at), else_=null()),
                retry_at=None,
                failures=0,
                priority=case(
                    (and_(SectionStateRow.priority == ASLEEP, bindparam("rank") == READERS), ASLEEP),
                    else_=bindparam("rank"),
                ),
                **NO_LEASE,
                **common,
            ),
            [{"slug": slug, "print": fingerprints[slug], "rank": priorities.get(slug, NEWSROOM)} for slug in changed],
        )
    if new or changed:
        number = take_number(conn)
        for some in batched(sorted([*new, *changed])):
            conn.execute(update(SectionStateRow).where(SectionStateRow.section.in_(some)).values(registration=number))
    return sorted([*new, *changed])


def _lock(conn: Connection, slugs: Iterable[str]) -> None:
    """Locks rows on PostgreSQL, always in the same order, so that two writers never deadlock."""
    if conn.dialect.name == "postgresql":
        for some in batched(sorted(slugs)):
            rows = select(SectionStateRow.section).where(SectionStateRow.section.in_(some))
            conn.execute(rows.order_by(SectionStateRow.section).with_for_update())


NO_TIMES: Mapping[str, datetime] = {}
NO_LEASE = {"lease_owner": None, "lease_until": None}


def _raise_generation() -> Mapping[str, Any]:
    """Returns, by the dialect's name, the statement that requests the sections ``slugs``."""
    row, moment = SectionStateRow, bindparam("moment", type_=UtcTime())
    slugs = row.section.in_(bindparam("slugs", expanding=True, type_=Text()))
    raised = (
        update(row)
        .values(
            requested_generation=row.requested_generation + 1,
            requested_at=case((_waits(), row.requested_at), else_=moment),
            noticed_at=_noticed(bindparam("since", type_=UtcTime())),
            failures=0,
            # Not NULL: a section that failed and changes all the time is no more urgent than the others.
            retry_at=case((row.retry_at > moment, moment), else_=row.retry_at),
        )
        .returning(row.section, row.requested_generation)
    )
    # Always locked in the same order, so that two writers never deadlock.
    locked = select(row.section).where(slugs).order_by(row.section).with_for_update().cte("locked")
    return {"sqlite": raised.where(slugs), "postgresql": raised.where(row.section == locked.c.section)}


def request(
    conn: Connection, slugs: Iterable[str], now: datetime, noticed_at: Mapping[str, datetime] = NO_TIMES
) -> dict[str, int]:
    """Requests a regeneration of these sections; returns the generation of each. A request resets the back-off.

    ``noticed_at`` has, by section, the time of the oldest waiting change, or of a due moment. A section that is already
    waiting keeps its place: if each change put it back, a busy one would never be reached.
    """
    wanted = sorted(set(slugs))
    by_time: dict[datetime | None, list[str]] = {}
    for slug in wanted:
        by_time.setdefault(noticed_at.get(slug), []).append(slug)
    if len(by_time) > 1 or len(wanted) > MAX_PARAMETERS:
        _lock(conn, wanted)
    generations: dict[str, int] = {}
    for since, noticed in by_time.items():
        for some in batched(noticed):
            values = {"slugs": some, "since": since, "moment": now}
            rows = conn.execute(_REQUEST[conn.dialect.name], values)
            generations |= {row.section: row.requested_generation for row in rows}
    return generations


def _noticed(since: ColumnElement[datetime | None]) -> Case[datetime | None]:
    """Returns the time of the oldest waiting change: the one already recorded, or the new one, which may be NULL."""
    return case(
        (and_(_waits(), or_(since.is_(None), SectionStateRow.noticed_at < since)), SectionStateRow.noticed_at),
        else_=since,
    )


_REQUEST = _raise_generation()


def read_registered_since(conn: Connection, number: int) -> tuple[dict[str, str], int]:
    """Returns the sections registered after that number with their fingerprints, and the number of the last one.

    No registration is missed, as with publications. -1: every section.
    """
    last = last_number(conn)
    if last == number:
        return {}, last
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.fingerprint).where(SectionStateRow.registration > number)
    )
    return {row.section: row.fingerprint for row in rows}, last


def list_due(conn: Connection, now: datetime) -> dict[str, datetime]:
    """Returns the sections with a due moment (an embargo's end, an expiry, an age), and the moment."""
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.next_due).where(SectionStateRow.next_due <= now)
    )
    return {row.section: row.next_due for row in rows}


def clear_due(conn: Connection, slugs: Collection[str]) -> None:
    """Clears the due moments of requested sections; the regeneration finds the next ones."""
    for some in batched(sorted(slugs)):
        conn.execute(update(SectionStateRow).where(SectionStateRow.section.in_(some)).values(next_due=None))


def list_stale(conn: Connection, slugs: Collection[str], before: datetime) -> list[str]:
    """Returns the sections not regenerated since ``before`` and not waiting anyway."""
    regenerated = SectionStateRow.regenerated_at
    rows = conn.scalars(
        select(SectionStateRow.section).where(
            SectionStateRow.requested_generation <= SectionStateRow.completed_generation,
            or_(regenerated.is_(None), regenerated < before),
        )
    )
    return [section for section in rows if section in slugs]


def oldest_waiting(found: Iterable[SectionState], oldest_change: datetime | None) -> datetime | None:
    """Returns the time of the oldest change that is in no feed yet: still in the queue, or requested."""
    moments = [state.requested_at for state in found if state.pending]
    return min((moment for moment in (*moments, oldest_change) if moment is not None), default=None)


def list_states(conn: Connection, sections: Collection[str] | None = None) -> list[SectionState]:
    """Returns the state of these sections, by slug (None: of every one that was ever registered).

    Of a few sections it costs what they are, however many there are.
    """
    if sections is None or len(sections) > FEW:
        wanted = None if sections is None else frozenset(sections)
        found = _states(conn, None)
        return found if wanted is None else [state for state in found if state.section in wanted]
    return [state for some in batched(sorted(sections)) for state in _states(conn, some)]


FEW = 5_000
"""So many sections are read one by one; of more, all are read."""


def list_exceptional(conn: Connection, now: datetime) -> list[SectionState]:
    """Returns the state of the newsroom's sections that are waiting, failing, held or recently missed, by slug.

    A failing one is always waiting. It reads them by their indexes: it costs what is exceptional, not what exists.
    """
    state = SectionStateRow
    conditions = (
        and_(_waits(), state.priority == NEWSROOM),
        and_(state.missed_at.is_not(None), state.missed_at > now - MISSED_SHOWN),
        state.section.in_(select(HoldRow.section)),
    )
    found = {slug for one in conditions for slug in conn.scalars(select(state.section).where(one))}
    return list_states(conn, found)


def _states(conn: Connection, sections: Collection[str] | None) -> list[SectionState]:
    def chosen(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return true() if sections is None else column.in_(sections)

    counts = [
        select(row.section, func.count().label("n")).where(chosen(row.section)).group_by(row.section).subquery()
        for row in (EntryRow, LeftOutRow)
    ]
    entries, missing = counts
    rows = conn.execute(
        select(
            SectionStateRow.__table__,
            func.coalesce(entries.c.n, 0).label("entries"),
            func.coalesce(missing.c.n, 0).label("left_out"),
        )
        .outerjoin(entries, entries.c.section == SectionStateRow.section)
        .outerjoin(missing, missing.c.section == SectionStateRow.section)
        .where(chosen(SectionStateRow.section))
        .order_by(SectionStateRow.section)
    ).mappings()
    held = holds.list_holds(conn, sections)
    columns = [name for name in SectionState.__slots__ if name not in ("hold", "editor_hold")]
    return [
        SectionState(
            **{name: row[name] for name in columns},
            hold=held.automatic.get(row["section"]),
            editor_hold=held.by_editors.get(row["section"]),
        )
        for row in rows
    ]


def configured_states(conn: Connection, sections: Collection[str]) -> dict[str, SectionState]:
    """Returns the states of these sections, without those that no worker has registered yet.

    Sections that are no longer configured stay in the store but are neither regenerated nor served.
    """
    return {state.section: state for state in list_states(conn, sections)}
