"""An editor lets the cache of a section be purged again, after the retries have stopped."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from syndication.store.access.audit_log import Act, Actor, record_repeated
from syndication.store.processes import purge_queue
from syndication.store.tables.publishing import SectionStateRow

PurgeRequest = Literal["requested", "not-published"]


def request_purge(conn: Connection, section: str, by: Actor, now: datetime) -> PurgeRequest:
    """Requests a purge of the section's published version, from the first attempt on; one that waits is not doubled."""
    version = conn.scalar(select(SectionStateRow.version).where(SectionStateRow.section == section)) or 0
    outcome: PurgeRequest = "requested" if version else "not-published"
    if version:
        purge_queue.ask_again(conn, section, version, now)
    record_repeated(conn, by, Act("purge", section, outcome), now)
    return outcome
