"""Fills a database with articles and published feeds, as a worker leaves it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, text

from benchmarks import newsroom
from syndication.model.values import Article, Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import RegenerationPolicy, Regenerator
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, Base
from syndication.store.triggers import create_triggers, drop_triggers

COLUMNS = tuple(column.name for column in ArticleRow.__table__.c)
PACE = RegenerationPolicy(
    lease=timedelta(seconds=30), retry_first=timedelta(seconds=2), retry_max=timedelta(seconds=60), keep_versions=100
)


def put(database: Database, found: Iterable[Article]) -> int:
    """Writes articles as the import does, and returns their number."""
    return sum(1 for _ in articles.put_articles(database, found))


def regenerator(database: Database, sections: Mapping[str, Section]) -> Regenerator:
    """Returns a regenerator without a worker process; every section is pending."""
    worker = Regenerator(database, Newsroom(newsroom.SITE, sections), PACE, "benchmark")
    worker.register()
    return worker


def publish(worker: Regenerator) -> int:
    """Regenerates all pending sections, and returns the number of published versions."""
    worker.process_changes()
    outcomes = list(worker.regenerate_pending())
    failed = [outcome for outcome in outcomes if outcome.result == "failed"]
    if failed:
        raise RuntimeError(f"{failed[0].section} failed: {failed[0].error}")
    return sum(outcome.result == "published" for outcome in outcomes)


def fill_fast(database: Database, found: Iterable[Article], *, batch: int = 1_000) -> None:
    """Writes many articles into an empty database, without its triggers.

    The values that triggers would write are included: a link holds its article's time and status. The queue of changes
    stays empty, as a worker would leave it.
    """
    waiting = iter(found)
    with database.write() as conn:
        drop_triggers(conn)
        while some := list(islice(waiting, batch)):
            put_rows(conn, ArticleRow, [{name: getattr(article, name) for name in COLUMNS} for article in some])
            put_rows(conn, ArticleSectionRow, [_link(article) for article in some])
        create_triggers(conn)
    if database.dialect == "postgresql":
        with database.write() as conn:
            conn.execute(text("ANALYZE"))  # As autovacuum does when a table has grown.


def put_rows(conn: Connection, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, all with the same columns, in the database's fastest way."""
    if conn.dialect.name == "sqlite":
        conn.execute(insert(row_class), rows)
        return
    names = list(rows[0])
    driver: Any = conn.connection.dbapi_connection
    with driver.cursor().copy(f"COPY {row_class.__tablename__} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _link(article: Article) -> dict[str, Any]:
    (slug,) = article.sections
    values = {"published_at": article.published_at, "status": article.status}
    return {"article_id": article.id, "section": slug, "position": 0, **values}
