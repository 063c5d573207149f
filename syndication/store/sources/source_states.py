"""How each source is doing, and the lease that makes one worker at a time read it.

Every write for a source begins with ``hold_lease``: a worker that stood still, and so lost its lease, writes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, or_, select, true, update

from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.db.upsert import insert
from syndication.store.sources import source_rows
from syndication.store.tables.sources import SourceStateRow

Status = Literal["waiting", "current", "failing", "held", "paused"]


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as of its last look; times are None if there was no such moment.

    ``lag_ms``: from the publication of the newest story there to its commit here, in milliseconds.
    """

    source: str
    kind: str
    fingerprint: str | None
    bookmark: str
    looked_at: datetime | None
    changed_at: datetime | None
    lag_ms: int | None
    failures: int
    failing_since: datetime | None
    error: str | None
    retry_at: datetime | None
    requested_at: datetime | None
    paused_at: datetime | None
    paused_by: str | None
    held_since: datetime | None
    held_vanished: int | None
    held_window: int | None
    accepted_at: datetime | None
    taking_over_at: datetime | None
    window: int
    articles: int
    refused: int
    sweep_after: str | None
    sweep_began_at: datetime | None
    swept_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None

    @property
    def status(self) -> Status:
        """What an operator should know first."""
        if self.paused_at is not None:
            return "paused"
        if self.failures:
            return "failing"
        if self.held_since is not None:
            return "held"
        return "waiting" if self.looked_at is None else "current"


class LeaseLost(Exception):  # noqa: N818  # it is no error: another worker goes on
    """Another worker reads the source by now."""


def register(conn: Connection, source: str, kind: str) -> None:
    """Creates the row of a source, or records its kind if that is another."""
    statement = insert(conn, SourceStateRow).values(source=source, kind=kind)
    other = SourceStateRow.kind != kind
    conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"kind": kind}, where=other))


def get(conn: Connection, source: str) -> SourceState | None:
    """Returns the state of a source; None: no worker has seen it yet."""
    row = conn.execute(select(SourceStateRow.__table__).where(SourceStateRow.source == source)).one_or_none()
    return None if row is None else SourceState(**row._mapping)


def list_states(conn: Connection, names: Collection[str]) -> dict[str, SourceState]:
    """Returns the states of these sources, by name; asks nothing for none."""
    if not names:
        return {}
    rows = conn.execute(select(SourceStateRow.__table__).where(SourceStateRow.source.in_(names)))
    return {row.source: SourceState(**row._mapping) for row in rows}


def claim(conn: Connection, source: str, owner: str, now: datetime, lease: timedelta) -> SourceState | None:
    """Takes or renews the lease; returns the state then, or None if another worker has it."""
    # One that ends too late was taken before the clock was set back.
    over = or_(SourceStateRow.lease_until <= now, SourceStateRow.lease_until > now + 2 * lease)
    free = or_(SourceStateRow.lease_until.is_(None), over, SourceStateRow.lease_owner == owner)
    statement = update(SourceStateRow).where(SourceStateRow.source == source, free)
    row = conn.execute(
        statement.values(lease_owner=owner, lease_until=now + lease).returning(*SourceStateRow.__table__.c)
    ).one_or_none()
    return None if row is None else SourceState(**row._mapping)


def hold_lease(conn: Connection, source: str, owner: str, now: datetime, lease: timedelta) -> None:
    """Renews the lease and locks the source's row until the transaction ends; raises LeaseLost if it is another's."""
    mine = SourceStateRow.source == source, SourceStateRow.lease_owner == owner
    if not conn.execute(update(SourceStateRow).where(*mine).values(lease_until=now + lease)).rowcount:
        raise LeaseLost(source)


def release_lease(conn: Connection, owner: str) -> None:
    """Gives up all leases of a worker that stops."""
    statement = update(SourceStateRow).where(SourceStateRow.lease_owner == owner)
    conn.execute(statement.values(lease_owner=None, lease_until=None))


def change(conn: Connection, source: str, **values: Any) -> None:
    """Changes columns of a source's state."""
    conn.execute(update(SourceStateRow).where(SourceStateRow.source == source).values(**values))


def record_success(conn: Connection, state: SourceState, now: datetime, **values: Any) -> None:
    """Records that a look succeeded which began with ``state``; a request made since stays."""
    change(conn, state.source, looked_at=now, failures=0, failing_since=None, error=None, retry_at=None, **values)
    _answer_request(conn, state)


def record_failure(
    conn: Connection, state: SourceState, error: str, now: datetime, retry_at: datetime, bookmark: str | None
) -> None:
    """Records that a look failed which began with ``state``; a request made since stays."""
    values: dict[str, Any] = {} if bookmark is None else {"bookmark": bookmark}
    change(
        conn,
        state.source,
        failures=state.failures + 1,
        failing_since=state.failing_since or now,
        error=error,
        retry_at=retry_at,
        **values,
    )
    _answer_request(conn, state)


def _answer_request(conn: Connection, state: SourceState) -> None:
    """Forgets the request for a look that ``state`` had, and no newer one."""
    if state.requested_at is not None:
        _when(conn, state.source, SourceStateRow.requested_at <= state.requested_at, requested_at=None)


def end_acceptance(conn: Connection, state: SourceState) -> None:
    """Records that what an operator accepted is done, unless somebody accepted again since ``state`` was read."""
    if state.accepted_at is not None:
        _when(conn, state.source, SourceStateRow.accepted_at == state.accepted_at, accepted_at=None)


def record_sweep(conn: Connection, state: SourceState, **values: Any) -> bool:
    """Records how far a sweep is that began with ``state``.

    Returns False, with nothing written, if somebody accepted the source since: then the sweep begins again, with IDs of
    other writers taken over.
    """
    return _when(conn, state.source, SourceStateRow.taking_over_at.is_not_distinct_from(state.taking_over_at), **values)


def request_look(conn: Connection, source: str, by: Actor, now: datetime) -> None:
    """Asks for a look now, also at a source that failed and waits."""
    change(conn, source, requested_at=now)
    record(conn, by, [Act("look at source", source, "requested")], now)


def pause(conn: Connection, source: str, by: Actor, now: datetime) -> bool:
    """Stops looking at a source; its articles stay. Returns False if it was paused already."""
    done = _when(conn, source, SourceStateRow.paused_at.is_(None), paused_at=now, paused_by=by.name)
    record(conn, by, [Act("pause source", source, "paused" if done else "unchanged")], now)
    return done


def resume(conn: Connection, source: str, by: Actor, now: datetime) -> bool:
    """Looks at a paused source again, at once. Returns False if it was not paused."""
    values = {"paused_at": None, "paused_by": None, "requested_at": now}
    done = _when(conn, source, SourceStateRow.paused_at.is_not(None), **values)
    record(conn, by, [Act("resume source", source, "resumed" if done else "unchanged")], now)
    return done


def accept(conn: Connection, source: str, by: Actor, now: datetime, others: Collection[str] = ()) -> bool:
    """Believes the source: what vanished is withdrawn, and ids of other writers are taken over.

    Returns False if there was nothing of either kind. ``others`` are the other configured sources.
    """
    # During the look that takes over, nothing may be left of what a second acceptance means too.
    unsettled = or_(SourceStateRow.held_since.is_not(None), SourceStateRow.taking_over_at.is_not(None))
    if source_rows.count_claims(conn, source, others):
        unsettled = or_(unsettled, true())
    values = {"accepted_at": now, "taking_over_at": now, "requested_at": now, "sweep_after": None, "swept_at": None}
    done = _when(conn, source, unsettled, **values)
    record(conn, by, [Act("accept source", source, "accepted" if done else "unchanged")], now)
    return done


def _when(conn: Connection, source: str, condition: Any, **values: Any) -> bool:
    statement = update(SourceStateRow).where(SourceStateRow.source == source, condition).values(**values)
    return bool(conn.execute(statement).rowcount)
