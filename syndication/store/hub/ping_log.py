"""What outside hubs were told of, and what they answered, for people who look."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from syndication.store.tables.hub import HubPingRow


@dataclass(frozen=True, slots=True)
class LoggedPing:
    """A version of which a hub was told, or is to be; ``given_up_at``: it will not be."""

    id: int
    hub: str
    section: str
    version: int
    created_at: datetime
    answered_at: datetime | None
    status: int | None
    attempts: int
    retry_at: datetime | None
    error: str | None
    given_up_at: datetime | None


_COLUMNS = tuple(HubPingRow.__table__.c[name] for name in LoggedPing.__slots__)


def list_pings(conn: Connection, hubs: Collection[str], limit: int) -> list[LoggedPing]:
    """Returns the last pings of these hubs, newest first; asks nothing for none."""
    if not hubs:
        return []
    query = select(*_COLUMNS).where(HubPingRow.hub.in_(hubs)).order_by(HubPingRow.id.desc()).limit(limit)
    return [LoggedPing(**row._mapping) for row in conn.execute(query)]
