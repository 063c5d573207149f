"""What happened to an article: what was done with it, and what came of that in the feeds."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, exists, select

from syndication.feeds import Article
from syndication.store.articles import get_article
from syndication.store.audit import Recorded, read
from syndication.store.bookkeeping import EntryRow, TombstoneRow
from syndication.store.editorial import EditionChangeRow, EditionRow
from syndication.store.history import Change
from syndication.store.withdrawals import Withdrawal, get_withdrawal

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


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of an article: its row, its withdrawal, and whether it stands in a feed or once left one."""

    article: Article | None
    withdrawal: Withdrawal | None
    stands: bool
    departed: bool


def happened(conn: Connection, article_id: str, limit: int, *, acts: bool) -> list[Passage | Recorded]:
    """The newest ``limit`` events first: what happened in the versions that are kept, and the ``acts`` if wanted.

    What came of an act stands above it, also where both are of one moment.
    """
    done: list[Passage | Recorded] = [*read(conn, limit, target=article_id, acts=ACTS)] if acts else []
    merged = heapq.merge(_passages(conn, article_id, limit), done, key=lambda event: event.at, reverse=True)
    return list(merged)[:limit]


def remains(conn: Connection, article_id: str) -> Remains:
    """What there is of an article, in the store and in the feeds."""
    entry, tombstone = EntryRow.article_id == article_id, TombstoneRow.article_id == article_id
    return Remains(
        article=get_article(conn, article_id),
        withdrawal=get_withdrawal(conn, article_id),
        stands=bool(conn.scalar(select(exists().where(entry)))),
        departed=bool(conn.scalar(select(exists().where(tombstone)))),
    )


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
