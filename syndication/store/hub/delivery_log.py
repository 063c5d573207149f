"""The log of deliveries: one row for each attempt to push a version to a subscription."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from syndication.store.hub import bulk
from syndication.store.tables.hub import HubDeliveryRow

MOST_ROWS = 500_000
"""The newest attempts that are kept, however recent the others are."""


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """An attempt; see ``HubDeliveryRow``."""

    subscription_id: int
    section: str
    format: str
    callback: str
    version: int
    attempted_at: datetime
    outcome: str
    status: int | None
    error: str | None
    took_ms: int
    lag_ms: int | None


_COLUMNS = {name: HubDeliveryRow.__table__.c[name].type for name in LoggedDelivery.__slots__}
_APPEND_ALL = insert(HubDeliveryRow).from_select(list(_COLUMNS), select(*bulk.given(_COLUMNS).c))


def append(conn: Connection, entries: Sequence[LoggedDelivery]) -> None:
    """Adds attempts to the log."""
    rows = [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries]
    bulk.execute(conn, _APPEND_ALL, insert(HubDeliveryRow), rows)


def prune(conn: Connection, before: datetime, most: int = MOST_ROWS) -> None:
    """Deletes attempts made before that time, and all but the newest ``most``."""
    conn.execute(delete(HubDeliveryRow).where(HubDeliveryRow.attempted_at < before))
    last = conn.scalar(select(func.max(HubDeliveryRow.id)))
    if last is not None:
        conn.execute(delete(HubDeliveryRow).where(HubDeliveryRow.id <= last - most))
