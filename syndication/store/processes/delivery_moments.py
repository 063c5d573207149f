"""When changes were served: found in the heartbeats of web processes, and recorded by workers, in batches.

Polls and publishing write nothing for it: heartbeats say when each publication was loaded, and are read afterwards.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from syndication.store.processes import web_processes
from syndication.store.processes.web_processes import WebProcess
from syndication.store.tables.deliveries import DeliveryFeedRow, DeliveryRow

AT_ONCE = 1_000
"""Publications and changes looked at in one transaction."""

MILLISECOND = timedelta(milliseconds=1)


def served_by_all(processes: Sequence[WebProcess], publication: int, published_at: datetime) -> datetime | None:
    """Returns when the last of the web processes served this publication; None while one does not.

    A process that started later never served anything older; only if there was no other is its start the moment.
    """
    moments = [(process, process.served_since(publication)) for process in processes]
    if not moments or any(moment is None for _, moment in moments):
        return None
    known = [(process, moment) for process, moment in moments if moment is not None]
    before = [moment for process, moment in known if process.started_at <= published_at]
    return max(before) if before else min(moment for _, moment in known)


def settle(conn: Connection, now: datetime) -> int:
    """Records what has been served by now, and which changes wait for nothing more; returns their number."""
    running = web_processes.list_alive(conn, now)
    processes = [*running, *web_processes.list_silent(conn, now, running)]
    if running:
        _record_served(conn, processes)
    return _settle(conn, now)


def has_unsettled(conn: Connection) -> bool:
    """Returns whether any change waits for something; reads one row."""
    return conn.scalar(_UNSETTLED) is not None


_UNSETTLED = select(DeliveryRow.seq).where(DeliveryRow.settled_at.is_(None)).limit(1)


def _record_served(conn: Connection, processes: Sequence[WebProcess]) -> None:
    rows = DeliveryFeedRow
    unserved = (
        select(rows.publication, func.min(rows.published_at).label("at"))
        .where(rows.publication.is_not(None), rows.served_at.is_(None))
        .group_by(rows.publication)
        .order_by(rows.publication)
        .limit(AT_ONCE)
    )
    served = [
        {"number": row.publication, "moment": moment}
        for row in conn.execute(unserved)
        if (moment := served_by_all(processes, row.publication, row.at)) is not None
    ]
    if served:
        here = (rows.publication == bindparam("number")) & rows.served_at.is_(None)
        served_at = bindparam("moment", type_=rows.__table__.c.served_at.type)
        conn.execute(update(rows).where(here).values(served_at=served_at), served)


def _settle(conn: Connection, now: datetime) -> int:
    rows = DeliveryFeedRow
    unfinished = exists().where(
        rows.delivery == DeliveryRow.seq, or_(rows.served_at.is_(None), rows.purge == "waiting")
    )
    served = select(func.max(rows.served_at)).where(rows.delivery == DeliveryRow.seq).scalar_subquery()
    found = conn.execute(
        select(DeliveryRow.seq, DeliveryRow.written_at, served.label("served_at"))
        .where(DeliveryRow.settled_at.is_(None), ~unfinished)
        .order_by(DeliveryRow.seq)
        .limit(AT_ONCE)
    ).all()
    if found:
        values = [{"row": row.seq, "took": _milliseconds(row.written_at, row.served_at)} for row in found]
        settled = update(DeliveryRow).where(DeliveryRow.seq == bindparam("row"))
        conn.execute(settled.values(settled_at=now, served_ms=bindparam("took")), values)
    return len(found)


def _milliseconds(written_at: datetime, served_at: datetime | None) -> int | None:
    return None if served_at is None else max(0, (served_at - written_at) // MILLISECOND)
