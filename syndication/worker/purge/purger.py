"""The worker's thread that purges published versions from caches; any number of workers share one queue.

The queue is the table ``purge``, so it survives every process. A version is sent once each running web process serves
it: a cache that fetched the feed sooner would keep the previous version until it expires.
"""

import threading
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from syndication.config.schema import PurgeSettings
from syndication.logs import get_logger
from syndication.metrics.worker import PURGES
from syndication.model.old_feeds import NO_OLD_FEEDS, OldFeeds
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.processes import purge_queue, web_processes
from syndication.store.processes.purge_queue import Key, Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.worker.purge.http import send
from syndication.worker.purge.requests import requests

log = get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often the queue is checked for requests of other workers and for retries."""

EAGER_SECONDS = 0.1
"""The same while web processes are loading the version."""

AT_ONCE = 4
"""Sections purged at the same time, so that a cache that hangs holds up few others."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)
"""The pause before a failed request is sent again; each pause is twice the one before."""

MARGIN = timedelta(seconds=10)
"""How much longer a lease is than the longest total time of its requests: to connect, and to record the result."""


class Purger:
    """Sends due purge requests. All its state is in the database."""

    def __init__(self, database: Database, settings: PurgeSettings, old_feeds: OldFeeds = NO_OLD_FEEDS) -> None:
        self.database = database
        self.settings = settings
        self.old_feeds = old_feeds
        self.retry_for = timedelta(seconds=settings.retry_seconds)
        sections = {"any", *(old.section for old in old_feeds.feeds.values())}
        most = max(len(requests(settings, section, old_feeds)) for section in sections)
        self.lease = timedelta(seconds=2 * settings.timeout * most) + MARGIN
        self._longest = max(self.lease, LONGEST_PAUSE)
        self._failing = False
        self._stopped = threading.Event()
        self._poked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="purger", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def notify(self) -> None:
        """Makes the thread check the queue now, because a version was published."""
        self._poked.set()

    def stop(self) -> None:
        """Stops the thread; another worker repeats unfinished requests, which does no harm."""
        self._stopped.set()
        self._poked.set()
        self._thread.join(timeout=1)

    def step(self) -> float:
        """Sends the requests that can be sent now; returns the seconds until the next check."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            due = purge_queue.list_due(conn, now, self._longest)
            serving = web_processes.list_alive(conn, now) if due else []
        ready = _newest([purge for purge in due if _is_served(purge, serving, now)])[:AT_ONCE]
        if ready:
            self._send(ready)
            return 0.0
        return EAGER_SECONDS if due and serving else LOOK_SECONDS

    def _run(self) -> None:
        while not self._stopped.is_set():
            pause = LOOK_SECONDS
            try:
                pause = self.step()
                self._failing = False
            except DatabaseDown as error:  # Without the driver's message, which may quote a row.
                if not self._failing:
                    log.warning("purges_not_sent", error=type(error).__name__)
                self._failing = True
            except Exception:  # If the thread ended silently, caches would keep withdrawn stories.
                log.exception("purger_failed")
            self._poked.wait(pause)
            self._poked.clear()

    def _send(self, ready: Sequence[Purge]) -> None:
        with self.database.write() as conn:
            keys, now = [purge.key for purge in ready], self.database.now(conn)
            taken = purge_queue.claim(conn, keys, now, self.lease, self._longest)
        mine = [purge for purge in ready if purge.key in taken]
        errors: dict[Key, str | None] = {}

        def deliver(purge: Purge) -> None:
            wanted = requests(self.settings, purge.section, self.old_feeds)
            asked = [send(request, self.settings.timeout) for request in wanted]
            errors[purge.key] = next((error for error in asked if error), None)

        # Daemon threads: stopping a worker does not wait for caches.
        threads = [threading.Thread(target=deliver, args=(purge,), name="purge", daemon=True) for purge in mine]
        for thread in threads:
            thread.start()
        for thread, purge in zip(threads, mine, strict=True):
            thread.join()
            self._record(purge, errors.get(purge.key, "the request failed; see the log for the reason"))

    def _record(self, purge: Purge, error: str | None) -> None:
        with self.database.write() as conn:
            now = self.database.now(conn)
            if error is None:
                outcome = "sent"
                purge_queue.record_success(conn, purge.key, now)
            elif now - purge.created_at >= self.retry_for:
                outcome = "given-up"
                purge_queue.record_given_up(conn, purge.key, error, now)
            else:
                outcome = "failed"
                purge_queue.record_failure(conn, purge.key, error, now + _pause(purge.attempts))
        PURGES.labels(outcome).inc()
        _log_purge(purge, outcome, error, now)


def _is_served(purge: Purge, serving: Collection[WebProcess], now: datetime) -> bool:
    """Returns whether every web process that keeps up serves this version or a later one.

    Without any web process, caches keep their copies: readers have nothing else.
    """
    current = [web for web in serving if web.is_loading(now)]
    return bool(current) and all(web.serves.get(purge.section, 0) >= purge.version for web in current)


def _newest(ready: Sequence[Purge]) -> list[Purge]:
    """Returns the newest version of each section, those that have waited longest first.

    An even newer version may not be served yet: if one always comes, caches must not wait for the last.
    """
    by_section = {purge.section: purge for purge in sorted(ready, key=lambda purge: purge.version)}
    return sorted(by_section.values(), key=lambda purge: purge.since)


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(attempts, 10)), LONGEST_PAUSE)


def _log_purge(purge: Purge, outcome: str, error: str | None, now: datetime) -> None:
    values = {
        "section": purge.section,
        "version": purge.version,
        "outcome": outcome,
        "attempt": purge.attempts + 1,
        "waited_ms": round((now - purge.since).total_seconds() * 1000, 1),
    }
    if error is None:
        log.info("purged", **values)
    else:
        (log.error if outcome == "given-up" else log.warning)("purged", error=error, **values)
