"""What is forgotten, and after how long: no table grows for ever."""

from datetime import datetime, timedelta

from syndication.config import Settings
from syndication.store import (
    Connection,
    audit,
    editions,
    login_failures,
    logins,
    pending_logins,
    polls,
    previews,
    purges,
    regenerations,
    webhooks,
    webs,
    workers,
)

REQUESTS_KEPT = timedelta(days=30)
"""How long it can be asked what came of a regeneration."""


def forget(conn: Connection, settings: Settings, now: datetime) -> None:
    """Delete what is kept no longer, in the caller's transaction."""
    editions.forget_tombstones(conn, _days_before(now, settings.worker.tombstone_days))
    workers.forget(conn, now)
    webs.forget(conn, now)
    purges.forget(conn, now)
    previews.forget(conn, now)
    regenerations.forget(conn, now - REQUESTS_KEPT)
    webhooks.forget(conn, now)
    logins.forget(conn, now)
    pending_logins.prune(conn, now)
    login_failures.prune(conn, now)
    polls.forget(conn, now)
    audit.forget(conn, _days_before(now, settings.editors.audit_days))


def _days_before(now: datetime, days: int) -> datetime:
    """So long ago, but not before the calendar begins: who keeps things for ever writes a big number."""
    return now - timedelta(days=min(days, 36_525))
