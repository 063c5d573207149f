"""What is forgotten, and after how long: no table grows for ever."""

from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.store import Connection
from syndication.store.access import audit_log, login_failures, pending_logins, sessions, tokens, webhook_ids
from syndication.store.articles import render_deaths
from syndication.store.processes import poll_counts, purge_queue, web_processes, workers
from syndication.store.publishing import previews, published, regenerations

REQUESTS_KEPT = timedelta(days=30)
"""How long it can be asked what came of a regeneration."""

FATAL_KEPT = timedelta(days=30)
"""How long an article that killed workers is left out if nobody changes it; then it is tried again."""


def prune(conn: Connection, settings: Settings, now: datetime) -> None:
    """Delete what is kept no longer, in the caller's transaction."""
    published.prune_tombstones(conn, _days_before(now, settings.worker.tombstone_days))
    workers.prune(conn, now)
    web_processes.prune(conn, now)
    purge_queue.prune(conn, now)
    previews.prune(conn, now)
    regenerations.prune(conn, now - REQUESTS_KEPT)
    webhook_ids.prune(conn, now)
    tokens.prune(conn, now, _days_before(now, settings.editors.audit_days))
    render_deaths.prune(conn, now - FATAL_KEPT)
    sessions.delete_expired(conn, now)
    pending_logins.prune(conn, now)
    login_failures.prune(conn, now)
    poll_counts.prune(conn, now)
    audit_log.prune(conn, _days_before(now, settings.editors.audit_days))


def _days_before(now: datetime, days: int) -> datetime:
    """So long ago, but not before the calendar begins: who keeps things for ever writes a big number."""
    return now - timedelta(days=min(days, 36_525))
