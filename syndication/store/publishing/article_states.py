"""The states of articles that stood in feeds: recorded with the version that shows them, and pruned by number and age.

A state is named by the digest of its content (``shown_articles.content_digest``).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import Connection, delete, exists, func, or_, select, tuple_, update

from syndication.model.article_json import dump_article
from syndication.model.values import Article
from syndication.store.access.audit_log import stored_target
from syndication.store.db.batches import batched
from syndication.store.db.together import Together
from syndication.store.db.upsert import for_each_dialect
from syndication.store.tables.access import AuditLogRow
from syndication.store.tables.publishing import EntryRow, EntryStateRow, ShownArticleRow
from syndication.store.tables.revisions import ArticleRevisionRow

ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class ArticleState:
    """A state of an article to be recorded; ``packed`` is the article as JSON, compressed."""

    article_id: str
    digest: str
    title: str
    packed: bytes


def pack(article: Article, digest: str) -> ArticleState:
    """Returns an article as it is recorded, outside of any transaction."""
    text = json.dumps(dump_article(article), separators=(",", ":"))
    return ArticleState(
        article.id, digest, article.title, zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(text.encode())
    )


def unpack(packed: bytes) -> dict[str, Any]:
    """Returns a recorded article as JSON values."""
    found: dict[str, Any] = json.loads(zstandard.ZstdDecompressor().decompress(packed))
    return found


def record_states(writes: Together, states: Collection[ArticleState], now: datetime) -> None:
    """Records states that a feed shows from ``now`` on; one that was there before comes back.

    Always in the same order, so that two workers never deadlock.
    """
    writes.execute_in_order(
        _RECORDED[writes.dialect.name],
        [
            {
                "article_id": state.article_id,
                "digest": state.digest,
                "title": state.title,
                "state": state.packed,
                "first_shown_at": now,
                "shown_at": now,
            }
            for state in sorted(states, key=lambda one: (one.article_id, one.digest))
        ],
    )


def _recorded(insert: Any) -> Any:
    statement = insert(ArticleRevisionRow)
    return statement.on_conflict_do_update(
        index_elements=["article_id", "digest"], set_={"shown_at": statement.excluded.shown_at}
    )


_RECORDED = for_each_dialect(_recorded)


def load_states(conn: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Returns recorded articles as JSON values, by article ID and digest; those that are not kept are missing."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    row = ArticleRevisionRow
    for some in batched(sorted(wanted)):
        query = select(row.article_id, row.digest, row.state).where(tuple_(row.article_id, row.digest).in_(some))
        found.update(((one.article_id, one.digest), unpack(one.state)) for one in conn.execute(query))
    return found


def load_titles(conn: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Returns the titles of recorded articles, by article ID and digest."""
    found: dict[tuple[str, str], str] = {}
    row = ArticleRevisionRow
    for some in batched(sorted(wanted)):
        query = select(row.article_id, row.digest, row.title).where(tuple_(row.article_id, row.digest).in_(some))
        found.update(((one.article_id, one.digest), one.title) for one in conn.execute(query))
    return found


def writers(conn: Connection, article_id: str, digests: Collection[str]) -> Mapping[str, tuple[str, datetime]]:
    """Returns who wrote each of these states last, and when, as far as the audit log has it."""
    found: dict[str, tuple[str, datetime]] = {}
    for some in batched(sorted(digests)):
        query = select(AuditLogRow.state, AuditLogRow.actor, AuditLogRow.at).where(
            AuditLogRow.target == stored_target(article_id), AuditLogRow.state.in_(some)
        )
        found.update((row.state, (row.actor, row.at)) for row in conn.execute(query.order_by(AuditLogRow.seq)))
    return found


def keep_writers(conn: Connection, before: datetime) -> None:
    """Copies who wrote the recorded states from entries of the audit log that are older than ``before``."""
    row, entry = ArticleRevisionRow, AuditLogRow
    old = select(entry.target, entry.state, entry.actor, entry.at).where(entry.at < before, entry.state.is_not(None))
    for one in conn.execute(old.order_by(entry.seq)).all():
        conn.execute(
            update(row)
            .where(row.article_id == one.target, row.digest == one.state)
            .values(written_by=one.actor, written_at=one.at)
        )


def prune(conn: Connection, keep: int, before: datetime) -> None:
    """Deletes all but the newest ``keep`` states of each article, and those that left the feeds before ``before``.

    What stands in a feed stays: it is what the next change is compared with.
    """
    row = ArticleRevisionRow
    conn.execute(delete(row).where(row.shown_at < before, ~_stands()))
    crowded = select(row.article_id).group_by(row.article_id).having(func.count() > keep)
    for article_id in conn.scalars(crowded).all():
        newest = select(row.digest).where(row.article_id == article_id)
        old = conn.scalars(newest.order_by(row.shown_at.desc(), row.digest).offset(keep)).all()
        for some in batched(old):
            conn.execute(delete(row).where(row.article_id == article_id, row.digest.in_(some), ~_stands()))


def forget_states(conn: Connection, article_id: str) -> int:
    """Deletes all recorded states of an article for good; returns their number."""
    return conn.execute(delete(ArticleRevisionRow).where(ArticleRevisionRow.article_id == article_id)).rowcount


def _stands() -> Any:
    """A feed shows this state now."""
    row, entry = ArticleRevisionRow, EntryStateRow
    named = exists().where(entry.article_id == row.article_id, entry.state == row.digest, entry.last_version.is_(None))
    # A change that no feed shows, as of the slug, leaves the entry with the name of the state before.
    newest = exists().where(
        ShownArticleRow.article_id == row.article_id,
        ShownArticleRow.digest == row.digest,
        exists().where(EntryRow.article_id == row.article_id),
    )
    return or_(named, newest)
