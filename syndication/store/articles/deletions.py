"""Articles whose row was deleted: a fact to report, which keeps nothing out. Written by triggers."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from syndication.store.db.batches import batched
from syndication.store.tables.articles import ArticleRow, DeletedArticleRow

_HAS_ROW = exists().where(ArticleRow.id == DeletedArticleRow.article_id)


def deletions(conn: Connection, article_ids: Collection[str]) -> dict[str, datetime]:
    """Returns those of ``article_ids`` that were deleted and have no row now, each with the time."""
    found: dict[str, datetime] = {}
    for some in batched(sorted(article_ids)):
        query = select(DeletedArticleRow.__table__).where(DeletedArticleRow.article_id.in_(some), ~_HAS_ROW)
        found.update((row.article_id, row.at) for row in conn.execute(query))
    return found


def get_deletion(conn: Connection, article_id: str) -> datetime | None:
    """Returns when an article was deleted; None if it has a row or never had one."""
    return deletions(conn, [article_id]).get(article_id)


def prune(conn: Connection) -> None:
    """Deletes what is recorded of articles that have a row again."""
    conn.execute(delete(DeletedArticleRow).where(_HAS_ROW))
