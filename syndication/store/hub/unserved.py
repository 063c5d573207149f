"""The sections of which caches or hubs are told once every web process serves their version."""

from sqlalchemy import Connection, select

from syndication.store.tables.hub import HubPingRow
from syndication.store.tables.publishing import PurgeRow

_SECTIONS = (
    select(PurgeRow.section)
    .where(PurgeRow.given_up_at.is_(None))
    .union(
        select(HubPingRow.section).where(
            HubPingRow.answered_at.is_(None), HubPingRow.given_up_at.is_(None), HubPingRow.attempts == 0
        )
    )
)


def unserved_sections(conn: Connection) -> set[str]:
    """Returns the sections with a purge that is not sent, or a ping that was never tried."""
    return set(conn.scalars(_SECTIONS))
