"""Keeps a snapshot whole while a newsroom's program empties and reloads a table."""

from sqlalchemy import Connection, text

from syndication.store.tables.articles import ARTICLE_ROWS

_TABLES = ", ".join(row.__tablename__ for row in ARTICLE_ROWS)


def wait_for_truncation(conn: Connection) -> None:
    """Waits for a TRUNCATE of the articles' tables, and holds off the next one until the transaction ends.

    Call it before the transaction reads anything. To an older snapshot, a truncated table is empty, whatever was loaded
    since (PostgreSQL's documentation, section 13.6): a feed would lose every entry for a moment.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"LOCK TABLE {_TABLES} IN ACCESS SHARE MODE"))
