"""What other people's hubs were told of, what they answered, and whether they passed it on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from syndication.store.tables.hub import HubEchoRow, HubPingRow


@dataclass(frozen=True, slots=True)
class Ping:
    """A version of which a hub was told, or is to be; ``given_up_at``: nothing follows."""

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


@dataclass(frozen=True, slots=True)
class Echo:
    """Our own subscription at a hub, without token and secret. What was announced last has to come back."""

    hub: str
    section: str
    format: str
    requested_at: datetime | None
    verified_at: datetime | None
    expires_at: datetime | None
    denied: str | None
    pinged_version: int | None
    pinged_at: datetime | None
    returned_version: int | None
    returned_at: datetime | None
    error: str | None

    def is_missing(self, now: datetime, seconds: float) -> bool:
        """Returns whether an announcement did not come back within so many seconds."""
        if self.pinged_at is None or self.pinged_version is None:
            return False
        came_back = self.returned_version is not None and self.returned_version >= self.pinged_version
        return not came_back and (now - self.pinged_at).total_seconds() > seconds


_PING = tuple(HubPingRow.__table__.c[name] for name in Ping.__slots__)
_ECHO = tuple(HubEchoRow.__table__.c[name] for name in Echo.__slots__)


def list_pings(conn: Connection, limit: int) -> list[Ping]:
    """Returns the last pings, newest first."""
    return [Ping(**row._mapping) for row in conn.execute(select(*_PING).order_by(HubPingRow.id.desc()).limit(limit))]


def list_echoes(conn: Connection, hubs: Collection[str]) -> dict[str, Echo]:
    """Returns our subscriptions at these hubs, by hub."""
    if not hubs:
        return {}
    rows = conn.execute(select(*_ECHO).where(HubEchoRow.hub.in_(hubs)))
    return {row.hub: Echo(**row._mapping) for row in rows}
