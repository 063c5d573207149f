"""The history of an article: the actions on it, and their effects in the feeds."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from syndication.store.access.audit_log import AuditEntry, list_entries
from syndication.store.publishing.versions import Change
from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow

ACTS = ("put", "patch", "webhook", "schedule", "revert", "withdraw", "restore")
"""The actions whose target is an article: other targets may be a section or a token of the same name."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An article was added to a feed, changed there, or removed: in which version, and when.

    ``reason`` is that of an ``EntryChange``.
    """

    at: datetime
    section: str
    version: int
    change: Change
    reason: str | None


def list_events(conn: Connection, article_id: str, limit: int, *, acts: bool) -> list[FeedEvent | AuditEntry]:
    """Returns the newest ``limit`` events first: those in kept versions of feeds, and the audit entries if ``acts``.

    An effect comes before its action, also when both have the same time.
    """
    done: list[FeedEvent | AuditEntry] = [*list_entries(conn, limit, target=article_id, acts=ACTS)] if acts else []
    merged = heapq.merge(_list_feed_events(conn, article_id, limit), done, key=lambda event: event.at, reverse=True)
    return list(merged)[:limit]


def _list_feed_events(conn: Connection, article_id: str, limit: int) -> list[FeedEvent]:
    of = and_(
        FeedVersionRow.section == FeedVersionChangeRow.section, FeedVersionRow.version == FeedVersionChangeRow.version
    )
    columns = (
        FeedVersionChangeRow.section,
        FeedVersionChangeRow.version,
        FeedVersionChangeRow.change,
        FeedVersionChangeRow.reason,
    )
    rows = conn.execute(
        select(FeedVersionRow.at, *columns)
        .join(FeedVersionChangeRow, of)
        .where(FeedVersionChangeRow.article_id == article_id)
        .order_by(FeedVersionRow.at.desc(), FeedVersionChangeRow.section, FeedVersionChangeRow.version.desc())
        .limit(limit)
    )
    return [FeedEvent(**row._mapping) for row in rows]
