"""Retention: which rows are deleted, and after how long, so that no table grows without limit."""

from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.store import Connection
from syndication.store.access import (
    audit_log,
    login_failures,
    password_links,
    pending_logins,
    sessions,
    tokens,
    webhook_ids,
)
from syndication.store.articles import deletions, render_deaths, withdrawal_batches
from syndication.store.hub import delivery_log, echoes, intents, pings, subscriptions
from syndication.store.notifications import incidents
from syndication.store.processes import poll_counts, purge_queue, web_processes, workers
from syndication.store.publishing import (
    article_stamps,
    article_states,
    deliveries,
    previews,
    published,
    regenerations,
    section_state,
)

REQUESTS_KEPT = timedelta(days=30)
"""How long the result of a regeneration is kept."""

FATAL_KEPT = timedelta(days=30)
"""How long an article that killed workers is left out if it is not changed; after that it is tried again."""


def prune(conn: Connection, settings: Settings, now: datetime) -> None:
    """Deletes expired rows, in the caller's transaction."""
    told = published.prune_tombstones(conn, _days_before(now, settings.worker.tombstone_days))
    # Their documents say no longer what was deleted then, and the next reconciliation must not find that.
    section_state.request(conn, told, now)
    workers.prune(conn, now)
    web_processes.prune(conn, now)
    purge_queue.prune(conn, now)
    pings.prune(conn, _days_before(now, settings.hub.log_days), settings.hub.outside, now)
    echoes.prune(conn, settings.hub.outside, now)
    deliveries.prune(conn, _days_before(now, settings.worker.delivery_days), settings.sections)
    previews.prune(conn, now)
    regenerations.prune(conn, now - REQUESTS_KEPT)
    webhook_ids.prune(conn, now)
    tokens.prune(conn, now, _days_before(now, settings.editors.audit_days))
    render_deaths.prune(conn, now - FATAL_KEPT)
    deletions.prune(conn)
    article_stamps.prune(conn)
    withdrawal_batches.prune(conn, now - withdrawal_batches.KEPT)
    sessions.delete_expired(conn, now)
    pending_logins.prune(conn, now)
    password_links.prune(conn, now)
    login_failures.prune(conn, now)
    poll_counts.prune(conn, now)
    incidents.prune(conn, now)
    intents.prune(conn, now)
    subscriptions.prune(conn, now)
    delivery_log.prune(conn, _days_before(now, settings.hub.log_days))
    worker = settings.worker
    article_states.prune(conn, worker.keep_revisions, _days_before(now, worker.revision_days))
    article_states.keep_writers(conn, _days_before(now, settings.editors.audit_days))
    audit_log.prune(conn, _days_before(now, settings.editors.audit_days))


def _days_before(now: datetime, days: int) -> datetime:
    """Returns the time that many days ago, at most a century: a very large setting must not leave the calendar."""
    return now - timedelta(days=min(days, 36_525))
