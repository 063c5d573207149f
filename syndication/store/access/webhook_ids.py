"""Which webhooks were received: each is taken once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.access import WebhookRow

KEPT = timedelta(minutes=15)
"""Longer than a signature is valid: ten minutes, from five before the time here to five after it."""

PRUNED_AT_ONCE = 1000
"""Old ids that one webhook deletes at most, which is far more than it adds."""


def record_if_new(conn: Connection, id: str, now: datetime) -> bool:
    """Remember ``id``; False if it was received before. Two at once cannot both be the first.

    It deletes old ones, so that the table holds those of some minutes also while no worker runs.
    """
    _prune(conn, now)
    statement = insert(conn, WebhookRow).values(id=id, received_at=now).on_conflict_do_nothing()
    return conn.execute(statement.returning(WebhookRow.id)).one_or_none() is not None


def _prune(conn: Connection, now: datetime) -> None:
    # Two webhooks at once never wait for each other's rows.
    old = select(WebhookRow.id).where(WebhookRow.received_at < now - KEPT).limit(PRUNED_AT_ONCE)
    if ids := list(conn.scalars(old.with_for_update(skip_locked=True))):
        conn.execute(delete(WebhookRow).where(WebhookRow.id.in_(ids)))


def prune(conn: Connection, now: datetime) -> None:
    """Delete those whose signatures have run out long since."""
    conn.execute(delete(WebhookRow).where(WebhookRow.received_at < now - KEPT))
