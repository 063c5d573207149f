"""Ids of received webhooks, so that each is processed once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.access import WebhookRow

KEPT = timedelta(minutes=15)
"""Longer than the validity of a signature: ten minutes, from five before the current time to five after it."""

PRUNED_AT_ONCE = 1000
"""The most old ids that one webhook prunes: far more than it adds."""


def record_if_new(conn: Connection, id: str, now: datetime) -> bool:
    """Records ``id``; returns False if it was already received. Of concurrent duplicates, only one is the first.

    Prunes old ids, so that the table stays small even when no worker is running.
    """
    _prune(conn, now)
    statement = insert(conn, WebhookRow).values(id=id, received_at=now).on_conflict_do_nothing()
    return conn.execute(statement.returning(WebhookRow.id)).one_or_none() is not None


def _prune(conn: Connection, now: datetime) -> None:
    # Concurrent webhooks never wait for each other's rows.
    old = select(WebhookRow.id).where(WebhookRow.received_at < now - KEPT).limit(PRUNED_AT_ONCE)
    if ids := list(conn.scalars(old.with_for_update(skip_locked=True))):
        conn.execute(delete(WebhookRow).where(WebhookRow.id.in_(ids)))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes ids whose signatures have expired."""
    conn.execute(delete(WebhookRow).where(WebhookRow.received_at < now - KEPT))
