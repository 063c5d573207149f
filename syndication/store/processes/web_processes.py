"""Which web processes are alive, and which versions each serves of the sections of which caches are to be told."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.processes.workers import ALIVE_WITHIN, KEPT, is_alive, keep_newest
from syndication.store.tables.publishing import WebProcessRow


@dataclass(frozen=True, slots=True)
class WebProcess:
    """A web process, when it last said that it is alive, and when it last loaded what is published.

    ``serves`` are its versions of the sections of which caches are to be told, and of no others.
    """

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    loaded_at: datetime | None
    serves: Mapping[str, int] = field(default_factory=dict)

    def is_loading(self, now: datetime) -> bool:
        """Whether it loads what is published, or has only just begun: nobody waits for one that hangs."""
        return (self.loaded_at or self.started_at) > now - ALIVE_WITHIN


def record_heartbeat(conn: Connection, web: WebProcess) -> None:
    """Record that one web process is alive."""
    serves = json.dumps(dict(web.serves), sort_keys=True)
    told = {"seen_at": web.seen_at, "loaded_at": web.loaded_at, "serves": serves}
    if conn.execute(update(WebProcessRow).where(WebProcessRow.id == web.id).values(told)).rowcount == 0:
        keep_newest(conn, WebProcessRow)
        conn.execute(insert(WebProcessRow).values(asdict(web) | told))


def remove(conn: Connection, id: str) -> None:
    """Record that a web process stopped in good order."""
    conn.execute(delete(WebProcessRow).where(WebProcessRow.id == id))


def list_alive(conn: Connection, now: datetime) -> list[WebProcess]:
    """The web processes that were seen within the last few seconds, the oldest first."""
    alive = is_alive(WebProcessRow, now)
    rows = conn.execute(select(WebProcessRow.__table__).where(alive).order_by(WebProcessRow.started_at))
    return [WebProcess(**{**row._mapping, "serves": json.loads(row.serves)}) for row in rows]


def prune(conn: Connection, now: datetime) -> None:
    """Delete the traces of web processes that died long ago."""
    conn.execute(delete(WebProcessRow).where(WebProcessRow.seen_at < now - KEPT))
