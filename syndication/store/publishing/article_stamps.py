"""Which stored state of an article is meant, so that a worker need not read again what it has read before.

Gathering a change gives its article a new random stamp, in the same transaction. Whoever has read an article under its
stamp has what stands in the store, or what stood there until a change that is not gathered yet, and that change will
have the article's feeds regenerated. A stamp is random, so that an old one never comes back: not by a counter in a
restored backup either. Articles without a row have not changed since the tables were made.
"""

import secrets
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, exists

from syndication.store.db.upsert import for_each_dialect
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ArticleStampRow

EVERY = ""
"""The ID of the row that stands for all articles; no article has it."""


def renew(conn: Connection, article_ids: Collection[str]) -> None:
    """Gives these articles new stamps, in the transaction that gathers their changes."""
    stamps = [{"article_id": id, "stamp": secrets.randbits(63)} for id in sorted(set(article_ids))]
    if stamps:
        conn.execute(_RENEW[conn.dialect.name], stamps)


def renew_all(conn: Connection) -> None:
    """Has every article read again by every worker: any of them may have changed."""
    renew(conn, [EVERY])


def prune(conn: Connection) -> None:
    """Deletes the stamps of articles that are gone."""
    row = ArticleStampRow
    conn.execute(delete(row).where(row.article_id != EVERY, ~exists().where(ArticleRow.id == row.article_id)))


def _renew(insert: Any) -> Any:
    statement = insert(ArticleStampRow)
    return statement.on_conflict_do_update(index_elements=["article_id"], set_={"stamp": statement.excluded.stamp})


_RENEW = for_each_dialect(_renew)
