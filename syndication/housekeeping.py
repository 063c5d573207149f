"""What is forgotten, and after how long: no table grows for ever."""

from datetime import datetime, timedelta

from syndication.config import Settings
from syndication.store import (
    Connection,
    audit,
    deaths,
    editions,
    login_failures,
    logins,
    pending_logins,
    polls,
    previews,
    purges,
    regenerations,
    tokens,
    webhooks,
    webs,
    workers,
)

REQUESTS_KEPT = timedelta(days=30)
"""How long it can be asked what came of a regeneration."""

FATAL_KEPT = timedelta(days=30)
"""How long an article that killed workers is left out if nobody changes it; then it is tried again."""


def forget(conn: Connection, settings: Settings, now: datetime) -> None:
    """Delete what is kept no longer, in the caller's transaction."""
    editions.forget_tombstones(conn, _days_before(now, settings.worker.tombstone_days))
    workers.forget(conn, now)
    webs.forget(conn, now)
    purges.forget(conn, now)
    previews.forget(conn, now)
    regenerations.forget(conn, now - REQUESTS_KEPT)
    webhooks.forget(conn, now)
    tokens.prune(conn, now, _days_before(now, settings.editors.audit_days))
    deaths.prune(conn, now - FATAL_KEPT)
    logins.forget(conn, now)
    pending_logins.prune(conn, now)
    login_failures.prune(conn, now)
    polls.forget(conn, now)
    audit.forget(conn, _days_before(now, settings.editors.audit_days))


def _days_before(now: datetime, days: int) -> datetime:
    """So long ago, but not before the calendar begins: who keeps things for ever writes a big number."""
    return now - timedelta(days=min(days, 36_525))
