"""What happened to an article: what was done with it, and what came of that in the feeds."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from syndication.store.access.audit_log import Recorded, read
from syndication.store.publishing.versions import Change
from syndication.store.tables.access import EditionChangeRow, EditionRow

ACTS = ("put", "patch", "webhook", "withdraw", "restore")
"""The acts whose target is an article: that of others may be a section or a token of the same name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """That an article came into a feed, changed there, or is gone and why: in which version, and when."""

    at: datetime
    section: str
    version: int
    change: Change
    reason: str | None


def happened(conn: Connection, article_id: str, limit: int, *, acts: bool) -> list[Passage | Recorded]:
    """The newest ``limit`` events first: what happened in the versions that are kept, and the ``acts`` if wanted.

    What came of an act stands above it, also where both are of one moment.
    """
    done: list[Passage | Recorded] = [*read(conn, limit, target=article_id, acts=ACTS)] if acts else []
    merged = heapq.merge(_passages(conn, article_id, limit), done, key=lambda event: event.at, reverse=True)
    return list(merged)[:limit]


def _passages(conn: Connection, article_id: str, limit: int) -> list[Passage]:
    of = and_(EditionRow.section == EditionChangeRow.section, EditionRow.version == EditionChangeRow.version)
    columns = (EditionChangeRow.section, EditionChangeRow.version, EditionChangeRow.change, EditionChangeRow.reason)
    rows = conn.execute(
        select(EditionRow.at, *columns)
        .join(EditionChangeRow, of)
        .where(EditionChangeRow.article_id == article_id)
        .order_by(EditionRow.at.desc(), EditionChangeRow.section, EditionChangeRow.version.desc())
        .limit(limit)
    )
    return [Passage(**row._mapping) for row in rows]
