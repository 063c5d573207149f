"""The waiting times of published versions: since the change, and since the request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from syndication.store.tables.access import FeedVersionRow, RegenerationRow, RegenerationSectionRow


def read_noticed(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """Returns when the oldest change in each of these versions was noticed; versions without a change are skipped."""
    here = tuple_(FeedVersionRow.section, FeedVersionRow.version).in_(versions.items())
    return list(conn.scalars(select(FeedVersionRow.noticed_at).where(here, FeedVersionRow.noticed_at.is_not(None))))


def read_requested(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """Returns when a regeneration that led to each of these versions was requested, once for each section."""
    rows = RegenerationSectionRow
    here = tuple_(rows.section, rows.version).in_(versions.items())
    return list(
        conn.scalars(
            select(RegenerationRow.requested_at)
            .join(rows, rows.regeneration_id == RegenerationRow.id)
            .where(here, rows.result == "published")
        )
    )
