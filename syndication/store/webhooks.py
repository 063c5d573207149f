"""Which webhooks were received: each is taken once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from syndication.store.editorial import WebhookRow

REMEMBERED = timedelta(hours=1)
"""Far longer than a signature is valid."""


def first_time(conn: Connection, id: str, now: datetime) -> bool:
    """Remember ``id``; False if it was received before. Two at once cannot both be the first."""
    insert = sqlite_insert if conn.dialect.name == "sqlite" else postgresql_insert
    statement = insert(WebhookRow).values(id=id, received_at=now).on_conflict_do_nothing()
    return conn.execute(statement.returning(WebhookRow.id)).one_or_none() is not None


def forget(conn: Connection, now: datetime) -> None:
    """Delete those whose signatures have run out long since."""
    conn.execute(delete(WebhookRow).where(WebhookRow.received_at < now - REMEMBERED))
