"""Since when what stands in a version was waited for: by a change, and by whoever asked for it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from syndication.store.tables.access import FeedVersionRow, RegenerationRow, RegenerationSectionRow


def read_noticed(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """When the oldest change was noticed that led to each of these versions; one that no change led to has none."""
    here = tuple_(FeedVersionRow.section, FeedVersionRow.version).in_(versions.items())
    return list(conn.scalars(select(FeedVersionRow.noticed_at).where(here, FeedVersionRow.noticed_at.is_not(None))))


def read_requested(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """When somebody asked for a regeneration from which one of these versions came, once for each section."""
    rows = RegenerationSectionRow
    here = tuple_(rows.section, rows.version).in_(versions.items())
    return list(
        conn.scalars(
            select(RegenerationRow.requested_at)
            .join(rows, rows.regeneration_id == RegenerationRow.id)
            .where(here, rows.result == "published")
        )
    )
