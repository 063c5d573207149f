"""The waiting times of published versions: since the change, and since the request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from syndication.store.db.batches import batched
from syndication.store.db.pairs import MAX_PAIRS, is_one_of
from syndication.store.tables.access import FeedVersionRow, RegenerationRow, RegenerationSectionRow


def read_noticed(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """Returns when the oldest change in each of these versions was noticed; versions without a change are skipped."""
    found: list[datetime] = []
    for some in batched(sorted(versions.items()), MAX_PAIRS):
        here = is_one_of(FeedVersionRow.section, FeedVersionRow.version, some)
        found += conn.scalars(select(FeedVersionRow.noticed_at).where(here, FeedVersionRow.noticed_at.is_not(None)))
    return found


def read_requested(conn: Connection, versions: Mapping[str, int]) -> list[datetime]:
    """Returns when a regeneration that led to each of these versions was requested, once for each section."""
    rows, found = RegenerationSectionRow, list[datetime]()
    for some in batched(sorted(versions.items()), MAX_PAIRS):
        query = select(RegenerationRow.requested_at).join(rows, rows.regeneration_id == RegenerationRow.id)
        found += conn.scalars(query.where(is_one_of(rows.section, rows.version, some), rows.result == "published"))
    return found
