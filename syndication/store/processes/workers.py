"""The heartbeats of worker processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, select, update

from syndication.store.tables.publishing import WebProcessRow, WorkerRow

HEARTBEAT = timedelta(seconds=2)
"""The interval of heartbeats."""

ALIVE_WITHIN = timedelta(seconds=6)
"""A worker without a heartbeat for longer is considered dead: two heartbeats may be late."""

SILENT_FOR = timedelta(minutes=10)
"""How long a process without a heartbeat is reported: one that was killed leaves its row, and nobody removes it."""

KEPT = timedelta(days=1)

MAX_KEPT = 1_000
"""The most processes of each kind kept, most of them dead: repeated crashes cannot fill the table."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker process and its last heartbeat."""

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime


def is_alive(table: type[WorkerRow | WebProcessRow], now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a process recorded a heartbeat within the last few seconds.

    A heartbeat in the future was recorded before the clock was set back, and proves nothing.
    """
    return and_(table.seen_at > now - ALIVE_WITHIN, table.seen_at < now + ALIVE_WITHIN)


def was_alive(table: type[WorkerRow | WebProcessRow], now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a process did so in the last minutes, and does no more."""
    return and_(table.seen_at > now - SILENT_FOR, table.seen_at <= now - ALIVE_WITHIN)


class _Process(Protocol):
    @property
    def host(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def seen_at(self) -> datetime: ...


P = TypeVar("P", bound=_Process)


def without_replaced(silent: Sequence[P], alive: Sequence[P]) -> list[P]:
    """Returns the silent processes but those that a later one on the same machine has replaced, one for one."""
    later = list(alive)
    left = []
    for process in sorted(silent, key=lambda process: process.seen_at):
        heir = next((o for o in later if o.host == process.host and o.started_at > process.seen_at - HEARTBEAT), None)
        if heir is None:
            left.append(process)
        else:
            later.remove(heir)
    return left


def record_heartbeat(conn: Connection, worker: WorkerProcess) -> None:
    """Records the heartbeat of one worker."""
    done = conn.execute(_SEEN, {"of": worker.id, "moment": worker.seen_at})
    if done.rowcount == 0:
        keep_newest(conn, WorkerRow)
        conn.execute(
            insert(WorkerRow).values(
                id=worker.id,
                host=worker.host,
                pid=worker.pid,
                started_at=worker.started_at,
                seen_at=worker.seen_at,
            )
        )


_SEEN = (
    update(WorkerRow)
    .where(WorkerRow.id == bindparam("of", type_=WorkerRow.id.type))
    .values(seen_at=bindparam("moment", type_=WorkerRow.seen_at.type))
    .execution_options(synchronize_session=False)
)


def keep_newest(conn: Connection, table: type[WorkerRow | WebProcessRow]) -> None:
    """Makes room for one more process: deletes the one with the oldest heartbeat."""
    old = select(table.id).order_by(table.seen_at.desc(), table.id).offset(MAX_KEPT - 1)
    if ids := list(conn.scalars(old)):
        conn.execute(delete(table).where(table.id.in_(ids)))


def remove(conn: Connection, worker_id: str) -> None:
    """Removes a worker that stopped normally."""
    conn.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def list_alive(conn: Connection, now: datetime) -> list[WorkerProcess]:
    """Returns the workers with a heartbeat within the last few seconds, the oldest worker first."""
    return _read(conn, is_alive(WorkerRow, now))


def list_silent(conn: Connection, now: datetime, alive: Sequence[WorkerProcess]) -> list[WorkerProcess]:
    """Returns the workers that had a heartbeat in the last minutes, have none now, and were not replaced.

    They hang, or were killed: one that stops normally removes its row. ``alive`` are those that run.
    """
    return without_replaced(_read(conn, was_alive(WorkerRow, now)), alive)


def _read(conn: Connection, which: ColumnElement[bool]) -> list[WorkerProcess]:
    rows = conn.execute(select(WorkerRow.__table__).where(which).order_by(WorkerRow.started_at))
    return [WorkerProcess(row.id, row.host, row.pid, row.started_at, row.seen_at) for row in rows]


def prune(conn: Connection, now: datetime) -> None:
    """Deletes the rows of workers that died long ago."""
    conn.execute(delete(WorkerRow).where(WorkerRow.seen_at < now - KEPT))
