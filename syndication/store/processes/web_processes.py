"""The heartbeats of web processes, and the versions that each serves of sections with a pending purge or ping."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from syndication.model.formats import rfc3339
from syndication.store.processes.workers import (
    ALIVE_WITHIN,
    KEPT,
    is_alive,
    keep_newest,
    was_alive,
    without_replaced,
)
from syndication.store.tables.publishing import WebProcessRow

Load = tuple[int, datetime]
"""The number of a publication, and when a process began to serve it."""


@dataclass(frozen=True, slots=True)
class WebProcess:
    """A web process, its last heartbeat, and when it last loaded the published versions.

    ``serves`` has its versions of the sections with a pending purge or ping, and of no others. ``publication`` is the
    number of the last publication that it serves, of any section. ``loads`` are the last that it loaded, each with its
    moment.
    """

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    loaded_at: datetime | None
    serves: Mapping[str, int] = field(default_factory=dict)
    publication: int = 0
    loads: Sequence[Load] = ()

    def served_since(self, publication: int) -> datetime | None:
        """Returns when it began to serve this publication or a later one; None if it does not yet.

        Of one that is older than all that is remembered, the first moment that is.
        """
        if self.publication < publication:
            return None
        return next((at for number, at in self.loads if number >= publication), self.loaded_at or self.started_at)

    def is_loading(self, now: datetime) -> bool:
        """Returns whether it keeps loading versions or has just started: purges do not wait for one that hangs."""
        return (self.loaded_at or self.started_at) > now - ALIVE_WITHIN


def all_serve(running: Collection[WebProcess], section: str, version: int, now: datetime) -> bool:
    """Returns whether every web process that keeps up serves this version of a section or a later one.

    Without any web process nobody does: caches and hubs would fetch what there was before, or nothing.
    """
    current = [web for web in running if web.is_loading(now)]
    return bool(current) and all(web.serves.get(section, 0) >= version for web in current)


def record_heartbeat(conn: Connection, web: WebProcess) -> None:
    """Records the heartbeat of one web process."""
    serves = json.dumps(dict(web.serves), sort_keys=True)
    values = {
        "seen_at": web.seen_at,
        "loaded_at": web.loaded_at,
        "serves": serves,
        "publication": web.publication,
        "loads": json.dumps([[number, rfc3339(at)] for number, at in web.loads]),
    }
    if conn.execute(update(WebProcessRow).where(WebProcessRow.id == web.id).values(values)).rowcount == 0:
        keep_newest(conn, WebProcessRow)
        conn.execute(insert(WebProcessRow).values(asdict(web) | values))


def remove(conn: Connection, id: str) -> None:
    """Removes a web process that stopped normally."""
    conn.execute(delete(WebProcessRow).where(WebProcessRow.id == id))


def list_alive(conn: Connection, now: datetime) -> list[WebProcess]:
    """Returns the web processes with a heartbeat within the last few seconds, the oldest process first."""
    return _read(conn, is_alive(WebProcessRow, now))


def list_silent(conn: Connection, now: datetime, alive: Sequence[WebProcess]) -> list[WebProcess]:
    """Returns the web processes that hang or were killed in the last minutes, see ``workers.list_silent``."""
    return without_replaced(_read(conn, was_alive(WebProcessRow, now)), alive)


def _read(conn: Connection, which: ColumnElement[bool]) -> list[WebProcess]:
    rows = conn.execute(select(WebProcessRow.__table__).where(which).order_by(WebProcessRow.started_at))
    return [
        WebProcess(**{**row._mapping, "serves": json.loads(row.serves), "loads": _loads(row.loads)}) for row in rows
    ]


def _loads(text: str) -> tuple[Load, ...]:
    return tuple((number, datetime.fromisoformat(at)) for number, at in json.loads(text))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes the rows of web processes that died long ago."""
    conn.execute(delete(WebProcessRow).where(WebProcessRow.seen_at < now - KEPT))
