"""Releases: an editor ends a section's hold."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, update

from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.publishing import section_state
from syndication.store.publishing.holds import VANISHED
from syndication.store.tables.publishing import HoldRow, SectionStateRow

Release = Literal["released", "not-held"]


def release(conn: Connection, section: str, by: Actor, now: datetime) -> Release:
    """Ends the hold of a section: requests the regeneration that publishes it without the vanished entries."""
    # The section first and then its hold, as regenerations lock them.
    conn.execute(select(SectionStateRow.section).where(SectionStateRow.section == section).with_for_update())
    done = conn.execute(
        update(HoldRow).where(HoldRow.section == section, HoldRow.cause == VANISHED).values(released_at=now)
    )
    outcome: Release = "released" if done.rowcount else "not-held"
    if done.rowcount:
        section_state.request(conn, [section], now)
    record(conn, by, [Act("release", section, outcome)], now)
    return outcome
